"""What can be counted of the site, for the program that watches over it."""

from __future__ import annotations

import hmac
import ipaddress

from flask import Blueprint, Response, current_app, request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.exceptions import NotFound

from webapp import metrics
from webapp.access import operators
from webapp.errors import UnauthorizedError
from webapp.site import current_site

blueprint = Blueprint("metrics", __name__)

# A proxy on this machine passes on what strangers ask for, and says so with one of these.
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@blueprint.get("/metrics")
@operators
def show() -> Response:
    """Give all metrics to whoever may read them."""
    _check(current_site().services.config.metrics_token)
    # What a proxy kept would tell of another moment.
    return Response(
        metrics.text(current_app),
        content_type=CONTENT_TYPE_PLAIN_0_0_4,
        headers={"Cache-Control": "no-store"},
    )


def _check(token: str) -> None:
    """Raise UnauthorizedError for a wrong token; without one, NotFound for other machines."""
    if token:
        shown = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(shown, f"Bearer {token}".encode()):
            raise UnauthorizedError(
                "Expected METRICS_TOKEN in the header `Authorization: Bearer TOKEN`; "
                "the site's operator has it."
            )
    elif not _from_here() or any(name in request.headers for name in _PASSED_ON):
        raise NotFound


def _from_here() -> bool:
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)

"""Who somebody is here: opening their gallery on another device, and being forgotten."""

from __future__ import annotations

import time

import segno
from flask import Blueprint, Response, flash, make_response, redirect, request, url_for
from flask import render_template as render
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from webapp.access import held, own
from webapp.rates import RECOVERIES, limited
from webapp.recoveries import Offer
from webapp.site import become, current_site, visitor_id

blueprint = Blueprint("you", __name__, url_prefix="/you")

_BRING, _LEAVE = "bring", "leave"

# In the modules that a code is made of; a camera needs some room around it.
_QUIET_ZONE = 3


@blueprint.get("")
@own
def show() -> Response:
    """Show what is kept of the visitor, and what can be done about it."""
    return _page("you.html", offer=None)


@blueprint.post("/link")
@own
@limited(RECOVERIES)
def link() -> Response:
    """Make a link, and show it this once: only its hash is kept."""
    return _page("you.html", offer=current_site().recoveries.offer(visitor_id()))


@blueprint.post("/revoke")
@own
def revoke() -> AnyResponse:
    """Make the link useless that was made before."""
    current_site().recoveries.revoke(visitor_id())
    flash("The link leads nowhere now.", "info")
    return redirect(url_for(".show"), 303)


@blueprint.get("/forget")
@own
def ask() -> Response:
    """Ask whether everything is to be deleted."""
    return _page("forget.html")


@blueprint.post("/forget")
@own
def forget() -> AnyResponse:
    """Delete everything of the visitor."""
    current_site().visitors.forget(visitor_id())
    become(None)
    flash("Everything of yours has been deleted.", "info")
    response = redirect(url_for("create.form"), 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@blueprint.get("/open/<secret>")
@held
@limited(RECOVERIES)
def look(secret: str) -> Response:
    """Show what a link will do. It changes nothing: programs look at links that people send."""
    return _look(secret)


@blueprint.post("/open/<secret>")
@held
@limited(RECOVERIES)
def take(secret: str) -> AnyResponse:
    """Open the gallery of a link in this browser."""
    site, visitor = current_site(), visitor_id()
    choice = request.form.get("before")
    if choice not in (_BRING, _LEAVE) and site.visitors.holdings(visitor):
        # Looked at first: a link that leads nowhere is to say so.
        return _look(secret, "Choose what happens to what this browser has.", 422)
    owner, left = site.recoveries.take(secret, visitor, bring=choice == _BRING)
    become(owner)
    if left is not None:
        return _page("opened.html", offer=left)
    flash("This browser shows the same gallery as the other one now.", "info")
    return redirect(url_for("gallery.index"), 303)


def _look(secret: str, error: str = "", status: int = 200) -> Response:
    site, visitor = current_site(), visitor_id()
    owner, there = site.recoveries.look(secret)
    page = _page("open.html", there=there, same=owner == visitor, secret=secret, error=error)
    page.status_code = status
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    return page


def _page(template: str, **values: object) -> Response:
    site, visitor = current_site(), visitor_id()
    pending = site.recoveries.pending(visitor)
    offer = values.get("offer")
    shown = {} if not isinstance(offer, Offer) else _shown(offer)
    config = site.services.config
    page = render(
        template,
        here=site.visitors.holdings(visitor),
        pending=pending and pending - time.time(),
        cookie_days=config.cookie_days,
        hours=config.recovery_hours,
        **{**values, **shown},
    )
    response = make_response(page)
    # What is secret on such a page is not for a browser to keep.
    response.headers["Cache-Control"] = "no-store"
    return response


def _shown(offer: Offer) -> dict[str, object]:
    address = url_for("you.look", secret=offer.secret, _external=True)
    code = segno.make(address, error="m", micro=False)
    drawn = code.svg_inline(scale=1, border=_QUIET_ZONE, omitsize=True, svgclass=None)
    return {"address": address, "code": Markup(drawn)}

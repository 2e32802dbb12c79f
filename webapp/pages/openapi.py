"""What the JSON API takes and answers, for programs that read descriptions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from webapp.access import public
from webapp.openapi.document import PREFIX
from webapp.openapi.document import document as described
from webapp.samples import ROLES
from webapp.site import current_site

blueprint = Blueprint("openapi", __name__, url_prefix=PREFIX)


@blueprint.get("/openapi.json")
@public
def document() -> dict[str, Any]:
    """Describe every request that the API takes, in OpenAPI 3.1."""
    site = current_site()
    samples = {role: [sample.name for sample in site.samples.all(role)[:1]] for role in ROLES}
    return described(current_app, site.services.config, samples)

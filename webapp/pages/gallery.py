"""The gallery: what is being painted on top, what is finished below."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from webapp.site import current_site, visitor_id
from webapp.views import RunView

blueprint = Blueprint("gallery", __name__)


@blueprint.get("/gallery")
def index() -> str:
    """Show the visitor's own runs."""
    site, visitor = current_site(), visitor_id()
    page = request.args.get("page", default=1, type=int)
    history, pages = site.runs.history(visitor, page, site.services.config.page_size)
    return render_template(
        "gallery.html",
        live=[RunView(run) for run in site.runs.live(visitor)],
        history=[RunView(run) for run in history],
        page=page,
        pages=pages,
        retention_days=site.services.config.retention_days,
    )

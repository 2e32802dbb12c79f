"""One result, shown to whoever has its link: the picture, its title, its settings, nothing else."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, url_for

from webapp import answers
from webapp.access import held
from webapp.site import current_site
from webapp.views import RunView

blueprint = Blueprint("shared", __name__, url_prefix="/shared/<share>")

# In px. A larger result is shown by its live picture, and a link to the whole of it.
_LARGEST_SHOWN = 1600


@blueprint.get("")
@held
def show(share: str) -> Response:
    """Show what is shared."""
    run = current_site().collection.shared(share)
    whole = url_for(".picture", share=share)
    large = max(run.width, run.height) > _LARGEST_SHOWN and run.frame is not None
    shown = url_for(".preview", share=share) if large else whole
    page = render_template("shared.html", run=RunView(run), whole_url=whole, shown_url=shown)
    return _unlisted(make_response(page))


@blueprint.get("/picture.png")
@held
def picture(share: str) -> Response:
    """Give the result."""
    site = current_site()
    run = site.collection.shared(share)
    return _unlisted(answers.picture(site.collection.result(run), "picture.png", run.title))


@blueprint.get("/preview.jpg")
@held
def preview(share: str) -> Response:
    """Give the result, small."""
    site = current_site()
    run = site.collection.shared(share)
    frame = str(run.frame)
    return _unlisted(answers.picture(site.services.media.read(frame), frame, run.title))


def _unlisted(response: Response) -> Response:
    """Keep what one person shares with another out of what search engines show to all."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response

"""One result, shown to whoever has its link: the picture, its title, its settings, nothing else."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for

from webapp import renditions
from webapp.filenames import stem
from webapp.site import current_site
from webapp.views import RunView

blueprint = Blueprint("shared", __name__, url_prefix="/shared/<share>")


@blueprint.get("")
def show(share: str) -> Response:
    """Show what is shared."""
    run = current_site().collection.shared(share)

    def address(side: int) -> str:
        return url_for(".rendition", share=share, side=side)

    page = render_template(
        "shared.html",
        run=RunView(run),
        whole_url=url_for(".picture", share=share),
        shown_url=address(renditions.SIDES[-1]),
        srcset=renditions.srcset(run.width, run.height, address),
    )
    return _unlisted(make_response(page))


@blueprint.get("/picture.png")
def picture(share: str) -> Response:
    """Give the result."""
    site = current_site()
    run = site.collection.shared(share)
    response = Response(site.collection.result(run), mimetype="image/png")
    response.headers["Content-Disposition"] = f'inline; filename="{stem(run.title)}.png"'
    return _unlisted(response)


@blueprint.get("/picture-<int:side>.webp")
def rendition(share: str, side: int) -> Response:
    """Give the result, at most so large."""
    site = current_site()
    run = site.collection.shared(share)
    response = Response(site.renditions.of(str(run.result), side), mimetype="image/webp")
    # It is asked for each time, since it may be revoked, but not sent each time.
    response.add_etag()
    response.make_conditional(request)
    return _unlisted(response)


def _unlisted(response: Response) -> Response:
    """Keep what one person shares with another out of what search engines show to all."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response

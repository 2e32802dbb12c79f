"""One result, shown to whoever has its link: the picture, its title, its settings, nothing else."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for

from webapp import answers, renditions
from webapp.access import held
from webapp.site import current_site
from webapp.views import RunView

blueprint = Blueprint("shared", __name__, url_prefix="/shared/<share>")


@blueprint.get("")
@held
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
@held
def picture(share: str) -> Response:
    """Give the result."""
    site = current_site()
    run = site.collection.shared(share)
    return _unlisted(answers.picture(site.collection.result(run), "picture.png", run.title))


@blueprint.get("/picture-<int:side>.webp")
@held
def rendition(share: str, side: int) -> Response:
    """Give the result, at most so large."""
    site = current_site()
    run = site.collection.shared(share)
    content = site.renditions.of(str(run.result), side)
    response = answers.picture(content, "picture.webp", run.title)
    # It is asked for each time, since it may be revoked, but not sent each time.
    response.add_etag()
    response.make_conditional(request)
    return _unlisted(response)


def _unlisted(response: Response) -> Response:
    """Keep what one person shares with another out of what search engines show to all."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response

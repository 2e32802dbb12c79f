"""The gallery: what is being painted on top, what is finished below, and what to do with it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import answers, archives
from webapp.access import RUN, own, owned
from webapp.errors import NotFoundError, TooLargeError
from webapp.site import current_site, visitor_id
from webapp.views import RunView

blueprint = Blueprint("gallery", __name__)

# One file of more pictures than this takes a browser hours, and cannot be gone on with.
MOST_IN_ZIP = 500

_NONE_CHOSEN = "Choose paintings first: tick the boxes at their corners."


@blueprint.get("/gallery")
@own
def index() -> str:
    """Show the visitor's own runs, or with `?favourites=1` those they love most."""
    site, visitor = current_site(), visitor_id()
    page = request.args.get("page", default=1, type=int)
    favourites = _only_favourites()
    size = site.services.config.page_size
    history, pages = site.runs.history(visitor, page, size, favourites)
    return render_template(
        "gallery.html",
        live=[] if favourites else [RunView(run) for run in site.runs.live(visitor)],
        history=[RunView(run) for run in history],
        favourites=favourites,
        page=page,
        pages=pages,
        retention_days=site.services.config.retention_days,
    )


@blueprint.post("/gallery/chosen")
@owned(run=RUN, favourite=RUN, unfavourite=RUN)
def act() -> AnyResponse:
    """Do with the paintings that were chosen what the button says."""
    if one := request.form.get("favourite"):
        current_site().collection.cherish(visitor_id(), [one])
        return _back(one)
    if one := request.form.get("unfavourite"):
        current_site().collection.cherish(visitor_id(), [one], favourite=False)
        return _back(one)
    chosen = list(dict.fromkeys(request.form.getlist("run")))
    if not chosen:
        flash(_NONE_CHOSEN, "error")
        return _back()
    return _act(request.form.get("do", ""), chosen)


@blueprint.get("/gallery.zip")
@owned(run=RUN)
def download() -> Response:
    """Give the finished results among those named by `?run=`, or all, as one file."""
    site = current_site()
    named = request.args.getlist("run") or None
    runs = site.collection.finished(visitor_id(), MOST_IN_ZIP + 1, named, _only_favourites())
    if not runs:
        raise NotFoundError("There is no finished painting to download; paint one first.")
    if len(runs) > MOST_IN_ZIP:
        raise TooLargeError(
            f"One file holds {MOST_IN_ZIP} paintings, and these are more; choose some of them in "
            "the gallery and download those."
        )
    return answers.archive(archives.stream(runs, site.services.media), "stransfer-gallery")


def _act(deed: str, chosen: list[str]) -> AnyResponse:
    collection, visitor = current_site().collection, visitor_id()
    if deed == "delete":
        flash(f"Deleted {_paintings(collection.delete(visitor, chosen))}.", "info")
    elif deed == "favourite":
        count = collection.cherish(visitor, chosen)
        flash(f"{_paintings(count).capitalize()} added to your favourites.", "info")
    elif deed == "compare":
        if len(chosen) == 2:
            left, right = chosen
            return redirect(url_for("compare.show", left=left, right=right), 303)
        flash(f"Two paintings can be compared, and {len(chosen)} are chosen.", "error")
    elif deed == "download":
        finished = collection.finished(visitor, len(chosen), chosen)
        if finished:
            return redirect(url_for(".download", run=[run.id for run in finished]), 303)
        flash("None of these is finished, so there is nothing to download.", "error")
    return _back()


def _back(run_id: str | None = None) -> AnyResponse:
    """Return to the same page of the gallery, or to the one before where that one is no more."""
    page, favourites = request.args.get("page", default=1, type=int), _only_favourites()
    if page > 1 and not _exists(page, favourites):
        page = page - 1 if _exists(page - 1, favourites) else 1
    address = url_for(
        ".index",
        page=page if page > 1 else None,
        favourites=1 if favourites else None,
        _anchor=f"run-{run_id}" if run_id else None,
    )
    return redirect(address, 303)


def _exists(page: int, favourites: bool) -> bool:
    site = current_site()
    try:
        site.runs.history(visitor_id(), page, site.services.config.page_size, favourites)
    except NotFoundError:
        return False
    return True


def _only_favourites() -> bool:
    return request.args.get("favourites") == "1"


def _paintings(count: int) -> str:
    return "one painting" if count == 1 else f"{count} paintings"

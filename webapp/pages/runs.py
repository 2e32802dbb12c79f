"""One run: its page, its pictures, and what can be done with it."""

from __future__ import annotations

import secrets
from typing import Literal

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from stransfer.errors import SettingsError
from stransfer.settings import BY_NAME
from webapp.access import RUN, owned
from webapp.answers import picture
from webapp.caching import lasting
from webapp.errors import NotFoundError, TooManyError, UnavailableError, WrongStateError
from webapp.rates import RUNS, limited
from webapp.records import LONGEST_TITLE
from webapp.runs.orders import continued
from webapp.site import current_site, visitor_id
from webapp.views import RunView, frame_version

blueprint = Blueprint("runs", __name__, url_prefix="/runs/<id>")

_INGREDIENT = "<any(content, style, content_mask, style_mask, init_image):role>/<int:index>"


@blueprint.get("")
@owned(id=RUN)
def show(id: str) -> str:
    """Show a run of the visitor."""
    return _page(RunView(*current_site().runs.look(visitor_id(), id)))


@blueprint.post("/cancel")
@owned(id=RUN)
def cancel(id: str) -> AnyResponse:
    """End a run without a result."""
    return _change("cancel", id, "Cancelled. The last picture is kept here.")


@blueprint.post("/finish")
@owned(id=RUN)
def finish(id: str) -> AnyResponse:
    """End a run early and keep its picture as the result."""
    return _change(
        "finish",
        id,
        "You stopped it. The picture is kept as it is after the step that was being painted.",
    )


@blueprint.post("/continue")
@owned(id=RUN)
@limited(RUNS)
def go_on(id: str) -> AnyResponse | tuple[str, int, dict[str, str]]:
    """Start a run that goes on from the result of this one, for so many steps."""
    runs, visitor = current_site().runs, visitor_id()
    run = runs.find(visitor, id)
    steps, submission = request.form.get("steps"), request.form.get("submission", "")[:64]
    try:
        started = runs.submit(visitor, continued(run, steps), submission or None)
    except (TooManyError, UnavailableError) as error:
        flash(str(error), "error")
        later = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        return _page(RunView(run), steps, submission), error.status, later
    except WrongStateError as error:
        flash(str(error), "error")
    except SettingsError as error:
        flash(" ".join(error.fields.values()), "error")
    else:
        return redirect(url_for("runs.show", id=started), 303)
    return redirect(url_for("runs.show", id=id), 303)


@blueprint.post("/delete")
@owned(id=RUN)
def delete(id: str) -> AnyResponse:
    """Remove a run and everything it made."""
    current_site().runs.delete(visitor_id(), id)
    flash("Deleted.", "info")
    return redirect(url_for("gallery.index"), 303)


@blueprint.post("/favourite")
@owned(id=RUN)
def favourite(id: str) -> AnyResponse:
    """Make a run a favourite, or with `wanted=0` none any more."""
    current_site().runs.find(visitor_id(), id)
    current_site().collection.cherish(visitor_id(), [id], request.form.get("wanted") != "0")
    return redirect(url_for("runs.show", id=id), 303)


@blueprint.post("/rename")
@owned(id=RUN)
def rename(id: str) -> AnyResponse:
    """Give a run another title."""
    try:
        current_site().collection.rename(visitor_id(), id, request.form.get("title", ""))
    except SettingsError as error:
        flash(" ".join(error.fields.values()), "error")
    return redirect(url_for("runs.show", id=id), 303)


@blueprint.post("/share")
@owned(id=RUN)
def share(id: str) -> AnyResponse:
    """Make a link with which everybody can see the result."""
    try:
        current_site().collection.share(visitor_id(), id)
    except WrongStateError as error:
        flash(str(error), "error")
    return redirect(url_for("runs.show", id=id, _anchor="share"), 303)


@blueprint.post("/revoke")
@owned(id=RUN)
def revoke(id: str) -> AnyResponse:
    """Make the link useless that was made for a run."""
    current_site().collection.revoke(visitor_id(), id)
    flash("Not shared any more: the link leads nowhere now.", "info")
    return redirect(url_for("runs.show", id=id), 303)


@blueprint.get("/result.png")
@owned(id=RUN)
def result(id: str) -> Response:
    """Give the finished picture."""
    site = current_site()
    run = site.runs.find(visitor_id(), id)
    return picture(site.runs.result(visitor_id(), id), "result.png", run.title, download=True)


@blueprint.get("/timelapse.webp")
@owned(id=RUN)
def timelapse(id: str) -> Response:
    """Give the animation of how the picture came about."""
    site = current_site()
    run = site.runs.find(visitor_id(), id)
    return picture(site.timelapses.of(run), "timelapse.webp", run.title)


@blueprint.get("/result-<int:side>.webp")
@owned(id=RUN)
def result_rendition(id: str, side: int) -> Response:
    """Give the finished picture, at most so large."""
    site = current_site()
    run = site.runs.find(visitor_id(), id)
    if run.result is None:
        raise NotFoundError("This run has no result yet; wait until it is done.")
    return lasting(picture(site.renditions.of(run.result, side), "result.webp", run.title))


@blueprint.get(f"/{_INGREDIENT}")
@owned(id=RUN)
def ingredient(id: str, role: str, index: int) -> Response:
    """Give a picture that went into the run."""
    key, title = _ingredient(id, role, index)
    return lasting(picture(current_site().services.media.read(key), key, title))


@blueprint.get(f"/{_INGREDIENT}/<int:side>.webp")
@owned(id=RUN)
def ingredient_rendition(id: str, role: str, index: int, side: int) -> Response:
    """Give a picture that went into the run, at most so large."""
    key, title = _ingredient(id, role, index)
    return lasting(picture(current_site().renditions.of(key, side), f"{role}.webp", title))


@blueprint.get("/frame.jpg")
@owned(id=RUN)
def frame(id: str) -> Response:
    """Give the newest picture, also of a draft."""
    site = current_site()
    run = site.runs.find(visitor_id(), id, drafts=True)
    if run.frame is None:
        raise NotFoundError("This run has no picture yet; wait for its first step.")
    response = picture(site.services.media.read(run.frame), run.frame, run.title)
    # Who asks for an earlier one gets this one, too, and must not take it for that.
    return lasting(response) if request.args.get("v") == frame_version(run) else response


def _page(run: RunView, steps: str | None = None, submission: str = "") -> str:
    """Return the page of a run, with what was typed to go on with it, if anything was."""
    return render_template(
        "run.html",
        run=run,
        steps=BY_NAME["steps"],
        wanted_steps=steps or BY_NAME["steps"].default,
        submission=submission or secrets.token_urlsafe(16),
        longest_title=LONGEST_TITLE,
    )


def _ingredient(id: str, role: str, index: int) -> tuple[str, str]:
    """Return where a picture that went into the run is kept, and its title."""
    run = current_site().runs.find(visitor_id(), id)
    used = run.styles if role == "style" else [one for one in [getattr(run, role)] if one]
    if index >= len(used):
        raise NotFoundError("The run was made with fewer pictures; go back to its page.")
    return str(used[index]["key"]), str(used[index]["title"])


def _change(verb: Literal["cancel", "finish"], id: str, sentence: str) -> AnyResponse:
    runs = current_site().runs
    try:
        (runs.cancel if verb == "cancel" else runs.finish)(visitor_id(), id)
        flash(sentence, "info")
    except WrongStateError as error:
        # The page the visitor pressed on was out of date; the run's page shows what is true.
        flash(str(error), "error")
    return redirect(url_for("runs.show", id=id), 303)

"""One run: its page, its pictures, and what can be done with it."""

from __future__ import annotations

import mimetypes
import secrets
from typing import Literal

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from stransfer.errors import SettingsError
from stransfer.settings import BY_NAME
from webapp.caching import lasting
from webapp.errors import NotFoundError, TooManyError, UnavailableError, WrongStateError
from webapp.filenames import stem
from webapp.records import LONGEST_TITLE
from webapp.runs.orders import continued
from webapp.site import current_site, visitor_id
from webapp.views import RunView, frame_version

blueprint = Blueprint("runs", __name__, url_prefix="/runs/<id>")

_INGREDIENT = "<any(content, style, content_mask, style_mask, init_image):role>/<int:index>"


@blueprint.get("")
def show(id: str) -> str:
    """Show a run of the visitor."""
    return _page(RunView(*current_site().runs.look(visitor_id(), id)))


@blueprint.post("/cancel")
def cancel(id: str) -> AnyResponse:
    """End a run without a result."""
    return _change("cancel", id, "Cancelled. The last picture is kept here.")


@blueprint.post("/finish")
def finish(id: str) -> AnyResponse:
    """End a run early and keep its picture as the result."""
    return _change("finish", id, "Finishing: the picture is kept as it is after this step.")


@blueprint.post("/continue")
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
def delete(id: str) -> AnyResponse:
    """Remove a run and everything it made."""
    current_site().runs.delete(visitor_id(), id)
    flash("Deleted.", "info")
    return redirect(url_for("gallery.index"), 303)


@blueprint.post("/favourite")
def favourite(id: str) -> AnyResponse:
    """Make a run a favourite, or with `wanted=0` none any more."""
    current_site().runs.find(visitor_id(), id)
    current_site().collection.cherish(visitor_id(), [id], request.form.get("wanted") != "0")
    return redirect(url_for("runs.show", id=id), 303)


@blueprint.post("/rename")
def rename(id: str) -> AnyResponse:
    """Give a run another title."""
    try:
        current_site().collection.rename(visitor_id(), id, request.form.get("title", ""))
    except SettingsError as error:
        flash(" ".join(error.fields.values()), "error")
    return redirect(url_for("runs.show", id=id), 303)


@blueprint.post("/share")
def share(id: str) -> AnyResponse:
    """Make a link with which everybody can see the result."""
    try:
        current_site().collection.share(visitor_id(), id)
    except WrongStateError as error:
        flash(str(error), "error")
    return redirect(url_for("runs.show", id=id, _anchor="share"), 303)


@blueprint.post("/revoke")
def revoke(id: str) -> AnyResponse:
    """Make the link useless that was made for a run."""
    current_site().collection.revoke(visitor_id(), id)
    flash("Not shared any more: the link leads nowhere now.", "info")
    return redirect(url_for("runs.show", id=id), 303)


@blueprint.get("/result.png")
def result(id: str) -> Response:
    """Give the finished picture."""
    site = current_site()
    run = site.runs.find(visitor_id(), id)
    response = Response(site.runs.result(visitor_id(), id), mimetype="image/png")
    response.headers["Content-Disposition"] = f'attachment; filename="{stem(run.title)}.png"'
    return response


@blueprint.get("/timelapse.webp")
def timelapse(id: str) -> Response:
    """Give the animation of how the picture came about."""
    site = current_site()
    run = site.runs.find(visitor_id(), id)
    response = Response(site.timelapses.of(run), mimetype="image/webp")
    response.headers["Content-Disposition"] = f'inline; filename="{stem(run.title)}.webp"'
    return response


@blueprint.get("/result-<int:side>.webp")
def result_rendition(id: str, side: int) -> Response:
    """Give the finished picture, at most so large."""
    site = current_site()
    run = site.runs.find(visitor_id(), id)
    if run.result is None:
        raise NotFoundError("This run has no result yet; wait until it is done.")
    return lasting(Response(site.renditions.of(run.result, side), mimetype="image/webp"))


@blueprint.get(f"/{_INGREDIENT}")
def ingredient(id: str, role: str, index: int) -> Response:
    """Give a picture that went into the run."""
    key = _ingredient_key(id, role, index)
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    return lasting(Response(current_site().services.media.read(key), mimetype=kind))


@blueprint.get(f"/{_INGREDIENT}/<int:side>.webp")
def ingredient_rendition(id: str, role: str, index: int, side: int) -> Response:
    """Give a picture that went into the run, at most so large."""
    content = current_site().renditions.of(_ingredient_key(id, role, index), side)
    return lasting(Response(content, mimetype="image/webp"))


@blueprint.get("/frame.jpg")
def frame(id: str) -> Response:
    """Give the newest picture."""
    site = current_site()
    run = site.runs.find(visitor_id(), id)
    if run.frame is None:
        raise NotFoundError("This run has no picture yet; wait for its first step.")
    response = Response(site.services.media.read(run.frame), mimetype="image/jpeg")
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


def _ingredient_key(id: str, role: str, index: int) -> str:
    run = current_site().runs.find(visitor_id(), id)
    used = run.styles if role == "style" else [one for one in [getattr(run, role)] if one]
    if index >= len(used):
        raise NotFoundError("The run was made with fewer pictures; go back to its page.")
    return str(used[index]["key"])


def _change(verb: Literal["cancel", "finish"], id: str, sentence: str) -> AnyResponse:
    runs = current_site().runs
    try:
        (runs.cancel if verb == "cancel" else runs.finish)(visitor_id(), id)
        flash(sentence, "info")
    except WrongStateError as error:
        # The page the visitor pressed on was out of date; the run's page shows what is true.
        flash(str(error), "error")
    return redirect(url_for("runs.show", id=id), 303)

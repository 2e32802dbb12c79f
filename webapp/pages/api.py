"""The JSON API. Programs show a bearer token; pages may read with the visitor's cookie."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from stransfer.catalogue import model_values
from stransfer.errors import SettingsError
from stransfer.settings import SETTINGS, Settings
from webapp.errors import UnauthorizedError, UnusableError
from webapp.pictures import ingredient
from webapp.runs.snapshot import run_values
from webapp.samples import ROLES, Role
from webapp.site import current_site, known_visitor_id
from webapp.views import snapshot

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

_BEARER = "Bearer "
_NEEDED = (
    "Expected a token in the header `Authorization: Bearer TOKEN`; "
    "get one with POST /api/v1/sessions."
)


@blueprint.post("/sessions")
def start_session() -> tuple[dict[str, str], int]:
    """Give a token, which stands for a new visitor."""
    return {"token": current_site().tokens.issue()}, 201


@blueprint.get("/models")
def models() -> list[dict[str, Any]]:
    """List the networks and the state of their weights."""
    return model_values()


@blueprint.get("/settings")
def settings() -> list[dict[str, Any]]:
    """List the settings with defaults, bounds and help."""
    return [vars(setting) for setting in SETTINGS]


@blueprint.get("/samples")
def samples() -> dict[str, list[dict[str, Any]]]:
    """List the sample pictures by role."""
    return {
        role: [
            {
                "name": sample.name,
                "title": sample.title,
                "width": sample.width,
                "height": sample.height,
                "thumbnail_url": url_for("pictures.sample_thumbnail", role=role, name=sample.name),
            }
            for sample in current_site().samples.all(role)
        ]
        for role in ROLES
    }


@blueprint.post("/images")
def add_image() -> tuple[dict[str, Any], int]:
    """Take a picture, as the file of a multipart form."""
    visitor = _token_visitor()
    file = request.files.get("file")
    if file is None:
        raise UnusableError("Expected a picture in the form field `file`; send one there.")
    image = current_site().uploads.add(visitor, "content", file.filename or "", file.stream)
    return {"id": image.id, "width": image.width, "height": image.height}, 201


@blueprint.post("/runs")
def start_run() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Accept a run of `{content, style: [...], settings: {...}}`."""
    visitor = _token_visitor()
    body = request.get_json()
    if not isinstance(body, dict):
        raise SettingsError({"body": "Expected a JSON object with content, style and settings."})
    site = current_site()
    content = ingredient(site, visitor, "content", _reference("content", body.get("content")))
    style = body.get("style")
    references = style if isinstance(style, list) else [style]
    styles = [ingredient(site, visitor, "style", _reference("style", one)) for one in references]
    if not styles:
        raise SettingsError({"style": "Name at least one style picture."})
    wanted = body.get("settings") or {}
    if not isinstance(wanted, dict):
        raise SettingsError({"settings": "Expected an object with a value for each setting."})
    run_id = site.runs.submit(visitor, content, styles, Settings.parse(wanted))
    return snapshot(visitor, run_id), 201, {"Location": url_for("api.run", id=run_id)}


@blueprint.get("/runs")
def runs() -> dict[str, Any]:
    """List the visitor's runs: those that go on first, then the ended ones, newest first."""
    visitor = _visitor()
    site = current_site()
    page = max(1, request.args.get("page", default=1, type=int))
    history, pages = site.runs.history(visitor, page, site.services.config.page_size)
    shown = (site.runs.live(visitor) if page == 1 else []) + history
    listed = [
        run_values(run, [], site.runs.last_loss(run.id), site.runs.queue_position(run))
        for run in shown
    ]
    return {"runs": listed, "pages": pages}


@blueprint.get("/runs/<id>")
def run(id: str) -> dict[str, Any]:
    """Give a run of the visitor, with the losses recorded after `?since=SEQ`."""
    return snapshot(_visitor(), id, request.args.get("since", default=0, type=int))


@blueprint.post("/runs/<id>/cancel")
def cancel(id: str) -> dict[str, Any]:
    """End a run without a result."""
    visitor = _token_visitor()
    current_site().runs.cancel(visitor, id)
    return snapshot(visitor, id)


@blueprint.post("/runs/<id>/finish")
def finish(id: str) -> dict[str, Any]:
    """End a run early and keep its picture as the result."""
    visitor = _token_visitor()
    current_site().runs.finish(visitor, id)
    return snapshot(visitor, id)


@blueprint.delete("/runs/<id>")
def delete(id: str) -> tuple[str, int]:
    """Remove a run and everything it made."""
    current_site().runs.delete(_token_visitor(), id)
    return "", 204


@blueprint.get("/runs/<id>/result")
def result(id: str) -> Response:
    """Give the finished picture, as PNG."""
    return Response(current_site().runs.result(_visitor(), id), mimetype="image/png")


def _visitor() -> str:
    """Return who is asking, by token or by cookie; for reading only."""
    visitor = None if _token() else known_visitor_id()
    return visitor or _token_visitor()


def _token_visitor() -> str:
    """Return whose token is shown. A cookie is not enough to change anything here.

    A browser adds cookies to requests that other sites make; a token it does not.
    """
    visitor = current_site().tokens.visitor(_token())
    if visitor is None:
        raise UnauthorizedError(_NEEDED)
    return visitor


def _token() -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix(_BEARER) if header.startswith(_BEARER) else ""


def _reference(role: Role, given: object) -> str:
    """Return a reference for what a program names: an image's id, or a sample's file name."""
    if not isinstance(given, str) or not given:
        raise SettingsError({role: f"Name a {role} picture: the id of an image, or a sample."})
    if given.startswith(("sample:", "image:")):
        return given
    return f"sample:{given}" if "." in given else f"image:{given}"

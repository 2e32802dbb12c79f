"""The JSON API. Programs show a bearer token; pages may read with the visitor's cookie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from stransfer import presets
from stransfer.catalogue import model_values
from stransfer.errors import SettingsError
from stransfer.settings import SETTINGS, Settings
from webapp import access
from webapp.access import own, owned, public
from webapp.answers import picture
from webapp.errors import NotFoundError, UnauthorizedError, UnusableError, WrongStateError
from webapp.openapi.schemas import CONTINUATION_FIELDS, ORDER_FIELDS
from webapp.parameters import IMAGE_PAGE, PAGE, SINCE
from webapp.pictures import (
    IMAGE,
    MASK_FIELDS,
    NAMED,
    RUN,
    SAMPLE,
    image_values,
    ingredient,
    init_ingredient,
    mask_ingredient,
)
from webapp.rates import RUNS, SESSIONS, UPLOADS, limited
from webapp.runs.orders import Ingredient, Order, check_count, continued
from webapp.runs.snapshot import run_values
from webapp.samples import ROLES
from webapp.site import Site, current_site, known_visitor_id
from webapp.uploads import ROLES_OF_UPLOADS, UploadRole
from webapp.views import addressed, snapshot

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

_KINDS = tuple(f"{kind}:" for kind in (SAMPLE, IMAGE, RUN))

_BEARER = "Bearer "
_NEEDED = (
    "Expected a token in the header `Authorization: Bearer TOKEN`; "
    "get one with POST /api/v1/sessions."
)


@blueprint.post("/sessions")
@public
@limited(SESSIONS)
def start_session() -> tuple[dict[str, str], int]:
    """Give a token, which stands for a new visitor."""
    return {"token": current_site().tokens.issue()}, 201


@blueprint.get("/models")
@public
def models() -> list[dict[str, Any]]:
    """List the networks and the state of their weights."""
    return model_values()


@blueprint.get("/settings")
@public
def settings() -> list[dict[str, Any]]:
    """List the settings with defaults, bounds and help."""
    return [vars(setting) for setting in SETTINGS]


@blueprint.get("/samples")
@public
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
@own
@limited(UPLOADS)
def add_image() -> tuple[dict[str, Any], int]:
    """Take a picture, as the file of a multipart form."""
    visitor = _token_visitor()
    file = request.files.get("file")
    if file is None:
        raise UnusableError("Expected a picture in the form field `file`; send one there.", "file")
    role = _upload_role(request.form.get("role"))
    image = current_site().uploads.add(visitor, role, file.filename or "", file.stream)
    return image_values(image), 201


@blueprint.get("/images")
@own
def images() -> dict[str, Any]:
    """List the pictures that the visitor brought, newest first."""
    site, page = current_site(), IMAGE_PAGE.read(request.args) or 1
    found, pages = site.uploads.page(_visitor(), page, site.services.config.page_size)
    return {"images": [image_values(image) for image in found], "pages": pages}


@blueprint.delete("/images/<id>")
@owned(id=access.IMAGE)
def delete_image(id: str) -> tuple[str, int]:
    """Remove a picture; runs that were made from it keep it."""
    current_site().uploads.delete(_token_visitor(), id)
    return "", 204


@blueprint.post("/runs")
@owned(**NAMED)
@limited(RUNS)
def start_run() -> tuple[dict[str, Any], int, dict[str, str]]:
    """Accept a run of `{content, style: [...], preset, settings: {...}}`, masks, init_image."""
    visitor = _token_visitor()
    return _started(visitor, _order(visitor, request.get_json()))


@blueprint.get("/runs")
@own
def runs() -> dict[str, Any]:
    """List the visitor's runs: those that go on first, then the ended ones, newest first."""
    visitor = _visitor()
    site = current_site()
    page = PAGE.read(request.args) or 1
    history, pages = site.runs.history(visitor, page, site.services.config.page_size)
    shown = (site.runs.live(visitor) if page == 1 else []) + history
    listed = [
        addressed(run, run_values(run, [], site.runs.last_loss(run.id), site.runs.place(run)))
        for run in shown
    ]
    return {"runs": listed, "pages": pages}


@blueprint.get("/runs/<id>")
@owned(id=access.RUN)
def run(id: str) -> dict[str, Any]:
    """Give a run of the visitor, with the losses recorded after `?since=SEQ`."""
    return snapshot(_visitor(), id, SINCE.read(request.args) or 0)


@blueprint.post("/runs/<id>/cancel")
@owned(id=access.RUN)
def cancel(id: str) -> dict[str, Any]:
    """End a run without a result."""
    visitor = _token_visitor()
    current_site().runs.cancel(visitor, id)
    return snapshot(visitor, id)


@blueprint.post("/runs/<id>/finish")
@owned(id=access.RUN)
def finish(id: str) -> dict[str, Any]:
    """End a run early and keep its picture as the result."""
    visitor = _token_visitor()
    current_site().runs.finish(visitor, id)
    return snapshot(visitor, id)


@blueprint.post("/runs/<id>/continue")
@owned(id=access.RUN)
@limited(RUNS)
def go_on(id: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Accept a run that goes on from the result of a finished one, for `{steps}`."""
    visitor = _token_visitor()
    body = _checked(request.get_json() if request.data else {}, CONTINUATION_FIELDS)
    run = current_site().runs.find(visitor, id)
    return _started(visitor, continued(run, body.get("steps")))


@blueprint.delete("/runs/<id>")
@owned(id=access.RUN)
def delete(id: str) -> tuple[str, int]:
    """Remove a run and everything it made."""
    current_site().runs.delete(_token_visitor(), id)
    return "", 204


@blueprint.get("/runs/<id>/result")
@owned(id=access.RUN)
def result(id: str) -> Response:
    """Give the finished picture, as PNG."""
    runs, visitor = current_site().runs, _visitor()
    return picture(runs.result(visitor, id), "result.png", runs.find(visitor, id).title)


def _started(visitor: str, order: Order) -> tuple[dict[str, Any], int, dict[str, str]]:
    run_id = current_site().runs.submit(visitor, order)
    return snapshot(visitor, run_id), 201, {"Location": url_for("api.run", id=run_id)}


def _upload_role(text: str | None) -> UploadRole:
    for role in ROLES_OF_UPLOADS:
        if text in (role, None):
            return role
    raise UnusableError(
        f"A picture is for one of {', '.join(ROLES_OF_UPLOADS)}, not {text!r}.", "role"
    )


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


def _checked(body: object, fields: Sequence[str]) -> dict[str, Any]:
    """Return a body that is an object without other fields than these."""
    if not isinstance(body, dict):
        raise SettingsError({"body": f"Expected a JSON object with {', '.join(fields)}."})
    if unknown := [str(name) for name in body if name not in fields]:
        raise SettingsError(
            dict.fromkeys(unknown, f"There is no such field; the fields are {', '.join(fields)}.")
        )
    return body


def _order(visitor: str, body: object) -> Order:
    """Return the order for the body of a request, whose pictures are ids or sample names."""
    body = _checked(body, ORDER_FIELDS)
    site = current_site()
    style = body.get("style")
    styles = style if isinstance(style, list) else [style]
    # Before so many are looked up as a request can hold.
    check_count(len(styles), site.services.config.max_styles)
    masks: dict[str, Ingredient | None] = {
        name: _found(name, body[name], mask_ingredient, site, visitor, name)
        for name in MASK_FIELDS
        if body.get(name) is not None
    }
    init = body.get("init_image")
    return Order(
        content=_found("content", body.get("content"), ingredient, site, visitor, "content"),
        styles=[_found("style", one, ingredient, site, visitor, "style") for one in styles],
        settings=_settings(body.get("preset"), body.get("settings"), with_init=init is not None),
        init_image=None if init is None else _found("init_image", init, _beginning, site, visitor),
        **masks,
    )


def _settings(preset: object, given: object, with_init: bool) -> Settings:
    wanted = {} if given is None else given
    if not isinstance(wanted, dict):
        raise SettingsError({"settings": "Expected an object with a value for each setting."})
    # Who brings a picture to begin with need not say so again.
    chosen = {"init": "result", **wanted} if with_init else wanted
    return Settings.parse(presets.applied(preset, chosen))


def _found(
    field: str, given: object, find: Callable[..., Ingredient], *wanted: object
) -> Ingredient:
    """Return the picture that a program names; whatever is wrong with it is said of the field."""
    if not isinstance(given, str) or not given:
        raise SettingsError({field: "Name a picture: the id of an image, or a sample."})
    if not given.startswith(_KINDS):
        given = f"{SAMPLE if '.' in given else IMAGE}:{given}"
    try:
        return find(*wanted, given)
    except (NotFoundError, WrongStateError) as error:
        raise type(error)(str(error), field) from error


def _beginning(site: Site, visitor: str, reference: str) -> Ingredient:
    """Return the picture to begin with; a bare id may be that of an image or of a run."""
    try:
        return init_ingredient(site, visitor, reference)
    except NotFoundError:
        kind, _, name = reference.partition(":")
        if kind != IMAGE:
            raise
    return init_ingredient(site, visitor, f"{RUN}:{name}")

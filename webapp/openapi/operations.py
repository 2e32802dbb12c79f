"""What each address of the API takes and answers, by the name of its endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from webapp.parameters import HEIGHT, IMAGE_PAGE, PAGE, SINCE, WIDTH, Parameter

JSON = "application/json"
FORM = "multipart/form-data"
PNG = "image/png"

# Anybody; who shows a token or the cookie of a browser; who shows a token.
Access = Literal["open", "read", "change"]


@dataclass(frozen=True)
class Body:
    """What a request carries: the name of its schema, and how it is written."""

    schema: str
    kind: str = JSON
    required: bool = True


@dataclass(frozen=True)
class Operation:
    """One kind of request; `refused` are the errors beyond those that follow from the rest.

    `answer` is the name of a schema, in brackets for a list of them, or a media type.
    """

    answer: str | None
    status: HTTPStatus = HTTPStatus.OK
    access: Access = "open"
    body: Body | None = None
    numbers: tuple[Parameter, ...] = ()
    settings: bool = False
    refused: tuple[HTTPStatus, ...] = ()

    def errors(self, named: bool, limited: bool) -> list[HTTPStatus]:
        """Return every error that can come.

        The address is `named` if it names something, and `limited` if it may be asked so often.
        """
        found = {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE, *self.refused}
        if self.access != "open":
            found.add(HTTPStatus.UNAUTHORIZED)
        if limited:
            found.add(HTTPStatus.TOO_MANY_REQUESTS)
        if named:
            found.add(HTTPStatus.NOT_FOUND)
        if self.numbers or self.settings:
            found.add(HTTPStatus.UNPROCESSABLE_ENTITY)
        if self.settings:
            found.add(HTTPStatus.REQUEST_URI_TOO_LONG)
        if self.body is not None:
            found |= {
                HTTPStatus.REQUEST_TIMEOUT,
                HTTPStatus.LENGTH_REQUIRED,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                HTTPStatus.UNPROCESSABLE_ENTITY,
            }
            if self.body.kind == JSON:
                found |= {HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
        return sorted(found)


_CREATED = HTTPStatus.CREATED
_CONFLICT = HTTPStatus.CONFLICT
_NOT_FOUND = HTTPStatus.NOT_FOUND
_BUSY = HTTPStatus.SERVICE_UNAVAILABLE
_TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS

OPERATIONS: Mapping[str, Operation] = {
    "openapi.document": Operation("Document"),
    "api.start_session": Operation("Session", _CREATED),
    "api.models": Operation("[Model]"),
    "api.settings": Operation("[Setting]"),
    "api.samples": Operation("Samples"),
    "estimates.list_presets": Operation("[Preset]", numbers=(WIDTH, HEIGHT), settings=True),
    "estimates.estimate": Operation("Estimate", numbers=(WIDTH, HEIGHT), settings=True),
    "api.add_image": Operation("Image", _CREATED, "change", Body("Upload", FORM), refused=(_BUSY,)),
    "api.images": Operation("Images", access="read", numbers=(IMAGE_PAGE,), refused=(_NOT_FOUND,)),
    "api.delete_image": Operation(None, HTTPStatus.NO_CONTENT, "change"),
    "api.start_run": Operation(
        "Run",
        _CREATED,
        "change",
        Body("Order"),
        refused=(_NOT_FOUND, _CONFLICT, _TOO_MANY, _BUSY),
    ),
    "api.runs": Operation("Runs", access="read", numbers=(PAGE,), refused=(_NOT_FOUND,)),
    "api.run": Operation("Run", access="read", numbers=(SINCE,)),
    "api.cancel": Operation("Run", access="change", refused=(_CONFLICT,)),
    "api.finish": Operation("Run", access="change", refused=(_CONFLICT,)),
    "api.go_on": Operation(
        "Run",
        _CREATED,
        "change",
        Body("Continuation", required=False),
        refused=(_CONFLICT, _TOO_MANY, _BUSY),
    ),
    "api.delete": Operation(None, HTTPStatus.NO_CONTENT, "change"),
    "api.result": Operation(PNG, access="read"),
}

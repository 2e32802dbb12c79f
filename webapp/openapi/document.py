"""The whole API as one OpenAPI 3.1 document."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from stransfer.settings import SETTINGS
from webapp.config import Config
from webapp.cookies import cookie_name
from webapp.openapi import schemas
from webapp.openapi.operations import JSON, OPERATIONS, Access, Operation
from webapp.openapi.settings import Schema, query_schema
from webapp.parameters import Parameter
from webapp.rates import limits_of
from webapp.samples import Role

PREFIX = "/api/v1"

# HTTP's own, which Flask answers by itself.
_IMPLIED = {"HEAD", "OPTIONS"}

# Any one of those in a list will do, and where there is none nothing is needed.
_SECURITY: Mapping[Access, list[Schema]] = {
    "open": [],
    "read": [{"token": []}, {"cookie": []}],
    "change": [{"token": []}],
}

_RETRY_AFTER: Schema = {
    "required": True,
    "description": "The seconds after which the same is worth trying again.",
    "schema": {"type": "integer", "minimum": 1},
}

_ABOUT = (
    "Paints photos in the manner of artworks. Get a token with `POST /sessions` and show it with "
    "every request as `Authorization: Bearer TOKEN`; whoever has it is one visitor, whose pictures "
    "and runs nobody else sees. A run goes on by itself: ask for it until its `state` is `done`, "
    "then fetch its result."
)


def document(app: Flask, config: Config, samples: Mapping[Role, Sequence[str]]) -> dict[str, Any]:
    """Return the description of every address of the API that the application has.

    `samples` names pictures that examples can be made with.
    """
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(f"{PREFIX}/"):
            continue
        path = rule.rule.removeprefix(PREFIX).replace("<", "{").replace(">", "}")
        for method in (rule.methods or set()) - _IMPLIED:
            paths.setdefault(path, {})[method.lower()] = _described(app, rule)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stransfer", "version": "1", "description": _ABOUT},
        "servers": [{"url": PREFIX}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**schemas.answers(), **schemas.bodies(config, samples)},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie_name(app),
                    "description": "What a browser has that opened a page here; for reading only.",
                },
            },
        },
    }


def _described(app: Flask, rule: Rule) -> dict[str, Any]:
    operation = OPERATIONS[rule.endpoint]
    named = sorted(rule.arguments)
    path = [{"name": name, "in": "path", "required": True, "schema": schemas.ID} for name in named]
    numbers = [_number(parameter) for parameter in operation.numbers]
    settings = [
        {"name": setting.name, "in": "query", "schema": query_schema(setting)}
        for setting in SETTINGS
        if operation.settings
    ]
    limited = bool(limits_of(app.view_functions[rule.endpoint]))
    summary = (inspect.getdoc(app.view_functions[rule.endpoint]) or "").partition("\n")[0]
    found: dict[str, Any] = {
        "operationId": _operation_id(rule),
        "summary": summary,
        "parameters": path + numbers + settings,
        "responses": {
            str(operation.status.value): _success(app, operation),
            **{
                str(error.value): _failure(error)
                for error in operation.errors(bool(named), limited)
            },
        },
    }
    found["security"] = _SECURITY[operation.access]
    if operation.body is not None:
        schema = _schema(operation.body.schema)
        content = {operation.body.kind: {"schema": schema}}
        found["requestBody"] = {"required": operation.body.required, "content": content}
    return found


def _number(parameter: Parameter) -> dict[str, Any]:
    schema: Schema = {
        "type": "integer",
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
    }
    if parameter.default is not None:
        schema["default"] = parameter.default
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.help,
        "schema": schema,
    }


def _success(app: Flask, operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {"description": operation.status.phrase}
    if operation.answer is None:
        return found
    if "/" in operation.answer:
        # Its bytes are described by the media type, not by a schema.
        return {**found, "content": {operation.answer: {}}}
    found["content"] = {JSON: {"schema": _schema(operation.answer)}}
    if operation.answer == "Run" and operation.status == HTTPStatus.CREATED:
        where = {"type": "string", "format": "uri-reference"}
        found["headers"] = {
            "Location": {"required": True, "description": "Where the run is.", "schema": where}
        }
        found["links"] = _links(app)
    return found


def _links(app: Flask) -> dict[str, Any]:
    """Return what can be done next with a run that was accepted."""
    names = [
        _operation_id(rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/runs/<id>")
    ]
    parameters = {"id": "$response.body#/id"}
    return {name: {"operationId": name, "parameters": parameters} for name in sorted(names)}


def _operation_id(rule: Rule) -> str:
    return str(rule.endpoint).rpartition(".")[2]


def _failure(error: HTTPStatus) -> Schema:
    if error == HTTPStatus.REQUEST_URI_TOO_LONG:
        # Whatever listens answers this by itself, before the site has seen the request.
        return {"description": error.phrase}
    found: dict[str, Any] = {
        "description": error.phrase,
        "content": {JSON: {"schema": _schema("Error")}},
    }
    if error in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        found["headers"] = {"Retry-After": _RETRY_AFTER}
    return found


def _schema(name: str) -> Schema:
    if name.startswith("["):
        return {"type": "array", "items": _schema(name.strip("[]"))}
    return {"$ref": f"#/components/schemas/{name}"}

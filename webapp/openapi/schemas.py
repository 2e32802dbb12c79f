"""What the API takes and answers, as JSON Schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from stransfer.images import FORMAT_NAMES
from stransfer.models import MODELS
from stransfer.presets import BY_NAME as PRESETS
from stransfer.presets import DECIDED
from stransfer.setting import GROUPS, Setting
from stransfer.settings import BY_NAME, SETTINGS
from stransfer.weights import State
from webapp import identifiers
from webapp.config import Config
from webapp.openapi.settings import Schema, given_schema, setting_schema
from webapp.pictures import MASK_FIELDS
from webapp.records import RunState
from webapp.samples import ROLES, Role
from webapp.uploads import ROLES_OF_UPLOADS

_WAIT = "The seconds until a waiting run is expected to be painted; null while nothing tells."

# Ids are made by the site; nothing else is one.
ID: Schema = {"type": "string", "pattern": identifiers.PATTERN}

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TEXT_OR_NONE: Schema = {"type": ["string", "null"]}
_NUMBER: Schema = {"type": "number"}
_NUMBER_OR_NONE: Schema = {"type": ["number", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SIZE: Schema = {"type": "integer", "minimum": 1}
_LAYERS: Schema = {"type": "object", "additionalProperties": _NUMBER}
_PICTURE: Schema = {
    "type": "string",
    "minLength": 1,
    "description": "The id of an image, the name of a sample, or what a run says it was made from.",
}


def bodies(config: Config, samples: Mapping[Role, Sequence[str]]) -> Mapping[str, Schema]:
    """Return what is sent in the body of a request, by name, within the limits of a site.

    `samples` names pictures that examples can be made with.
    """
    upload_role = {"type": "string", "enum": list(ROLES_OF_UPLOADS), "default": ROLES[0]}
    return {
        "Order": _order(config, samples),
        "Continuation": {
            "type": "object",
            "properties": {"steps": given_schema(BY_NAME["steps"])},
            "additionalProperties": False,
        },
        "Upload": {
            "type": "object",
            "properties": {
                "file": {"type": "string", "format": "binary", "description": _file(config)},
                "role": upload_role,
            },
            "required": ["file"],
        },
        "GivenSettings": {
            "type": "object",
            "properties": {setting.name: given_schema(setting) for setting in SETTINGS},
            "additionalProperties": False,
        },
    }


def answers() -> Mapping[str, Schema]:
    """Return what is answered, by name."""
    return {
        "Error": _object(error=_error()),
        "Session": _object(token=_TEXT),
        "Model": _model(),
        "Setting": _setting_row(),
        "Samples": _object(**{role: _list_of("Sample") for role in ROLES}),
        "Sample": _object(
            name=_TEXT,
            title=_TEXT,
            width=_SIZE,
            height=_SIZE,
            thumbnail_url={"type": "string", "format": "uri-reference"},
        ),
        "Preset": _object(
            name={"type": "string", "enum": list(PRESETS)},
            label=_TEXT,
            help=_TEXT,
            settings=_object(**{name: setting_schema(BY_NAME[name]) for name in DECIDED}),
            relative_cost=_NUMBER_OR_NONE,
            seconds=_NUMBER_OR_NONE,
            about=_TEXT,
        ),
        "Estimate": _object(
            relative_cost=_NUMBER, seconds=_NUMBER_OR_NONE, about=_TEXT, presets=_list_of("Preset")
        ),
        "Image": _image(),
        "Images": _object(images=_list_of("Image"), pages=_SIZE),
        "Runs": _object(runs=_list_of("Run"), pages=_SIZE),
        "Run": _run(),
        "Settings": {
            "type": "object",
            # A run of an earlier version may lack some.
            "properties": {setting.name: setting_schema(setting) for setting in SETTINGS},
        },
        "Losses": _object(total=_NUMBER, content=_NUMBER, style=_NUMBER, tv=_NUMBER),
        "RecordedLosses": _object(
            seq=_SIZE, step=_SIZE, total=_NUMBER, content=_NUMBER, style=_NUMBER, tv=_NUMBER
        ),
        "Document": {"type": "object"},
    }


def _file(config: Config) -> str:
    return (
        f"A {FORMAT_NAMES} picture of at most {config.max_upload_mb} MiB and "
        f"{config.max_megapixels} megapixels, {config.min_side} to {config.max_side} px a side and "
        f"at most {config.max_aspect:g} times as long as it is short. A visitor may keep "
        f"{config.quota_mb} MiB."
    )


def _order(config: Config, samples: Mapping[Role, Sequence[str]]) -> Schema:
    photos, artworks = ([*samples.get(role, ())] for role in ROLES)
    styles = {"items": _PICTURE, "minItems": 1, "maxItems": config.max_styles}
    return {
        "type": "object",
        "properties": {
            "content": {**_PICTURE, "title": "The photo", "examples": photos},
            "style": {
                **_PICTURE,
                **styles,
                "type": ["array", "string"],
                "title": "The artworks",
                "examples": [[name] for name in artworks],
            },
            "preset": {"type": ["string", "null"], "enum": [*PRESETS, None]},
            "settings": {"anyOf": [_reference("GivenSettings"), {"type": "null"}]},
            **dict.fromkeys(MASK_FIELDS, _optional("white where its picture counts")),
            "init_image": _optional("to begin with, or of a finished run"),
        },
        "required": ["content", "style"],
        "additionalProperties": False,
    }


def _optional(what: str) -> Schema:
    return {**_TEXT_OR_NONE, "minLength": 1, "description": f"The id of an image, {what}."}


def _run() -> Schema:
    url = {**_TEXT_OR_NONE, "format": "uri-reference"}
    return _object(
        id=ID,
        title=_TEXT,
        state={"type": "string", "enum": [str(state) for state in RunState]},
        step=_COUNT,
        steps=_SIZE,
        progress={"type": "number", "minimum": 0, "maximum": 1},
        scale=_COUNT,
        scales=_SIZE,
        seq=_COUNT,
        loss={"anyOf": [_reference("Losses"), {"type": "null"}]},
        losses=_list_of("RecordedLosses"),
        settings=_reference("Settings"),
        content=_TEXT,
        style=_TEXTS,
        content_mask=_TEXT_OR_NONE,
        style_mask=_TEXT_OR_NONE,
        init_image=_TEXT_OR_NONE,
        width=_SIZE,
        height=_SIZE,
        queue_position={"type": ["integer", "null"], "minimum": 1},
        wait_seconds={**_NUMBER_OR_NONE, "minimum": 0, "description": _WAIT},
        seconds={"type": "number", "minimum": 0},
        seconds_per_step=_NUMBER_OR_NONE,
        eta_seconds=_NUMBER_OR_NONE,
        attempts=_COUNT,
        error=_TEXT_OR_NONE,
        created_at={"type": "string", "format": "date-time"},
        frame_url=url,
        picture_url=url,
        result_url=url,
    )


def _image() -> Schema:
    address = {"type": "string", "format": "uri-reference"}
    return _object(
        id=ID,
        role={"type": "string", "enum": list(ROLES_OF_UPLOADS)},
        title=_TEXT,
        width=_SIZE,
        height=_SIZE,
        created_at={"type": "string", "format": "date-time"},
        url=address,
        thumbnail_url=address,
    )


def _model() -> Schema:
    return _object(
        name={"type": "string", "enum": list(MODELS)},
        title=_TEXT,
        weights={"type": "string", "enum": [str(state) for state in State]},
        download_mb=_COUNT,
        credit=_TEXT,
        content_layers=_LAYERS,
        style_layers=_LAYERS,
        layers=_TEXTS,
        minimum_size=_SIZE,
    )


def _setting_row() -> Schema:
    kinds: dict[str, Schema] = {
        "default": {"type": ["string", "number"]},
        "choices": _TEXTS,
        "choice_labels": _TEXTS,
        "group": {"type": "string", "enum": list(GROUPS)},
        "automatic": {"type": "boolean"},
        **dict.fromkeys(("minimum", "maximum", "step"), _NUMBER_OR_NONE),
    }
    return _object(**{row.name: kinds.get(row.name, _TEXT) for row in dataclasses.fields(Setting)})


def _error() -> Schema:
    known = _object(
        code={"type": "integer", "minimum": 400, "description": "The HTTP status."},
        message={"type": "string", "description": "A sentence that says how to mend it."},
        fields={
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "A sentence for each field that is to blame.",
        },
    )
    number = {"type": "string", "description": "What the operator finds the reason by, of 500."}
    return {**known, "properties": {**known["properties"], "request_id": number}}


def _object(**properties: Schema) -> Schema:
    """Return an object in which all properties are always there."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": _reference(name)}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


# Which fields a body may have does not depend on the limits of the site.
_BODIES = bodies(Config(), {})
ORDER_FIELDS = tuple(_BODIES["Order"]["properties"])
CONTINUATION_FIELDS = tuple(_BODIES["Continuation"]["properties"])

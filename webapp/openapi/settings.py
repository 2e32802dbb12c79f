"""The settings table as JSON Schema: in an answer, in a query, in a body."""

from __future__ import annotations

from typing import Any

from stransfer.setting import AUTO, LONGEST_LAYERS, Setting

Schema = dict[str, Any]


def setting_schema(setting: Setting) -> Schema:
    """Return what a setting is in an answer."""
    return {**_told(setting), **_accepted(setting)}


def query_schema(setting: Setting) -> Schema:
    """Return what a setting may be in a query, where nothing is the default."""
    accepted = _accepted(setting)
    if "pattern" in accepted:
        accepted["pattern"] = f"^({AUTO})?$"
    if "enum" in accepted:
        accepted["enum"] = [*accepted["enum"], ""]
    return {**_told(setting), **accepted}


def given_schema(setting: Setting) -> Schema:
    """Return what a setting may be in a body: also the same as text; null is the default."""
    accepted = _accepted(setting)
    kinds: tuple[str, ...] = ("string", "null")
    match setting.kind:
        case "choice":
            accepted["enum"] = [*setting.choices, "", None]
        case "integer" | "number":
            # The text "auto" and the text of a number are told apart by the settings table.
            accepted.pop("pattern", None)
            kinds = (setting.kind, *kinds)
        case "blend":
            kinds = ("array", "number", *kinds)
            weight = {"type": ["number", "string", "null"], "exclusiveMinimum": 0}
            accepted |= {"items": weight, "exclusiveMinimum": 0}
    return {**_told(setting), **accepted, "type": list(kinds)}


def _told(setting: Setting) -> Schema:
    unit = f" In {setting.unit}." if setting.unit else ""
    return {"title": setting.label, "description": setting.help + unit, "default": setting.default}


def _accepted(setting: Setting) -> Schema:
    """Return the type and bounds of a setting, each of which holds for one type alone."""
    match setting.kind:
        case "choice":
            return {"type": "string", "enum": list(setting.choices)}
        case "layers":
            return {"type": "string", "maxLength": LONGEST_LAYERS}
        case "blend":
            return {"type": "string"}
    bounds = {"minimum": setting.minimum, "maximum": setting.maximum}
    if setting.automatic:
        return {"type": [setting.kind, "string"], "pattern": f"^{AUTO}$", **bounds}
    return {"type": setting.kind, **bounds}

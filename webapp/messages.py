"""What many are sent at once is written as JSON once, not for each of them anew."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from engineio import json  # type: ignore[import-untyped]


class Message:
    """The values of an event; `text` is their JSON."""

    def __init__(self, values: dict[str, Any]) -> None:
        """Keep the values."""
        self.values = values

    @cached_property
    def text(self) -> str:
        """The values as JSON."""
        return str(json.dumps(self.values, separators=(",", ":")))


class Json:
    """The JSON of Socket.IO, which also knows events whose values are a Message."""

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        """Return a value as JSON."""
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], Message):
            return f'["{value[0]}",{value[1].text}]'
        return str(json.dumps(value, **options))

"""Whose concern an address or an event is. Each says so itself, with one of the marks below.

A mark promises what `tests/site/test_access.py` then tries on every one: what is `owned` answers
a stranger exactly as if there were no such thing.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Handler = TypeVar("Handler", bound=Callable[..., Any])

_MARK = "access"

RUN = "run"
IMAGE = "image"


class Audience(enum.Enum):
    """Who gets something."""

    EVERYBODY = "the same for everybody"
    VISITOR = "what belongs to whoever asks; nothing can be named"
    OWNER = "what is named, if it belongs to whoever asks"
    HOLDER = "what a secret in the address stands for, for whoever knows it"
    OPERATOR = "what only the operator of the site may see"


@dataclass(frozen=True)
class Access:
    """The mark of one handler; `names` has what each field of a request names: a run or an image.

    Such a field may stand in the address, in the query, in a form or in a body.
    """

    audience: Audience
    names: Mapping[str, str] = field(default_factory=dict)


def public(handler: Handler) -> Handler:
    """Mark what is the same for everybody."""
    return _marked(handler, Access(Audience.EVERYBODY))


def own(handler: Handler) -> Handler:
    """Mark what is only about whoever asks, and in which nothing of anybody can be named."""
    return _marked(handler, Access(Audience.VISITOR))


def owned(**names: str) -> Callable[[Handler], Handler]:
    """Mark what names runs or images in these fields, which have to be the visitor's."""
    return lambda handler: _marked(handler, Access(Audience.OWNER, names))


def held(handler: Handler) -> Handler:
    """Mark what is for whoever knows a secret in the address."""
    return _marked(handler, Access(Audience.HOLDER))


def operators(handler: Handler) -> Handler:
    """Mark what is for the operator of the site."""
    return _marked(handler, Access(Audience.OPERATOR))


def of(handler: Callable[..., Any]) -> Access | None:
    """Return the mark of a handler, or None if it has none."""
    found: Access | None = getattr(handler, _MARK, None)
    return found


def _marked(handler: Handler, access: Access) -> Handler:
    setattr(handler, _MARK, access)
    return handler

"""One command line option for each setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from stransfer.setting import Setting
from stransfer.settings import SETTINGS

Command = TypeVar("Command", bound=Callable[..., Any])

_EMPTY = {"layers": "the model's own", "blend": "equal"}
_METAVARS = {"integer": "N", "number": "X", "choice": "NAME", "layers": "LAYERS", "blend": "X,Y"}


def setting_options(command: Command) -> Command:
    """Give a command an option for each setting; values arrive as text, None where not given."""
    for setting in reversed(SETTINGS):
        values = setting.values
        if setting.kind != "choice":
            values = values[:1].upper() + values[1:]
        command = click.option(
            f"--{setting.name.replace('_', '-')}",
            setting.name,
            metavar=_METAVARS[setting.kind],
            help=f"{setting.help} {values}. Default: {shown_default(setting)}.",
        )(command)
    return command


def shown_default(setting: Setting) -> str:
    """Return the default as a phrase."""
    return str(setting.default) or _EMPTY[setting.kind]

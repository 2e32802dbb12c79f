"""The engine's command line, and how every command ends.

What a person can mend ends with one sentence on standard error and exit code 2, anything else
with exit code 1; a traceback is never shown.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from stransfer.errors import StransferError

_DEBUG = "STRANSFER_DEBUG"

# Where each command stands; the name there is the command's.
_MODULES = {
    "bench": "stransfer.bench.command",
    "models": "stransfer.commands.models",
    "render": "stransfer.commands.render",
    "settings": "stransfer.commands.settings",
}


class Commands(click.Group):
    """A group that imports a command when it is asked for.

    What one command needs, such as NumPy, must not keep another one waiting.
    """

    def __init__(self, *arguments: Any, modules: Mapping[str, str], **options: Any) -> None:
        """Find the commands that are not added by hand in `modules`, by name."""
        super().__init__(*arguments, **options)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the alphabet."""
        return sorted({*super().list_commands(ctx), *self._modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None if there is none."""
        if cmd_name not in self._modules:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(importlib.import_module(self._modules[cmd_name]), cmd_name)
        return found


@click.group(
    cls=Commands, modules=_MODULES, context_settings={"help_option_names": ["-h", "--help"]}
)
def cli() -> None:
    """Stransfer turns a photo into a painting."""


def run_command_line(group: click.Group) -> None:
    """Run a command line, and exit with 0, 1 or 2 and at most one sentence of error."""
    with told_in_one_sentence():
        # A command that ends with a code of its own has it returned here, not raised.
        sys.exit(group(standalone_mode=False))


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Exit with 1 or 2 and one sentence, where what is done here raises any error."""
    try:
        yield
    except click.Abort:
        _fail("Stopped.", 1)
    except click.ClickException as error:
        _fail(error.format_message(), 2)
    except StransferError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        reason = (str(error).strip().splitlines() or [""])[0]
        seen = f"{type(error).__name__}: {reason}"
        _fail(f"Something unexpected went wrong ({seen}); set {_DEBUG}=1 to see where.", 1)


def _fail(sentence: str, code: int) -> None:
    click.echo(f"stransfer: {sentence}", err=True)
    sys.exit(code)

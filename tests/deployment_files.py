"""What docs/deploy says, read strictly: units, the container file, and the compose file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "deploy"
UNITS = sorted([*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")])

# Where the files say that an installation is, and what it keeps.
INSTALLED = "/opt/stransfer/current"
KEPT = "/var/lib/stransfer"

_SECTIONS = {"Unit", "Service", "Timer", "Install"}
_INSTRUCTION = re.compile(r"([A-Z]+) +(.*)", re.DOTALL)


class Instruction(NamedTuple):
    """One instruction of a container file, such as RUN, and what follows it."""

    name: str
    rest: str


def unit(path: Path) -> dict[str, list[str]]:
    """Return what a unit sets, by name; each line must be a comment, a section or a setting."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            assert section in _SECTIONS, line
            continue
        name, equals, value = line.partition("=")
        assert section and equals and re.fullmatch(r"[A-Z][A-Za-z]+", name), f"{path.name}: {line}"
        # An empty value means that there is none.
        found.setdefault(name, []).append(value)
    return found


def command(path: Path) -> list[str]:
    """Return the words of the command that a service starts."""
    [line] = unit(path)["ExecStart"]
    # As systemd reads it.
    return shlex.split(line.replace("$$", "$").replace("%%", "%"))


def environment(text: str) -> dict[str, str]:
    """Return what a file of variables sets, also where it only shows how: behind a #."""
    lines = (line.removeprefix("#") for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))


def instructions() -> list[Instruction]:
    """Return the instructions of the container file, with continued lines joined."""
    text = (FOLDER / "Containerfile").read_text()
    lines = (line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "".join(lines))
    found = [_INSTRUCTION.fullmatch(line) for line in joined.splitlines() if line]
    return [Instruction(*match.groups()) for match in found if match]


def stages() -> Iterator[list[Instruction]]:
    """Give the instructions of each stage; what precedes the first one is left out."""
    stage: list[Instruction] = []
    for each in instructions():
        if each.name == "FROM" and stage and stage[0].name == "FROM":
            yield stage
        stage = [each] if each.name == "FROM" else [*stage, each]
    yield stage


def variables() -> dict[str, str]:
    """Return the environment that the container file gives whatever runs in it."""
    words = [word for each in instructions() if each.name == "ENV" for word in each.rest.split()]
    return dict(word.split("=", 1) for word in words)


def compose() -> dict[str, Any]:
    """Return the compose file as it is once anchors are followed."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return found


def seconds(text: str) -> float:
    """Return a span of time as units and the compose file write it: `75` and `60s`."""
    return float(text.removesuffix("s"))

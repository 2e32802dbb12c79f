"""`stransfer bench`: the command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from stransfer import files, weights
from stransfer.bench import chart, comparison, race, suite, table
from stransfer.bench.plan import CONTENT, PARTS, STYLE, Plan
from stransfer.errors import BenchError, SettingsError
from stransfer.models import MODELS
from stransfer.settings import BY_NAME, Settings
from stransfer.subject import Subject

_FILE = click.Path(path_type=Path, dir_okay=False)
_HERE = (weights.State.REPOSITORY, weights.State.DISK)
_STANDARD_OUTPUT = "-"

# Enough to see that everything works, and too little to tell anybody.
_QUICK: dict[str, Any] = {
    "sizes": (125, 250),
    "settings": {"size": "200"},
    "product_sizes": (512, 1024),
    "samples": 3,
    "rounds": 1,
    "textbook_steps": 10,
}


@click.command()
@click.option("--content", type=_FILE, default=CONTENT, help="The photo; a sample unless given.")
@click.option("--style", type=_FILE, default=STYLE, help="The artwork; a sample unless given.")
@click.option(
    "--model",
    "models",
    multiple=True,
    type=click.Choice(tuple(MODELS)),
    help="A network whose steps are measured; repeatable. Default: all whose weights are here.",
)
@click.option(
    "--size",
    "sizes",
    multiple=True,
    type=click.IntRange(int(BY_NAME["size"].minimum or 1), int(BY_NAME["size"].maximum or 1)),
    help=f"A long side, in px, of steps; repeatable. Default: {', '.join(map(str, Plan.sizes))}.",
)
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    type=click.Choice(BY_NAME["precision"].choices),
    help=f"What steps compute in; repeatable. Default: {BY_NAME['precision'].default}.",
)
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting of runs; repeatable."
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(PARTS),
    help="Measure only this; repeatable. Default: everything that is possible here.",
)
@click.option(
    "--rounds", type=click.IntRange(1), help=f"How often runs are timed. Default: {Plan.rounds}."
)
@click.option(
    "--textbook-steps",
    type=click.IntRange(1),
    help=f"Updates by the textbook's method. Default: {Plan.textbook_steps}.",
)
@click.option("--peer-python", type=_FILE, help="A Python that has pastiche, to race it.")
@click.option(
    "--peer-steps",
    multiple=True,
    type=click.IntRange(1),
    help=f"How many steps pastiche takes; repeatable. Default: {Plan.peer_steps[0]}.",
)
@click.option("--quick", is_flag=True, help="Only try everything out: few sizes, small, once.")
@click.option(
    "--json",
    "json_file",
    is_flag=False,
    flag_value=_STANDARD_OUTPUT,
    metavar="[FILE]",
    help="Write the figures as JSON to a file, or instead of the table.",
)
@click.option("--compare", type=_FILE, help="Compare with figures from an earlier --json FILE.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    default=comparison.TOLERANCE,
    show_default=True,
    help="How much worse, as a part, a time may be before --compare ends with 1.",
)
@click.option("--chart", "chart_file", type=_FILE, help="Draw loss over seconds: PNG, SVG.")
def bench(
    compare: Path | None,
    json_file: str | None,
    chart_file: Path | None,
    tolerance: float,
    **asked: Any,
) -> None:
    """Measure how fast this machine paints, next to its peak, the textbook and another program."""
    earlier = comparison.read(compare) if compare else None
    for path in (chart_file, json_file):
        _check_folder(path)
    encode = chart.encoder(chart_file) if chart_file else None
    plan = _plan(**asked)
    figures = suite.measure(plan, lambda part: click.echo(f"Measuring {part}.", err=True))
    text = json.dumps(figures)
    if json_file == _STANDARD_OUTPUT:
        click.echo(text)
    else:
        click.echo(table.report(figures))
        if json_file:
            _write(Path(json_file), text.encode())
    if chart_file and encode:
        _write(chart_file, encode(figures))
    if earlier:
        found = comparison.changes(earlier, figures)
        click.echo(table.comparison(found, tolerance), err=json_file == _STANDARD_OUTPUT)
        if any(change.worse(tolerance) for change in found):
            raise click.exceptions.Exit(1)


def _plan(
    content: Path,
    style: Path,
    given: Sequence[str],
    peer_python: Path | None,
    quick: bool,
    **asked: Any,
) -> Plan:
    """Return what to measure; raise StransferError for what cannot be."""
    chosen = (_QUICK if quick else {}) | {name: value for name, value in asked.items() if value}
    chosen["settings"] = chosen.get("settings", {}) | _settings(given)
    Subject.read(content, style).check(Settings.parse(chosen["settings"]))
    peer = race.peer(peer_python)
    if peer is None and "race" in asked["parts"]:
        raise BenchError(race.MISSING)
    chosen = {"models": _models_here(), **chosen}
    return Plan(content=content, style=style, peer=peer, **chosen)


def _settings(given: Sequence[str]) -> dict[str, str]:
    """Return the settings that were given as NAME=VALUE."""
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, separator, _ in pairs if not separator]:
        raise SettingsError({wrong[0]: f"Give its value as well, such as --set {wrong[0]}=VALUE."})
    return {name.strip().replace("-", "_"): value.strip() for name, _, value in pairs}


def _models_here() -> tuple[str, ...]:
    return tuple(name for name, model in MODELS.items() if weights.state(model) in _HERE)


def _check_folder(path: Path | str | None) -> None:
    """Raise BenchError before anything is measured if its figures could not be written."""
    if path and path != _STANDARD_OUTPUT and not Path(path).parent.is_dir():
        raise BenchError(
            f"The folder {Path(path).parent} does not exist; make it, or name another."
        )


def _write(path: Path, content: bytes) -> None:
    try:
        files.write_atomically(path, content)
    except OSError as error:
        raise BenchError(f"Cannot write {path}: {error.strerror}; name another file.") from error

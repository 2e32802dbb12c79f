"""Figures against earlier ones: has anything become slower?

Times are compared by what the machine could have done meanwhile: how many operations matrix
products make in that time. What a slower machine, or a busy day, slows in the same measure is then
no regression. For a step that is its operations divided by its share of the peak, both measured in
turns; for a run its seconds multiplied by the peak. Reading files and starting an interpreter do
not go with the peak, so between very different machines the ratios of whole runs mean less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stransfer.errors import BenchError
from stransfer.precision import FLOAT32

# Two quiet measurements of the same code on the same small machine differ by up to this part.
TOLERANCE = 0.15

_RUN_TIMES = {"first_frame_seconds": "first picture", "seconds": "whole"}


@dataclass(frozen=True)
class Change:
    """One figure, then and now: `ratio` is now by then, above 1 if it takes more.

    `judged` is whether it decides about a regression: times do, memory is only shown.
    """

    name: str
    unit: str
    then: float
    now: float
    ratio: float
    judged: bool

    def worse(self, tolerance: float) -> bool:
        """Return whether it is a regression, by more than a part `tolerance`."""
        return self.judged and self.ratio > 1 + tolerance


def read(path: Path) -> dict[str, Any]:
    """Return an earlier report; raise BenchError if the file holds none."""
    try:
        report = json.loads(path.read_text())
        found = {**report, "steps": list(report["steps"]), "peak": dict(report["peak"])}
    except OSError as error:
        raise BenchError(f"Cannot read {path}: {error.strerror}; check the path.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BenchError(
            f"{path.name} holds no figures to compare with; give a file that "
            "`stransfer bench --json FILE` has written."
        ) from error
    return found


def changes(then: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """Return every figure that both reports have; raise BenchError if there is none."""
    found = [*_steps(then, now), *_runs(then, now), *_race(then, now)]
    if not found:
        raise BenchError(
            "The two measurements have no figure in common; measure the same parts, models, sizes "
            "and pictures."
        )
    return found


def _steps(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    earlier = {_key(row): row for row in then["steps"]}
    for row in now["steps"]:
        if old := earlier.get(_key(row)):
            name = f"{row['model']} {row['width']} × {row['height']} px {row['precision']}"
            seconds = (old["seconds_per_step"], row["seconds_per_step"])
            ratio = _meanwhile(row) / _meanwhile(old)
            yield Change(f"a step of {name}", "s", *seconds, ratio, judged=True)
            yield _memory(f"memory of {name}", old, row)


def _runs(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    """Compare the runs, if both were made with the same settings on pictures of the same size."""
    old, new = then.get("runs"), now.get("runs")
    if not (old and new and then.get("settings") == now["settings"] and _sized(old) == _sized(new)):
        return
    # One precision for both: what runs compute in may have changed, the machine's speed has not.
    peaks = [report["peak"][FLOAT32]["median_flops"] for report in (then, now)]
    for kind in ("cold", "warm"):
        for name, shown in _RUN_TIMES.items():
            seconds = (old[kind][name], new[kind][name])
            ratio = (seconds[1] * peaks[1]) / (seconds[0] * peaks[0])
            yield Change(f"a {kind} run, {shown}", "s", *seconds, ratio, judged=True)
    yield _memory("memory of a run", old, new)


def _race(then: dict[str, Any], now: dict[str, Any]) -> Iterator[Change]:
    old, new = then.get("race"), now.get("race")
    if not (old and new and then.get("settings") == now["settings"]):
        return
    earlier = {row["steps"]: row["times_as_long"] for row in old["peer"]}
    for row in new["peer"]:
        if row["steps"] in earlier:
            ratios = (earlier[row["steps"]], row["times_as_long"])
            name = f"{new['program']}, {row['steps']} steps, takes as long"
            yield Change(name, "times", *ratios, ratios[1] / ratios[0], judged=False)


def _meanwhile(step: dict[str, Any]) -> float:
    """Return the operations that matrix products could have made during a step."""
    return float(step["operations"] / step["share_of_peak"])


def _memory(name: str, then: dict[str, Any], now: dict[str, Any]) -> Change:
    sizes = (then["peak_memory_mb"], now["peak_memory_mb"])
    return Change(name, "MiB", *sizes, sizes[1] / sizes[0], judged=False)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["model"], row["width"], row["height"], row["precision"]


def _sized(run: dict[str, Any]) -> tuple[Any, ...]:
    return run["model"], run["width"], run["height"]

"""Everything in order, each measurement in a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stransfer.bench import machine, race, runs
from stransfer.bench.child import measured
from stransfer.bench.plan import Plan
from stransfer.precision import BFLOAT16, FLOAT32
from stransfer.settings import Settings

Report = dict[str, Any]
Notice = Callable[[str], None]


def measure(plan: Plan, notice: Notice) -> Report:
    """Return all figures as plain values; `notice` is told what is measured next.

    A part that was not asked for, or cannot be measured here, is None; `steps` is then empty.
    Raises BenchError if a measurement fails, and what its process raised in a sentence.
    """
    told = machine.describe()
    notice("the peak of the machine")
    peaks = measured(
        "peak",
        sizes=plan.product_sizes,
        precisions=[FLOAT32, BFLOAT16],
        samples=plan.samples,
    )
    parts: dict[str, Callable[[], Any]] = {
        "steps": lambda: _steps(plan, peaks, notice),
        "runs": lambda: _runs(plan, notice),
        "textbook": lambda: _textbook(plan, notice),
        "race": lambda: _race(plan, notice),
    }
    figures = {name: part() if name in plan.parts else None for name, part in parts.items()}
    return {
        "machine": told,
        "peak": peaks,
        **figures,
        "steps": figures["steps"] or [],
        "settings": plan.settings,
        "content": plan.content.name,
        "style": plan.style.name,
    }


def _steps(plan: Plan, peaks: Report, notice: Notice) -> list[Report]:
    rows = []
    for model in plan.models:
        for size in plan.sizes:
            for precision in plan.precisions:
                notice(f"a step of {model} at {size} px")
                chosen = {"model": model, "size": size, "precision": precision}
                rows.append(
                    measured(
                        "steps",
                        **plan.pictures,
                        settings=plan.settings | chosen,
                        peak=peaks,
                        samples=plan.samples,
                    )
                )
    return rows


def _runs(plan: Plan, notice: Notice) -> Report:
    notice("runs in a warm process")
    warm = measured("runs", **plan.pictures, settings=plan.settings, rounds=plan.rounds)
    notice("runs as a whole process")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.png"
        cold = [
            runs.cold(**plan.pictures, settings=plan.settings, output=output)
            for _ in range(plan.rounds)
        ]
    told = ("width", "height", "steps", "precision", "peak_memory_mb")
    return {
        "model": Settings.parse(plan.settings).model,
        **{name: cold[-1][name] for name in told},
        "cold": runs.summary(cold),
        "warm": runs.summary(warm),
    }


def _textbook(plan: Plan, notice: Notice) -> Report | None:
    notice("the textbook's method, in turns with ours")
    found: Report | None = measured(
        "duel", **plan.pictures, settings=plan.settings, textbook_steps=plan.textbook_steps
    )
    return found


def _race(plan: Plan, notice: Notice) -> Report | None:
    if plan.peer is not None:
        notice("the other program, in turns with ours")
    return race.race(plan)

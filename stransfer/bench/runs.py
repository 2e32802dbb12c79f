"""What a person waits for: the time of a whole run, to its first picture and to its end.

Cold is a process of its own: `stransfer render`, from the start of the interpreter to its end.
Warm is a run in a process that has made one with the same settings before, as a worker has.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stransfer import images, results
from stransfer.bench.child import answered
from stransfer.bench.samples import median, spread
from stransfer.settings import Settings
from stransfer.subject import Subject

Timing = dict[str, Any]


def cold(content: str, style: str, settings: dict[str, Any], output: Path) -> Timing:
    """Paint a picture in a process of its own; return its times, and what it says of itself.

    The process is timed from outside. It times itself to its first picture; what starting and
    ending the interpreter takes is all counted to that, because from inside neither is seen.
    """
    options = [part for name, value in settings.items() for part in (_option(name), str(value))]
    command = [sys.executable, "-m", "stransfer", "render", content, style, "-o", str(output)]
    started = time.perf_counter()
    report = json.loads(answered([*command, "--json", *options]))
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "first_frame_seconds": report["first_frame_seconds"] + seconds - report["seconds"],
        "peak_memory_mb": report["peak_memory_mb"],
        "precision": report["precision"],
        "steps": report["steps"],
        "width": report["width"],
        "height": report["height"],
    }


def measure(content: str, style: str, settings: dict[str, Any], rounds: int) -> list[Timing]:
    """Return the times of warm runs, from the files of the pictures to that of the result."""
    return [_timed(content, style, settings) for _ in range(1 + rounds)][1:]


def summary(timings: Sequence[Timing]) -> Timing:
    """Return the median times of some runs alike, with their spread."""
    found: Timing = {}
    for name in ("first_frame_seconds", "seconds"):
        samples = [timing[name] for timing in timings]
        found |= {name: median(samples), f"{name}_spread": spread(samples)}
    return found


def _timed(content: str, style: str, settings: dict[str, Any]) -> Timing:
    # TensorFlow, which only the measured process loads.
    from stransfer.transfer import Transfer

    started = time.perf_counter()
    chosen = Settings.parse(settings)
    first = None
    for step in Transfer(Subject.read(content, style), chosen).start():
        if first is None:
            images.to_image(step.image)
            first = time.perf_counter() - started
    results.encode(step.image, chosen)
    return {"first_frame_seconds": first, "seconds": time.perf_counter() - started}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"

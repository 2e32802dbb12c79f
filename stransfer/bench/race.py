"""A race against pastiche 1.6.0, whole process against whole process, on the same pictures.

The other program runs PyTorch and VGG19, by default L-BFGS, at the same long side for photo and
artwork. Ours and theirs run in turns. Both results are judged by `stransfer.bench.judge`, which
is our own code; it sees with VGG19, the network that the other program paints with.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stransfer.bench import child, runs
from stransfer.bench.plan import Plan
from stransfer.bench.samples import median, spread
from stransfer.errors import BenchError
from stransfer.settings import Settings

_MODULE = "pastiche"

_INSTALL = (
    "install it with `pip install torch` and `pip install --no-deps pastiche==1.6.0`, or name "
    "another environment with --peer-python"
)
MISSING = f"There is no {_MODULE} with PyTorch here to race; {_INSTALL}."


def peer(python: Path | None) -> tuple[str, ...] | None:
    """Return the command of the other program in a Python environment, or None without it.

    Without an environment this one is asked. Raises BenchError if the named one does not have it.
    """
    if python is None:
        here = all(importlib.util.find_spec(name) for name in (_MODULE, "torch"))
        return (sys.executable, "-m", _MODULE) if here else None
    command = (str(python), "-m", _MODULE)
    _version(command)
    return command


def race(plan: Plan) -> dict[str, Any] | None:
    """Return the times and the distances of both, and the ratio of the times.

    The ratio, theirs by ours, is the median of the rounds'. It is given for each number of steps
    that the other program was asked for.
    """
    if plan.peer is None:
        return None
    settings = Settings.parse(plan.settings)
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "stransfer.png"
        theirs = {steps: Path(folder) / f"peer-{steps}.png" for steps in plan.peer_steps}
        rounds = []
        for _ in range(plan.rounds):
            for steps, output in theirs.items():
                own = runs.cold(**plan.pictures, settings=plan.settings, output=ours)
                seconds = _painted(plan, plan.peer, settings.size, steps, output)
                rounds.append((steps, own["seconds"], seconds))
        judged = _judged(plan, [ours, *theirs.values()])
    return {
        "program": _version(plan.peer),
        "size": settings.size,
        "stransfer": _timed([own for _, own, _ in rounds]) | judged[0],
        "peer": [
            {
                "steps": steps,
                **_timed([seconds for asked, _, seconds in rounds if asked == steps]),
                **_ratio([seconds / own for asked, own, seconds in rounds if asked == steps]),
                **distances,
            }
            for steps, distances in zip(theirs, judged[1:], strict=True)
        ],
    }


def _painted(plan: Plan, command: tuple[str, ...], size: int, steps: int, output: Path) -> float:
    """Let the other program paint, and return the seconds its process took."""
    pictures = plan.pictures
    arguments = {
        "--num-steps": str(steps),
        "--size": str(size),
        "--style-size": str(size),
        "--seed": "0",
        "--content": pictures["content"],
        "--styles": pictures["style"],
        "--output": str(output),
    }
    started = time.perf_counter()
    child.answered([*command, *(part for pair in arguments.items() for part in pair)])
    seconds = time.perf_counter() - started
    if not output.is_file():
        raise BenchError("The other program ended without a picture, so there is nothing to judge.")
    return seconds


def _judged(plan: Plan, pictures: list[Path]) -> list[dict[str, Any]]:
    """Return the distances and the loss of each picture."""
    names = [str(picture) for picture in pictures]
    found: list[dict[str, Any]]
    found = child.measured("judge", **plan.pictures, settings=plan.settings, pictures=names)
    return found


def _timed(seconds: list[float]) -> dict[str, Any]:
    return {"seconds": median(seconds), "seconds_spread": spread(seconds)}


def _ratio(ratios: list[float]) -> dict[str, Any]:
    return {"times_as_long": median(ratios), "times_as_long_spread": spread(ratios)}


def _version(command: tuple[str, ...]) -> str:
    asked = [*command, "--version"]
    try:
        ended = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchError(f"{command[0]} is no Python that has {_MODULE}; {_INSTALL}.") from error
    return ended.stdout.strip()

"""What is to be measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stransfer import folders
from stransfer.setting import AUTO

PARTS = ("steps", "runs", "textbook", "race")

CONTENT = folders.DATA / "content" / "pagoda.jpg"
STYLE = folders.DATA / "style" / "night_wind.jpg"


@dataclass(frozen=True)
class Plan:
    """One measurement of a machine; see `stransfer bench --help`.

    `settings` are those of the runs, by name; the costs of steps are measured with the same, but
    for `models`, `sizes` (long sides in px) and `precisions`. `samples` and `rounds` are how
    often a step and a run are timed. `peer` is the command of the other program, if it is there.
    """

    content: Path
    style: Path
    models: tuple[str, ...]
    sizes: tuple[int, ...] = (125, 250, 500, 1000)
    precisions: tuple[str, ...] = (AUTO,)
    settings: dict[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = PARTS
    product_sizes: tuple[int, ...] = (512, 1024, 2048, 4096)
    samples: int = 7
    rounds: int = 3
    textbook_steps: int = 100
    peer: tuple[str, ...] | None = None
    peer_steps: tuple[int, ...] = (100,)

    @property
    def pictures(self) -> dict[str, str]:
        """The pair, as the arguments of a measurement in another process."""
        return {"content": str(self.content.resolve()), "style": str(self.style.resolve())}

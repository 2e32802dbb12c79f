"""Redraws the sample style works: `python -m data.drawing [NAME ...]` from the repository root."""

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

GALLERY = Path(__file__).resolve().parent.parent / "style"
WORKS = (
    "fjord",
    "glass_window",
    "golden_tree",
    "great_swell",
    "guitar",
    "harbour",
    "lily_pond",
    "marbling",
    "night_wind",
    "old_oak",
    "poppies",
    "river_dots",
    "two_fish",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the named works, or all of them, into the folder of styles."""
    parser = argparse.ArgumentParser(prog="python -m data.drawing", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(WORKS)}")
    names = parser.parse_args(arguments).names
    unknown = sorted(set(names) - set(WORKS))
    if unknown:
        parser.error(f"no such work: {', '.join(unknown)}")
    GALLERY.mkdir(exist_ok=True)
    for name in names or WORKS:
        picture = importlib.import_module(f"data.drawing.{name}").draw()
        target = GALLERY / f"{name}.jpg"
        picture.save(target, quality=90, progressive=True, optimize=True)
        print(target)


if __name__ == "__main__":
    main()

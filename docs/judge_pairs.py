"""Compares settings by what they paint: `python docs/judge_pairs.py -s "steps=20" -s "steps=40"`.

Every variant of the settings paints the same pairs of samples, in turns, in one warm process; the
seconds, and the distances to artwork and photo that `stransfer.bench.judge` measures, are printed
for each picture and as means for each variant.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from stransfer import folders, loading, results
from stransfer.images import Picture
from stransfer.settings import Settings
from stransfer.subject import Subject

# Portraits, animals, buildings and landscapes, with artworks of thick and thin, wild and calm.
PAIRS = (
    ("pagoda", "night_wind"),
    ("astronaut", "two_fish"),
    ("cat", "glass_window"),
    ("dogs", "great_swell"),
    ("peaks", "old_oak"),
    ("coffee", "marbling"),
    ("dandelions", "river_dots"),
    ("raccoon", "golden_tree"),
)

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(help=__doc__)
@click.option(
    "-s",
    "--settings",
    "variants",
    multiple=True,
    default=("",),
    help="One variant, such as 'steps=20 content_weight=1.2'; repeatable. Empty is the defaults.",
)
@click.option(
    "--pairs", type=click.IntRange(0, len(PAIRS)), default=6, help="How many pairs of samples."
)
@click.option(
    "--pair", "own", multiple=True, nargs=2, type=_FILE, help="A photo and an artwork of yours."
)
@click.option("--keep", type=_FOLDER, help="Also write the pictures into this folder.")
def main(
    variants: Sequence[str], pairs: int, own: Sequence[tuple[Path, Path]], keep: Path | None
) -> None:
    """Paint and judge every pair with every variant."""
    chosen = {text or "defaults": _settings(text) for text in variants}
    samples = folders.DATA
    files = [*own]
    for photo, artwork in PAIRS[:pairs]:
        files.append((samples / "content" / f"{photo}.jpg", samples / "style" / f"{artwork}.jpg"))
    loading.load()
    from stransfer.bench.judge import Judge
    from stransfer.program import prepare

    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in chosen}
    for settings in chosen.values():
        prepare(settings)
    for content, style in files:
        subject = Subject.read(content, style)
        judge = Judge(subject.content, subject.styles[0])
        for number, (name, settings) in enumerate(chosen.items(), start=1):
            picture, seconds = _painted(subject, settings)
            seen = judge.distances(picture)
            rows[name].append((seconds, seen.style, seen.content))
            _print(f"{content.stem} {style.stem}", rows[name][-1], name)
            if keep:
                path = keep / f"{content.stem}-{style.stem}-{number}.png"
                results.save(picture, path, settings)
    for name, found in rows.items():
        _print(f"mean of {len(found)}", tuple(np.mean(found, axis=0)), name)


def _painted(subject: Subject, settings: Settings) -> tuple[Picture, float]:
    from stransfer.transfer import Transfer

    started = time.perf_counter()
    *_, last = Transfer(subject, settings).start()
    picture = last.image
    return picture, time.perf_counter() - started


def _settings(text: str) -> Settings:
    return Settings.parse(dict(part.split("=", 1) for part in text.split()))


def _print(what: str, figures: Sequence[float], name: str) -> None:
    seconds, style, content = figures
    click.echo(f"{what:24} {seconds:7.2f} s  style {style:.4f}  content {content:.3f}  {name}")


if __name__ == "__main__":
    main()

"""The figures as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stransfer.bench.comparison import Change

Row = Sequence[str]

# More programs than this for each core, before anything was measured, spoil what is.
_BUSY = 0.25


def report(figures: dict[str, Any]) -> str:
    """Return a whole report: the machine, its peak, steps, runs, textbook and race."""
    return "\n".join(
        [
            *_machine(figures["machine"]),
            *_peak(figures["peak"]),
            f"pictures   {figures['content']}, {figures['style']}{_shown(figures['settings'])}",
            *_steps(figures["steps"]),
            *_runs(figures["runs"]),
            *_textbook(figures["textbook"]),
            *_race(figures["race"]),
        ]
    )


def comparison(changes: Iterable[Change], tolerance: float) -> str:
    """Return every figure then and now, those marked that are worse by more than `tolerance`."""
    rows = [
        (
            change.name,
            f"{change.then:.3g} {change.unit}",
            f"{change.now:.3g} {change.unit}",
            f"{change.ratio:.2f}",
            "WORSE" if change.worse(tolerance) else "",
        )
        for change in changes
    ]
    return "\n".join(_aligned([("figure", "then", "now", "ratio", ""), *rows]))


def _machine(machine: dict[str, Any]) -> Iterator[str]:
    sets = " ".join(machine["instruction_sets"]) or "unknown"
    yield f"machine    {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GiB"
    yield f"           {sets}"
    yield f"software   TensorFlow {machine['tensorflow']}, Python {machine['python']}"
    yield f"date       {machine['date']}"
    if machine["load"] > _BUSY * machine["cores"]:
        yield f"busy       {machine['load']} programs were running; what follows means little"


def _peak(peak: dict[str, Any]) -> Iterator[str]:
    for name, row in peak.items():
        size = row["size"]
        yield (
            f"peak       {row['flops'] / 1e9:.0f} GFLOP/s in {name} "
            f"(median {row['median_flops'] / 1e9:.0f}; product of {size} × {size} matrices)"
        )


def _steps(steps: Sequence[dict[str, Any]]) -> Iterator[str]:
    if not steps:
        return
    header = (
        "model", "px", "precision", "s/step", "middle half", "GFLOP/s", "of peak", "s/Mpx", "MiB"
    )  # fmt: skip
    rows = [
        (
            row["model"],
            f"{row['width']} × {row['height']}",
            row["precision"],
            f"{row['seconds_per_step']:.3f}",
            _range(row["seconds_per_step_spread"]),
            f"{row['flops'] / 1e9:.0f}",
            f"{row['share_of_peak']:.0%}",
            f"{row['seconds_per_megapixel']:.2f}",
            f"{row['peak_memory_mb']:.0f}",
        )
        for row in steps
    ]
    yield from ("", "A step", *_aligned([header, *rows]), *_linearity(steps))


def _linearity(steps: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Say for each network how the cost of a megapixel changes from size to size."""
    kinds = dict.fromkeys((row["model"], row["precision"]) for row in steps)
    for model, precision in kinds:
        rows = [row for row in steps if (row["model"], row["precision"]) == (model, precision)]
        if len(rows) > 1:
            costs = ", ".join(
                f"{row['seconds_per_megapixel']:.2f} at {row['size']}"
                for row in sorted(rows, key=lambda row: int(row["size"]))
            )
            yield f"{model} in {precision}, seconds per megapixel by size in px: {costs}"


def _runs(runs: dict[str, Any] | None) -> Iterator[str]:
    if runs is None:
        return
    sized = f"{runs['width']} × {runs['height']} px, {runs['steps']} steps, {runs['precision']}"
    yield from ("", f"A run: {runs['model']}, {sized}, {runs['peak_memory_mb']:.0f} MiB")
    rows = [
        (
            kind,
            *(
                text
                for name in ("first_frame_seconds", "seconds")
                for text in (f"{runs[kind][name]:.2f} s", _range(runs[kind][f"{name}_spread"]))
            ),
        )
        for kind in ("cold", "warm")
    ]
    yield from _aligned([("", "first picture", "middle half", "end", "middle half"), *rows])


def _textbook(duel: dict[str, Any] | None) -> Iterator[str]:
    if duel is None:
        return
    yield from ("", "In turns with the textbook's Adam in float32 at one size, both warm")
    rows = [
        (
            name,
            str(duel[name]["steps"]),
            f"{duel[name]['seconds']:.1f} s",
            f"{duel[name]['loss']:.4f}",
            _reached(duel[name]["seconds_to_others_loss"]),
        )
        for name in ("stransfer", "textbook")
    ]
    yield from _aligned([("", "steps", "end", "loss", "as low as the other's last"), *rows])


def _race(race: dict[str, Any] | None) -> Iterator[str]:
    if race is None:
        return
    yield from ("", f"Whole processes in turns with {race['program']}, {race['size']} px")
    own, peers = race["stransfer"], race["peer"]
    rows = [("stransfer", f"{own['seconds']:.1f} s", "", "", *_distances(own))]
    rows += [
        (
            f"{race['program']}, {row['steps']} steps",
            f"{row['seconds']:.1f} s",
            f"{row['times_as_long']:.1f}",
            _range(row["times_as_long_spread"]),
            *_distances(row),
        )
        for row in peers
    ]
    header = ("", "end", "times as long", "middle half", "style", "content")
    yield from _aligned([header, *rows])
    yield "Style and content distance are our own judge's, with VGG19; lower is closer."


def _distances(row: dict[str, Any]) -> tuple[str, str]:
    return f"{row['style']:.3f}", f"{row['content']:.3f}"


def _reached(seconds: float | None) -> str:
    return "never" if seconds is None else f"after {seconds:.1f} s"


def _range(spread: Sequence[float]) -> str:
    return f"{spread[0]:.3g}–{spread[1]:.3g}"


def _shown(settings: dict[str, Any]) -> str:
    return "".join(f", {name} {value}" for name, value in settings.items())


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the rows of a table, the first column to the left and all others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()

"""A chart of the loss over time: the engine, the textbook's method, and the other program."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stransfer.bench.canvas import Anchor, Canvas, Png, Point, Svg
from stransfer.errors import BenchError

_CANVASES: dict[str, type[Png] | type[Svg]] = {".png": Png, ".svg": Svg}

_WIDTH, _HEIGHT = 860, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 188, 86, 62

_INK, _QUIET, _GRID = "#22252a", "#6b7078", "#e4e4df"
_COLOURS = {"stransfer": "#c2410c", "textbook": "#2563a8", "peer": "#4d7c3a"}

# The steps of a logarithmic axis that are easy to read, the wider ones first, and how many of
# them an axis needs to be read at all.
_MANTISSAS = (("1",), ("1", "2", "5"), ("1", "1.5", "2", "3", "4", "5", "6", "8"))
_FEWEST_TICKS = 4

_LINE_HEIGHT = 15


@dataclass(frozen=True)
class Curve:
    """One line: points of [seconds, loss], with its name and remarks at its end."""

    colour: str
    name: str
    remarks: tuple[str, ...]
    points: Sequence[Sequence[float]]


def encoder(path: Path) -> Callable[[dict[str, Any]], bytes]:
    """Return what draws a report as the kind of file that the name asks for.

    Raises BenchError if the name ends in none of these; what is returned raises it if the report
    has no course of a loss.
    """
    if path.suffix.lower() not in _CANVASES:
        raise BenchError(
            f"A chart is a PNG or SVG file, and {path.name} does not say which; end its name in "
            f"{' or '.join(_CANVASES)}."
        )
    return lambda figures: _drawn(figures, _CANVASES[path.suffix.lower()](_WIDTH, _HEIGHT))


def curves(figures: dict[str, Any]) -> list[Curve]:
    """Return the lines of a report, the engine's first."""
    duel, race = figures["textbook"], figures["race"]
    if duel is None:
        return []
    found = [
        Curve(_COLOURS[name], title, (_remark(duel[name]),), duel[name]["course"])
        for name, title in (("stransfer", "Stransfer"), ("textbook", "Adam, one size, float32"))
    ]
    if race:
        points = sorted((row["seconds"], row["loss"]) for row in race["peer"])
        last = max(race["peer"], key=lambda row: float(row["seconds"]))
        remarks = (_remark(last), "(whole process)")
        found.append(Curve(_COLOURS["peer"], race["program"], remarks, points))
        whole = f"(whole process: {race['stransfer']['seconds']:.3g} s)"
        found[0] = replace(found[0], remarks=(*found[0].remarks, whole))
    return found


def _remark(row: dict[str, Any]) -> str:
    return f"{row['loss']:.3f} after {row['seconds']:.3g} s"


class _Frame:
    """Where seconds and losses lie: both axes are logarithmic."""

    def __init__(self, points: Sequence[Sequence[float]]) -> None:
        self.seconds = _range([point[0] for point in points])
        low, high = _range([point[1] for point in points])
        # The names of the curves stand below their ends.
        self.losses = low / 1.5, high

    def at(self, seconds: float, loss: float) -> Point:
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        along, up = _part(seconds, *self.seconds), _part(loss, *self.losses)
        return _LEFT + along * width, _HEIGHT - _BOTTOM - up * height


def _drawn(figures: dict[str, Any], canvas: Canvas) -> bytes:
    lines = curves(figures)
    if not lines:
        raise BenchError(
            "A chart needs the course of a loss; measure the part textbook, with a VGG network."
        )
    frame = _Frame([point for curve in lines for point in curve.points])
    _draw_heading(canvas, figures)
    _draw_grid(canvas, frame)
    for curve in lines:
        points = [frame.at(*point) for point in curve.points]
        if len(points) > 1:
            canvas.line(points, curve.colour, 2.4)
        canvas.dot(points[-1], 4, curve.colour)
    _draw_labels(canvas, frame, lines)
    return canvas.encode()


def _draw_heading(canvas: Canvas, figures: dict[str, Any]) -> None:
    duel, machine = figures["textbook"], figures["machine"]
    # In words: the typeface of the pixels has no sign for it.
    what = f"{duel['model']}, {duel['width']} by {duel['height']} px"
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['date'][:10]}"
    canvas.text((_LEFT, 32), "Loss over time", 19, _INK)
    canvas.text((_LEFT, 54), f"{what}, {duel['precision']} · {where}", 12.5, _QUIET)
    note = "loss of the picture at its final size, in float32"
    canvas.text((_LEFT, _TOP - 10), note, 12.5, _QUIET)


def _draw_grid(canvas: Canvas, frame: _Frame) -> None:
    for seconds in _ticks(*frame.seconds):
        x, foot = frame.at(seconds, frame.losses[0])
        canvas.line([(x, _TOP), (x, foot)], _GRID, 1)
        canvas.text((x, foot + 20), f"{seconds:g} s", 12.5, _QUIET, "middle")
    for loss in _ticks(*frame.losses):
        left, y = frame.at(frame.seconds[0], loss)
        canvas.line([(left, y), (_WIDTH - _RIGHT, y)], _GRID, 1)
        canvas.text((left - 10, y + 4), f"{loss:g}", 12.5, _QUIET, "end")
    corner = frame.at(frame.seconds[0], frame.losses[0])
    canvas.line([corner, (_WIDTH - _RIGHT, corner[1])], _QUIET, 1)
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    canvas.text((middle, _HEIGHT - 18), "seconds of computing", 12.5, _QUIET, "middle")


def _draw_labels(canvas: Canvas, frame: _Frame, lines: Sequence[Curve]) -> None:
    """Write each curve's name beside its end, from the top down, none over another.

    Losses fall, so there is room to the left, below the curve; a single point has none to keep
    clear of.
    """
    free = float(_TOP)
    ends = [(frame.at(*curve.points[-1]), curve) for curve in lines]
    for (x, y), curve in sorted(ends, key=lambda end: end[0][1]):
        height = _LINE_HEIGHT * (len(curve.remarks) + 1)
        base = max(free, min(y + 4, _HEIGHT - _BOTTOM - 6 - height + _LINE_HEIGHT))
        free = base + height + 4
        alone = len(curve.points) == 1
        left = x + 12 if alone else x - 20
        anchor: Anchor = "start" if alone else "end"
        canvas.text((left, base), curve.name, 13.5, curve.colour, anchor)
        for line, remark in enumerate(curve.remarks, start=1):
            canvas.text((left, base + line * _LINE_HEIGHT), remark, 11.5, _QUIET, anchor)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Return a little more than the range of the values, which are above 0."""
    return min(values) / 1.1, max(values) * 1.1


def _part(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low)


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two, as few as an axis needs."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    for mantissas in _MANTISSAS:
        # From its text, because 2 × 10⁻¹ as a product would be 0.2 and a bit.
        found = [
            float(f"{mantissa}e{exponent}") for exponent in exponents for mantissa in mantissas
        ]
        ticks = [tick for tick in found if low <= tick <= high]
        if len(ticks) >= _FEWEST_TICKS:
            break
    return ticks

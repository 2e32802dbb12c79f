"""What `stransfer bench` makes of its figures: a comparison, a chart, a table."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from stransfer.bench import chart, comparison, samples, table
from stransfer.errors import BenchError


def figures(**changed: Any) -> dict[str, Any]:
    """A report in which every figure is a round number."""
    step = {
        "model": "vgg16", "size": 200, "width": 200, "height": 100, "precision": "float32",
        "seconds_per_step": 0.5, "seconds_per_step_spread": [0.4, 0.6], "flops": 4e10,
        "share_of_peak": 0.8, "operations": 2e10, "seconds_per_megapixel": 25.0,
        "peak_memory_mb": 800.0,
    }  # fmt: skip
    times = {
        "seconds": 10.0, "seconds_spread": [9.0, 11.0],
        "first_frame_seconds": 2.0, "first_frame_seconds_spread": [1.5, 2.5],
    }  # fmt: skip
    course = [[1.0, 0.5], [2.0, 0.3], [4.0, 0.2]]
    side = {"steps": 3, "seconds": 4.0, "loss": 0.2, "seconds_to_others_loss": 4.0}
    report: dict[str, Any] = {
        "machine": {"processor": "Abacus & Sons", "cores": 2, "memory_gb": 8,
                    "instruction_sets": ["avx2"], "tensorflow": "2.21.0", "python": "3.12.1",
                    "date": "2026-01-02T03:04:05+00:00", "load": 0.1},
        "peak": {"float32": {"flops": 6e10, "median_flops": 5e10, "size": 512}},
        "steps": [step],
        "runs": {"model": "vgg16", "width": 200, "height": 100, "steps": 60,
                 "precision": "float32", "peak_memory_mb": 900.0, "cold": times, "warm": times},
        "textbook": {"model": "vgg16", "width": 200, "height": 100, "precision": "float32",
                     "stransfer": {**side, "course": course},
                     "textbook": {**side, "course": course}},
        "race": None, "settings": {}, "content": "photo.jpg", "style": "artwork.jpg",
    }  # fmt: skip
    return report | changed


def slower(report: dict[str, Any], factor: float) -> dict[str, Any]:
    """The same report with steps that take so many times as long on the same machine."""
    (step,) = report["steps"]
    seconds, share = step["seconds_per_step"] * factor, step["share_of_peak"] / factor
    return report | {"steps": [{**step, "seconds_per_step": seconds, "share_of_peak": share}]}


def test_median_and_spread_are_of_the_middle_half() -> None:
    assert samples.median([9, 1, 2]) == 2
    assert samples.spread([1, 2, 3, 4, 5]) == [2, 4]
    assert samples.spread([3]) == [3, 3]


def test_a_time_is_compared_by_what_the_machine_could_do_meanwhile() -> None:
    then = figures()
    for change in comparison.changes(then, figures()):
        assert change.ratio == 1 and not change.worse(0.0)
    (step, *_) = comparison.changes(then, slower(then, 1.5))
    assert step.name == "a step of vgg16 200 × 100 px float32"
    assert (step.then, step.now, step.ratio) == (0.5, 0.75, 1.5)
    assert step.worse(0.4) and not step.worse(0.6)
    # On a day when the machine is slower by the same factor, it is no regression; nor is a run.
    slow = slower(then, 1.5)
    slow["steps"][0]["share_of_peak"] *= 1.5
    (step, *_) = comparison.changes(then, slow)
    assert step.now > step.then and step.ratio == pytest.approx(1)
    slow["runs"] = then["runs"] | {"cold": {**then["runs"]["cold"], "seconds": 15.0}}
    slow["peak"] = {"float32": {**then["peak"]["float32"], "median_flops": 5e10 / 1.5}}
    (run,) = [c for c in comparison.changes(then, slow) if c.name == "a cold run, whole"]
    assert (run.then, run.now) == (10, 15) and run.ratio == pytest.approx(1)


def test_runs_are_judged_and_memory_is_only_shown() -> None:
    then, now = figures(), figures()
    now["runs"] = now["runs"] | {
        "warm": {**now["runs"]["warm"], "seconds": 13.0},
        "peak_memory_mb": 9000.0,
    }
    worse = [change for change in comparison.changes(then, now) if change.worse(0.15)]
    assert [(change.name, change.ratio) for change in worse] == [("a warm run, whole", 1.3)]
    (memory,) = [c for c in comparison.changes(then, now) if c.name == "memory of a run"]
    assert memory.ratio == 10 and not memory.judged
    assert "WORSE" in table.comparison(worse, 0.15)
    assert "WORSE" not in table.comparison([memory], 0.15)


def test_what_was_measured_otherwise_is_not_compared() -> None:
    other = figures(settings={"steps": "5"})
    names = [change.name for change in comparison.changes(figures(), other)]
    assert names and not [name for name in names if "run" in name]
    # Another pair of other proportions, and another precision.
    for changed in ({"height": 150}, {"precision": "bfloat16"}, {"model": "vgg19"}):
        other = figures(steps=[{**figures()["steps"][0], **changed}])
        names = [change.name for change in comparison.changes(figures(), other)]
        assert names and not [name for name in names if "step" in name]
    with pytest.raises(BenchError, match="no figure in common"):
        comparison.changes(figures(), figures(steps=[], runs=None))


@pytest.mark.parametrize("content", ["", "[]", "3", "{}", '{"steps": 3, "peak": {}}', "\xff"])
def test_a_file_without_figures_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "earlier.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(BenchError, match=r"earlier\.json holds no figures"):
        comparison.read(path)
    path.write_text(json.dumps(figures()))
    assert comparison.read(path) == figures()


def test_a_chart_falls_where_the_loss_does() -> None:
    drawn = chart.encoder(Path("chart.svg"))(figures())
    root = ElementTree.fromstring(drawn)
    lines = [line.get("points", "").split() for line in root.iter() if "polyline" in line.tag]
    (course, _) = [line for line in lines if len(line) == 3]
    points = [tuple(map(float, point.split(","))) for point in course]
    assert points == sorted(points), "to the right and, as y points down, downwards"
    # Both axes are logarithmic: from 1 to 2 s is as far as from 2 to 4 s.
    assert points[1][0] - points[0][0] == pytest.approx(points[2][0] - points[1][0], abs=0.2)
    words = " ".join(root.itertext())
    for part in ("Abacus & Sons, 2 cores, 2026-01-02", "200 by 100 px", "0.200 after 4 s", "2 s"):
        assert part in words


def test_a_chart_is_also_a_picture_of_pixels() -> None:
    with Image.open(io.BytesIO(chart.encoder(Path("chart.PNG"))(figures()))) as image:
        assert image.format == "PNG" and image.width > 2 * 800 * image.height / image.width
        colours = {colour for _, colour in image.convert("RGB").getcolors(2**24) or []}
    assert {(0xC2, 0x41, 0x0C), (0x25, 0x63, 0xA8)} <= colours


def test_a_chart_needs_a_name_that_says_its_kind_and_a_course() -> None:
    with pytest.raises(BenchError, match=r"chart\.gif does not say which"):
        chart.encoder(Path("chart.gif"))
    with pytest.raises(BenchError, match="needs the course of a loss"):
        chart.encoder(Path("chart.svg"))(figures(textbook=None))


def test_the_table_says_what_a_megapixel_costs_at_each_size() -> None:
    report = figures()
    larger = {**report["steps"][0], "size": 400, "seconds_per_megapixel": 26.0}
    shown = table.report(report | {"steps": [*report["steps"], larger], "textbook": None})
    assert "seconds per megapixel by size in px: 25.00 at 200, 26.00 at 400" in shown
    assert "80%" in shown and "textbook" not in shown
    assert "programs were running" not in shown
    busy = table.report(report | {"machine": report["machine"] | {"load": 3.5}})
    assert "3.5 programs were running" in busy

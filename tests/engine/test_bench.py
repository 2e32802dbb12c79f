"""`stransfer bench` as a whole, at a tiny size: what it measures, writes and says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from stransfer import folders
from stransfer.bench import child, table
from stransfer.bench.plan import CONTENT, STYLE
from stransfer.errors import BenchError

pytestmark = pytest.mark.timeout(900)

# Stands in for an environment with PyTorch, which the tests do without: it answers like pastiche's
# own command line, and what it paints is the photo.
PEER = f"""#!{sys.executable}
import sys
from PIL import Image
given = dict(zip(sys.argv[3::2], sys.argv[4::2]))
if "--version" in sys.argv:
    print("pastiche 0.0.0")
else:
    assert given["--num-steps"] == "7" and given["--size"] == given["--style-size"] == "100"
    Image.open(given["--content"]).resize((100, 67)).save(given["--output"])
"""

# Faster than any machine, so that whatever is measured has become slower.
FASTER = {
    "settings": {"size": "100", "steps": "2"},
    "peak": {"float32": {"median_flops": 1.0}},
    "steps": [
        {
            "model": "vgg16", "width": 100, "height": 67, "precision": "float32",
            "seconds_per_step": 1e-6, "operations": 1, "share_of_peak": 1.0, "peak_memory_mb": 1.0,
        }
    ],
}  # fmt: skip


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stransfer", "bench", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str, Path]:
    """One real run of everything: its figures, what it printed, and the folder of its files."""
    folder = tmp_path_factory.mktemp("bench")
    peer = folder / "python"
    peer.write_text(PEER)
    peer.chmod(0o755)
    earlier = folder / "earlier.json"
    earlier.write_text(json.dumps(FASTER))
    done = bench(
        "--quick", "--model", "vgg16", "--size", "100", "--set", "size=100", "--set", "steps=2",
        "--textbook-steps", "3", "--precision", "float32", "--peer-python", str(peer),
        "--peer-steps", "7", "--json", str(folder / "figures.json"),
        "--chart", str(folder / "chart.svg"), "--compare", str(earlier),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    return json.loads((folder / "figures.json").read_text()), done.stdout, folder


def test_it_tells_the_machine_and_its_peak(measured: tuple[Any, str, Path]) -> None:
    figures, shown, _ = measured
    machine = figures["machine"]
    assert machine["processor"] and machine["processor"] in shown
    assert machine["cores"] >= 1 and machine["memory_gb"] > 0
    assert machine["tensorflow"].count(".") == 2 and machine["date"][:2] == "20"
    assert set(figures["peak"]) == {"float32", "bfloat16"}
    for row in figures["peak"].values():
        assert row["flops"] >= row["median_flops"] > 1e8
        assert row["size"] in (512, 1024)


def test_it_tells_the_cost_of_a_step(measured: tuple[Any, str, Path]) -> None:
    figures, _, _ = measured
    (row,) = figures["steps"]
    assert (row["model"], row["size"], row["precision"]) == ("vgg16", 100, "float32")
    assert (row["width"], row["height"]) == (100, 67)
    # By hand: the products of each block at its size, forwards and backwards, and Gram products.
    positions = [100 * 67, 50 * 33, 25 * 16, 12 * 8, 6 * 4]
    kernels = [
        3 * 64 + 64 * 64,
        64 * 128 + 128 * 128,
        128 * 256 + 2 * 256 * 256,
        256 * 512 + 512 * 512 + 512 * 512,
        512 * 512,
    ]
    products = sum(9 * at * kernel for at, kernel in zip(positions, kernels, strict=True))
    channels = [64, 128, 256, 512, 512]
    gram = sum(at * count**2 for at, count in zip(positions, channels, strict=True))
    assert row["operations"] == 2 * 2 * (products + gram)
    assert row["operations_gram"] == 2 * 2 * gram
    assert row["flops"] == pytest.approx(row["operations"] / row["seconds_per_step"])
    assert row["seconds_per_megapixel"] == pytest.approx(row["seconds_per_step"] / 0.0067)
    low, high = row["share_of_peak_spread"]
    assert 0 < low <= row["share_of_peak"] <= high
    assert row["peak_memory_mb"] > 100


def test_it_tells_how_long_one_waits(measured: tuple[Any, str, Path]) -> None:
    runs = measured[0]["runs"]
    assert (runs["width"], runs["height"], runs["steps"]) == (100, 67, 2)
    for kind in ("cold", "warm"):
        assert 0 < runs[kind]["first_frame_seconds"] < runs[kind]["seconds"]
    # Starting Python and loading TensorFlow takes far longer than two steps of this size.
    assert runs["warm"]["seconds"] < runs["cold"]["seconds"]


def test_it_lets_the_textbook_compute_the_same_loss(measured: tuple[Any, str, Path]) -> None:
    duel = measured[0]["textbook"]
    assert (duel["stransfer"]["steps"], duel["textbook"]["steps"]) == (2, 3)
    for name in ("stransfer", "textbook"):
        seconds, losses = zip(*duel[name]["course"], strict=True)
        assert list(seconds) == sorted(seconds)
        assert losses[0] > losses[-1] == duel[name]["loss"]
    # Three steps of the one get lower than two of the other.
    assert duel["stransfer"]["seconds_to_others_loss"] is None
    assert 0 < duel["textbook"]["seconds_to_others_loss"] <= duel["textbook"]["seconds"]


def test_it_races_the_other_program(measured: tuple[Any, str, Path]) -> None:
    race = measured[0]["race"]
    (peer,) = race["peer"]
    assert race["program"] == "pastiche 0.0.0" and peer["steps"] == 7
    ratio = peer["seconds"] / race["stransfer"]["seconds"]
    assert peer["times_as_long"] == pytest.approx(ratio)
    # The other one's picture is the photo, reduced: nearer to the photo, further from the artwork.
    assert 0 < peer["content"] < race["stransfer"]["content"]
    assert peer["style"] > race["stransfer"]["style"] > 0
    assert peer["loss"] > race["stransfer"]["loss"] > 0
    last = measured[0]["textbook"]["stransfer"]["loss"]
    assert race["stransfer"]["loss"] == pytest.approx(last, rel=0.02)


def test_the_table_shows_every_figure_and_the_comparison(measured: tuple[Any, str, Path]) -> None:
    figures, shown, _ = measured
    assert shown.startswith(table.report(figures))
    share = f"{figures['steps'][0]['share_of_peak']:.0%}"
    for words in (share, "100 × 67", "cold", "warm", "textbook", "pastiche 0.0.0, 7 steps"):
        assert words in shown
    (worse,) = [line for line in shown.splitlines() if line.endswith("WORSE")]
    assert "a step of vgg16 100 × 67 px float32" in worse


def test_the_chart_has_a_line_for_each(measured: tuple[Any, str, Path]) -> None:
    drawn = (measured[2] / "chart.svg").read_text()
    for name in ("Stransfer", "Adam, one size, float32", "pastiche 0.0.0"):
        assert f">{name}</text>" in drawn
    assert drawn.count("<circle") == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "colour"], "such as --set colour=VALUE"),
        (["--set", "colour=red"], "There is no such setting"),
        (["--content", "none.jpg"], "Cannot read none.jpg"),
        (["--chart", "chart.gif"], "end its name in .png or .svg"),
        (["--json", "none/figures.json"], "The folder none does not exist"),
        (["--compare", "none.json"], "Cannot read none.json"),
        (["--compare", str(CONTENT)], "holds no figures to compare with"),
        (["--peer-python", "none"], "none is no Python that has pastiche"),
        (["--size", "5"], "5 is not in the range"),
    ],
)
def test_a_mistake_is_answered_before_anything_is_measured(
    arguments: Sequence[str], sentence: str
) -> None:
    done = bench(*arguments)
    assert done.returncode == 2 and not done.stdout
    assert sentence in done.stderr and "Measuring" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_measurement_that_fails_says_why(tmp_path: Path) -> None:
    narrow = tmp_path / "narrow.png"
    Image.new("RGB", (600, 32)).save(narrow)
    with pytest.raises(BenchError, match="needs at least 32 px on the short side") as caught:
        child.measured(
            "runs", content=str(narrow), style=str(STYLE), settings={"size": 100}, rounds=1
        )
    assert caught.value.exit_code == 2
    with pytest.raises(BenchError, match="unexpected keyword argument") as caught:
        child.measured("runs", color="red")
    assert caught.value.exit_code == 1


def test_the_memory_of_a_child_is_its_own() -> None:
    code = (
        "from stransfer.footprint import peak_memory_mb as peak; import numpy; before = peak(); "
        "numpy.ones(40_000_000); print(before, peak() - before)"
    )
    ballast = bytearray(os.urandom(2**10) * 400_000)
    before, more = map(float, child.answered([sys.executable, "-c", code]).split())
    assert before < len(ballast) / 2**20
    assert 300 < more < 340


def test_the_pair_unless_another_is_named_is_among_the_samples() -> None:
    for path in (CONTENT, STYLE):
        assert path.is_file() and path.is_relative_to(folders.DATA)

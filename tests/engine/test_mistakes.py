"""Whatever can go wrong is one sentence, from Python and from the command line alike."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import stransfer
from stransfer import files, folders, images, srgb, weightfiles
from stransfer.errors import ImageError, MemoryExhaustedError, StransferError
from stransfer.program import Program, program_of
from stransfer.settings import Settings
from tests.conftest import ROOT

CONTENT = folders.DATA / "content" / "cat.jpg"
STYLE = folders.DATA / "style" / "night_wind.jpg"
QUICK = {"size": 100, "scales": 1, "steps": 1}


def narrow(folder: Path) -> dict[str, Any]:
    Image.new("RGB", (600, 40), "red").save(folder / "narrow.png")
    return {"content": folder / "narrow.png"}


def tiny(folder: Path) -> dict[str, Any]:
    Image.new("RGB", (31, 40), "red").save(folder / "tiny.png")
    return {"content": folder / "tiny.png"}


def upright_mask(folder: Path) -> dict[str, Any]:
    Image.new("L", (40, 60), "white").save(folder / "mask.png")
    return {"content_mask": folder / "mask.png"}


def text(folder: Path) -> dict[str, Any]:
    (folder / "text.png").write_text("no picture")
    return {"style": folder / "text.png"}


def setting(name: str, value: object) -> Callable[[Path], dict[str, Any]]:
    return lambda folder: {name: value}


MISTAKES = {
    "model": (setting("model", "vgg11"), "Model must be one of vgg16, vgg19"),
    "layer": (setting("style_layers", "block9_conv1"), "choose from block1_conv1, block1_conv2"),
    "layer weight": (setting("content_layers", "block1_conv1:-1"), "must be a number above 0"),
    "steps": (setting("steps", 0), "a whole number from 1 to 10000, but '0' was given"),
    "size": (setting("size", 1001), "a whole number from 100 to 1000, but '1001' was given"),
    "precision": (setting("precision", "float8"), "must be one of auto, float32, bfloat16"),
    "narrow": (narrow, "VGG16 needs at least 32 px on the short side"),
    "tiny": (tiny, "must be at least 32 px on its short side, and this one is 31 × 40"),
    "mask": (upright_mask, "the photo's proportions: the photo is"),
    "no picture": (text, "text.png is none"),
}

_PICTURES = ("content", "style", "content_mask")


@pytest.fixture(params=MISTAKES)
def mistake(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, Any], str]:
    make, sentence = MISTAKES[request.param]
    return {"content": CONTENT, "style": STYLE, **QUICK, **make(tmp_path)}, sentence


def on_the_command_line(given: dict[str, Any], output: Path, **environment: str) -> str:
    """Run `render`, see that it ends as it should for what a person can mend; its sentence."""
    pictures = [str(given["content"]), str(given["style"]), "-o", str(output)]
    options: list[str] = []
    for name in given.keys() - {"content", "style"}:
        options += [f"--{name.replace('_', '-')}", str(given[name])]
    done = subprocess.run(
        [sys.executable, "-m", "webapp", "render", *pictures, *options],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    # The last line, because a bar may have been drawn before it.
    sentence = str(done.stderr).strip().splitlines()[-1]
    assert sentence.startswith("stransfer: ") and "Traceback" not in done.stderr
    return sentence


def test_a_mistake_is_told_from_python(mistake: tuple[dict[str, Any], str]) -> None:
    given, sentence = mistake
    pictures = {name: given.pop(name) for name in _PICTURES if name in given}
    with pytest.raises(StransferError) as told:
        stransfer.run(**pictures, settings=Settings(**given))
    assert sentence.replace("'0'", "0").replace("'1001'", "1001") in str(told.value)
    assert told.value.exit_code == 2


def test_a_mistake_is_told_on_the_command_line(
    mistake: tuple[dict[str, Any], str], tmp_path: Path
) -> None:
    given, sentence = mistake
    assert sentence in on_the_command_line(given, tmp_path / "out.png")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("foreign", "does not belong to VGG16"),
        ("damaged", "is damaged or is not the file it should be"),
        ("not numbers", "holds values that are not numbers in block1_conv1/kernel"),
    ],
)
def test_a_weight_file_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, expected: str
) -> None:
    path = tmp_path / "weights" / "vgg16.npz"
    path.parent.mkdir()
    source = folders.DATA / "weights"
    if kind == "foreign":
        shutil.copy(source / "vgg19.npz", path)
    elif kind == "damaged":
        path.write_bytes((source / "vgg16.npz").read_bytes()[:100_000])
    else:
        arrays = weightfiles.read_archive(source / "vgg16.npz")
        arrays["block1_conv1/kernel"][0, 0, 0, 0] = np.nan
        np.savez(path, **arrays)  # type: ignore[arg-type]
    given = {"content": CONTENT, "style": STYLE, **QUICK}
    sentence = on_the_command_line(given, tmp_path / "out.png", INSTANCE_PATH=str(tmp_path))
    assert str(path) in sentence and expected in sentence
    assert not (tmp_path / "out.png").exists()
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    # One that no other test has built, and that is therefore not built yet.
    steps = stransfer.run(CONTENT, STYLE, Settings(**QUICK, style_layers="block2_conv2:3"))  # type: ignore[arg-type]
    with pytest.raises(stransfer.WeightsError, match=expected):
        next(steps)


@pytest.mark.parametrize(
    "output", ["/proc/out.png", "FOLDER/picture.png", f"FOLDER/{'a' * 250}.png"]
)
def test_an_output_that_cannot_be_written_is_noticed_before_anything_is_painted(
    tmp_path: Path, output: str
) -> None:
    (tmp_path / "picture.png").mkdir()
    given = {"content": CONTENT, "style": STYLE, "steps": 10_000, "size": 1000}
    path = Path(output.replace("FOLDER", str(tmp_path)))
    sentence = on_the_command_line(given, path)
    assert f"Cannot write {path}" in sentence
    assert [left.name for left in tmp_path.iterdir()] == ["picture.png"]


def test_to_try_whether_a_file_can_be_written_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    files.probe(path)
    assert not list(tmp_path.iterdir())
    path.write_bytes(b"earlier")
    files.probe(path)
    assert path.read_bytes() == b"earlier" and list(tmp_path.iterdir()) == [path]


# In a process of its own, which gets next to no more memory once everything is loaded: too little
# for any array of the picture, so that NumPy notices first. oneDNN would end the process.
_STARVED = """
import gc
import resource
from pathlib import Path
import numpy as np
from stransfer import loading
from stransfer.settings import Settings
from stransfer.subject import Subject
loading.load()
assert gc.isenabled() and gc.get_freeze_count() > 100_000
from stransfer.program import prepare
from stransfer.transfer import Transfer
settings = Settings(size=1000, scales=1, steps=1, precision="float32")
prepare(settings)
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + 4 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
picture = np.random.default_rng(0).random((300, 200, 3), np.float32)
try:
    next(Transfer(Subject(picture, (picture,)), settings).start())
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells how much is used")
def test_memory_that_runs_out_is_told_with_the_size_that_needs_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _STARVED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == (
        "MemoryExhaustedError: There is not enough memory to paint at 667 × 1000 px; "
        "choose a smaller size."
    ), done.stderr
    assert MemoryExhaustedError(1, 1).exit_code == 2


def test_memory_that_python_itself_lacks_is_told_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(self: Program, *arguments: Any) -> Any:
        raise MemoryError

    program_of(Settings(**QUICK))  # type: ignore[arg-type]
    monkeypatch.setattr(Program, "evaluate", starved)
    with pytest.raises(MemoryExhaustedError, match="100 × 67 px"):
        next(stransfer.run(CONTENT, STYLE, Settings(**QUICK)))  # type: ignore[arg-type]


def test_a_picture_that_memory_is_too_small_for_is_not_called_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def starved(image: Image.Image) -> Image.Image:
        raise MemoryError

    monkeypatch.setattr(srgb, "upright", starved)
    with pytest.raises(ImageError, match=r"too small to read cat.jpg"):
        images.read(CONTENT)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_array_that_holds_no_numbers_is_refused(value: float) -> None:
    picture = np.full((40, 40, 3), 0.5, np.float32)
    picture[3, 4, 1] = value
    with pytest.raises(ImageError, match="not numbers"):
        stransfer.run(picture, STYLE)
    with pytest.raises(ImageError, match=r"of shape \[0, 4, 3\]"):
        images.read(np.zeros((0, 4, 3), np.float32))

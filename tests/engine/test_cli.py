"""The engine's command line, as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from PIL import Image

from stransfer import folders, precision, presets
from stransfer.cli import cli, run_command_line
from stransfer.settings import SETTINGS

CONTENT = str(folders.DATA / "content" / "cat.jpg")
STYLE = str(folders.DATA / "style" / "night_wind.jpg")


PICTURES = [CONTENT, STYLE, str(folders.DATA / "style" / "fjord.jpg")]

# Paints with some options, in this process, and returns what is printed of it.
Here = Callable[..., dict[str, Any]]


def stransfer(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "webapp", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result, painted by another process, with a timelapse beside it."""
    output = tmp_path_factory.mktemp("first") / "first.png"
    film = str(output.with_name("film.webp"))
    done = stransfer(
        "render", *PICTURES, "-o", str(output), "--timelapse", film, "--size", "100",
        "--steps", "1", "--scales", "1", "--style-weights", "3,1", "--tv-weight", "0.5",
        "--style-layers", "block1_conv1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture
def here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Here:
    """What paints two artworks in this process, which has TensorFlow already."""

    def paint(*options: str) -> dict[str, Any]:
        command = ["render", *PICTURES, "-o", str(tmp_path / "out.png"), "--json", *options]
        monkeypatch.setattr(sys, "argv", ["stransfer", *command])
        with pytest.raises(SystemExit) as ended:
            run_command_line(cli)
        shown = capsys.readouterr()
        assert not ended.value.code, shown.err
        told: dict[str, Any] = json.loads(shown.out)
        return told

    return paint


def test_render_prints_one_object_and_writes_the_picture(tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    done = stransfer(
        "render", CONTENT, STYLE, "-o", str(output), "--json",
        "--size", "100", "--steps", "2", "--scales", "2", "--tv-weight", "0.5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["output"] == str(output)
    assert (report["width"], report["height"], report["steps"]) == (100, 67, 27)
    assert report["model"] == "vgg16" and report["precision"] == precision.chosen("auto")
    assert set(report["loss"]) == {"total", "content", "style", "tv"}
    assert 0 < report["first_frame_seconds"] <= report["seconds"]
    assert report["seconds_per_step"] > 0 and report["peak_memory_mb"] > 100
    assert report["settings"]["tv_weight"] == 0.5
    with Image.open(output) as image:
        assert (image.format, image.size, image.mode) == ("PNG", (100, 67), "RGB")


def test_the_progress_bar_counts_what_the_steps_cost(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    command = ["render", CONTENT, STYLE, "-o", str(tmp_path / "out.png")]
    command += ["--size", "200", "--steps", "2", "--scales", "2"]
    child = subprocess.Popen([sys.executable, "-m", "webapp", *command], stderr=theirs)
    os.close(theirs)
    shown = b""
    # The end of a terminal whose other side is closed is an error to read.
    with contextlib.suppress(OSError):
        while news := os.read(ours, 4096):
            shown += news
    os.close(ours)
    assert child.wait() == 0
    seen = re.findall(r"(\d+)%\|[^|]*\| step (\d+) of 27, scale \d of 2, loss", shown.decode())
    # 25 coarse steps at a quarter of the pixels, and two at the final size.
    cost = [0.25] * 25 + [1.0] * 2
    part = {step: 100 * sum(cost[:step]) / sum(cost) for step in range(1, 28)}
    assert seen and all(abs(part[int(step)] - int(percent)) <= 1 for percent, step in seen)
    assert seen[-1] == ("100", "27") and "00:00 left" in shown.decode()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--size", "5"], "from 100 to 1000, but '5' was given"),
        (["--model", "vgg11"], "must be one of vgg16"),
        (["--style-layers", "block1"], "choose from block1_conv1"),
        (["--colour"], "No such option"),
    ],
)
def test_a_mistake_is_answered_by_one_sentence_and_code_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    output = tmp_path / "out.png"
    done = stransfer("render", CONTENT, STYLE, "-o", str(output), *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not done.stdout and not output.exists()


def test_what_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("not a picture")
    for arguments, sentence in (
        (["none.jpg", STYLE, "-o", str(tmp_path / "o.png")], "Cannot read none.jpg"),
        ([str(text), STYLE, "-o", str(tmp_path / "o.png")], "text.jpg is none"),
        ([CONTENT, STYLE, "-o", str(tmp_path / "none" / "o.png")], "does not exist"),
        ([CONTENT, STYLE, "-o", str(tmp_path / "o.gif")], "end its name in .png"),
        ([CONTENT, STYLE, "-o", str(tmp_path / "o.png"), "--timelapse", "t.avi"], ".webp"),
        ([CONTENT, STYLE, "-o", str(tmp_path / "o.png"), "--like", CONTENT], "does not carry"),
        ([CONTENT, STYLE, "-o", str(tmp_path / "o.png"), "--style-weights", "1,2"], "given for 1"),
    ):
        done = stransfer("render", *arguments)
        assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr
    assert list(tmp_path.iterdir()) == [text]


def test_render_like_an_earlier_result_repeats_it_exactly(first: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.png"
    assert stransfer("render", *PICTURES, "-o", str(again), "--like", str(first)).returncode == 0
    assert first.read_bytes() == again.read_bytes()
    with Image.open(first.with_name("film.webp")) as image:
        assert image.format == "WEBP" and image.size == (100, 67)


def test_what_is_given_empty_is_not_taken_from_an_earlier_result(first: Path, here: Here) -> None:
    used = here("--like", str(first), "--style-layers", "")["settings"]
    assert (used["style_layers"], used["steps"], used["size"]) == ("", 1, 100)


def test_a_preset_wins_over_an_earlier_result_and_what_is_given_wins_over_both(
    first: Path, here: Here, tmp_path: Path
) -> None:
    used = here("--like", str(first), "--preset", "draft", "--size", "120")["settings"]
    draft = presets.find("draft").settings
    assert (used["size"], used["steps"]) == (120, draft["steps"])
    assert (used["scales"], used["tv_weight"]) == (1, 0.5)
    output = str(tmp_path / "best.png")
    refused = stransfer("render", CONTENT, STYLE, "-o", output, "--preset", "best")
    assert (refused.returncode, "draft, standard, fine" in refused.stderr) == (2, True)


def test_without_weights_and_network_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    # A proxy on a port where nobody listens is a network that is not there.
    here = {"INSTANCE_PATH": str(tmp_path), "KERAS_HOME": str(tmp_path / "keras")}
    here |= {"https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    output = tmp_path / "out.png"
    arguments = ("render", CONTENT, STYLE, "-o", str(output), "--json", "--size", "100")
    assert "to be downloaded (29 MB)" in stransfer("models", **here).stdout
    refused = stransfer(*arguments, "--model", "densenet121", **here)
    assert refused.returncode == 2 and not refused.stdout and not output.exists()
    sentence = refused.stderr.strip().splitlines()[-1]
    assert sentence.startswith("stransfer: The weights of DenseNet121 are not on this machine")
    assert str(tmp_path / "weights") in sentence and "Traceback" not in refused.stderr
    models = json.loads(stransfer("models", "--json", **here).stdout)
    states = {row["name"]: row["weights"] for row in models}
    assert states["densenet121"] == "not available offline"
    assert states["resnet50"] == "to be downloaded"
    done = stransfer(
        *arguments, "--steps", "1", "--model", "densenet121", "--weights", "untrained",
        "--seed", "3", **here,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["weights"] == "untrained (seed 3)"


def test_models_and_settings_are_listed_for_people_and_programs() -> None:
    models = json.loads(stransfer("models", "--json").stdout)
    assert models[0]["name"] == "vgg16" and models[0]["weights"] == "in the repository"
    assert len(models) == 13 and models[7]["download_mb"] == 95
    assert "block4_conv2" in models[0]["layers"]
    assert "vgg16" in stransfer("models").stdout
    settings = json.loads(stransfer("settings", "--json").stdout)
    assert [row["name"] for row in settings] == [setting.name for setting in SETTINGS]
    listed = stransfer("settings").stdout
    assert "content_weight" in listed
    for preset in presets.PRESETS:
        assert f"--preset {preset.name}  ({preset.values}; " in listed


def test_every_setting_is_an_option_with_help() -> None:
    shown = " ".join(stransfer("render", "--help").stdout.split())
    for setting in SETTINGS:
        assert f"--{setting.name.replace('_', '-')}" in shown
        assert setting.help.split(".")[0] in shown


def test_what_nobody_expected_is_one_sentence_and_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = click.Group("group")

    @group.command()
    def fail() -> None:
        raise RuntimeError("out of memory\nand more")

    monkeypatch.setattr(sys, "argv", ["group", "fail"])
    with pytest.raises(SystemExit) as ended:
        run_command_line(group)
    shown = capsys.readouterr().err
    assert ended.value.code == 1
    assert "RuntimeError: out of memory)" in shown and len(shown.strip().splitlines()) == 1


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_command_ends_with_the_code_it_chose(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    group = click.Group("group")

    @group.command()
    def judge() -> None:
        raise click.exceptions.Exit(code)

    monkeypatch.setattr(sys, "argv", ["group", "judge"])
    with pytest.raises(SystemExit) as ended:
        run_command_line(group)
    assert ended.value.code == code


def test_no_file_is_written_over_another(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(Path(CONTENT).read_bytes())
    same = str(tmp_path / "same.webp")
    for arguments in (["-o", str(photo)], ["-o", same, "--timelapse", same]):
        done = stransfer("render", str(photo), STYLE, *arguments)
        assert done.returncode == 2
        assert "written over another" in done.stderr
    assert photo.read_bytes() == Path(CONTENT).read_bytes()

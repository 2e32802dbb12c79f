"""README says what the code says: each settings row, configuration key and command stands there."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from PIL import Image

from stransfer.models import MODELS
from stransfer.options import shown_default
from stransfer.presets import PRESETS, relative_cost
from stransfer.settings import SETTINGS, Settings
from tests.conftest import ROOT
from webapp.cli import cli
from webapp.config import Config

README = (ROOT / "README.md").read_text()


def settings_rows() -> Iterator[str]:
    for setting in SETTINGS:
        unit = f" {setting.unit}" if setting.unit else ""
        default = shown_default(setting)
        yield f"| `{setting.name}` | {default} | {setting.values}{unit} | {setting.help} |"


def preset_rows() -> Iterator[str]:
    for preset in PRESETS:
        part = relative_cost(preset.over(Settings()))
        yield f"| `{preset.name}` | {preset.values} | {part:.2g} | {preset.help} |"


def configuration_rows() -> Iterator[str]:
    for row in dataclasses.fields(Config):
        default = f"`{row.default}`" if row.default != "" else ""
        yield f"| `{row.name.upper()}` | {default} | {row.metadata['help']} |"


def missing(rows: Iterator[str]) -> str:
    return "\n".join(row for row in rows if row not in README)


def test_every_setting_stands_in_the_readme_with_its_default_and_help() -> None:
    assert not missing(settings_rows())


def test_every_preset_stands_in_the_readme_with_its_settings_and_its_cost() -> None:
    assert not missing(preset_rows())


def test_every_configuration_key_stands_in_the_readme_with_its_default_and_help() -> None:
    assert not missing(configuration_rows())


@pytest.mark.parametrize("command", cli.list_commands(click.Context(cli)))
def test_every_command_stands_in_the_readme_and_has_help(command: str) -> None:
    assert f"`stransfer {command}" in README
    found = cli.get_command(click.Context(cli), command)
    assert isinstance(found, click.Command) and found.help
    for parameter in found.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.name == "help", parameter.name


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_stands_in_the_readme_with_its_credit(model: object) -> None:
    assert f"| `{model.name}` | {model.title} |" in README  # type: ignore[attr-defined]
    assert model.weights_credit in README  # type: ignore[attr-defined]


def test_the_examples_in_the_readme_run() -> None:
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    # The others need a running site; tests/site/test_readme.py has one.
    alone = [example for example in examples if "http://" not in example]
    assert alone
    for example in alone:
        done = subprocess.run(
            [sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_every_picture_and_page_the_readme_points_to_exists() -> None:
    for target in re.findall(r"\]\(((?!https?:|#)[^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_contact_sheet_is_made_by_its_script(tmp_path: Path) -> None:
    chosen = ["--contents", "cat.jpg", "--styles", "fjord.jpg", "two_fish.jpg", "--models", "vgg16"]
    output = tmp_path / "sheet.jpg"
    script = [sys.executable, "docs/contact_sheet.py", *chosen, "--size", "100"]
    done = subprocess.run(
        [*script, "--output", str(output)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with Image.open(output) as sheet:
        # Below the last artwork, in the last of two rows and three columns, hangs the last picture.
        corner = sheet.crop((2 * sheet.width // 3, sheet.height // 2, *sheet.size))
        assert len(corner.resize((40, 40)).getcolors(1600) or []) > 400


def test_the_load_script_tells_what_everybody_saw() -> None:
    crowd = ["--watchers", "4", "--pages", "6", "--slow", "1", "--dead", "1"]
    script = [sys.executable, "docs/load.py", *crowd, "--rounds", "1", "--size", "100"]
    done = subprocess.run([*script, "--steps", "20"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["cpu_loaded"]) == {"web", "worker", "crowd"}
    [seen] = told["seen"]
    assert (seen["watchers"], seen["watchers_lost"], seen["page_errors"]) == (4, 0, 0)
    assert seen["frames"]["least"] >= 1
    assert all(times["count"] >= 1 for times in seen["pages"].values())


def test_every_sample_is_credited() -> None:
    credits = (ROOT / "data" / "README.md").read_text()
    for role in ("content", "style"):
        for path in (ROOT / "data" / role).iterdir():
            assert f"`{role}/{path.name}`" in credits, path

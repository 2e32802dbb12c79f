"""The examples in README that need a running site do what they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from stransfer import folders
from tests.conftest import ROOT
from tests.site.server import Server

README = (ROOT / "README.md").read_text()
SITE = "http://127.0.0.1:5000"


def run(program: list[str], folder: Path) -> str:
    """What a program prints that ends well."""
    ended = subprocess.run(
        program, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_example_with_curl_starts_a_run(server: Server, tmp_path: Path) -> None:
    [example] = re.findall(r"^    (token=.*?)\n\n", README, re.DOTALL | re.MULTILINE)
    assert SITE in example and "curl" in example
    answer = run(["bash", "-euo", "pipefail", "-c", example.replace(SITE, server.url)], tmp_path)
    started = json.loads(answer)
    assert started["state"] == "queued"
    assert (started["settings"]["size"], started["settings"]["steps"]) == (200, 5)


def test_the_example_in_python_paints_a_picture(server: Server, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    [example] = [block for block in blocks if SITE in block]
    (tmp_path / "data").symlink_to(folders.DATA)
    printed = run([sys.executable, "-c", example.replace(SITE, server.url)], tmp_path)
    assert printed.splitlines()[-1] == "done: 100%"
    with Image.open(tmp_path / "painting.png") as painting:
        assert painting.format == "PNG" and max(painting.size) == 200

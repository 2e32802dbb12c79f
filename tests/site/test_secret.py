"""The key that signs the cookies."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from webapp import secret
from webapp.errors import ConfigError

RACER = """
import sys
from pathlib import Path
from webapp import secret
print("ready", flush=True)
sys.stdin.readline()
print(secret.load("", Path(sys.argv[1])))
"""


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    made = secret.load("", tmp_path / "instance")
    assert len(made) >= 32
    assert secret.load("", tmp_path / "instance") == made
    assert secret.load("", tmp_path / "another") != made


def test_only_its_owner_can_read_the_key(tmp_path: Path) -> None:
    secret.load("", tmp_path)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_configured_key_is_used_and_not_written_down(tmp_path: Path) -> None:
    configured = "correct horse battery staple"
    assert secret.load(configured, tmp_path) == configured
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY must have at least 16"):
        secret.load("secret", tmp_path)


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    keys = {racer.communicate(timeout=20)[0].strip() for racer in racers}
    assert len(keys) == 1
    assert keys == {(tmp_path / "secret_key").read_text()}
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]

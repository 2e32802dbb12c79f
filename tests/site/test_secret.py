"""The key that signs the cookies."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from webapp import secret
from webapp.errors import ConfigError

RACER = """
import sys
import time
from pathlib import Path
from webapp import secret
print("ready", flush=True)
sys.stdin.readline()
print(secret.load("", Path(sys.argv[1])).signing)
"""


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    made = secret.load("", tmp_path / "instance")
    assert len(made.signing) >= 32 and made.earlier == ()
    assert secret.load("", tmp_path / "instance") == made
    assert secret.load("", tmp_path / "another") != made


def test_only_its_owner_can_read_the_key(tmp_path: Path) -> None:
    secret.load("", tmp_path)
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_configured_key_is_used_and_not_written_down(tmp_path: Path) -> None:
    configured = "correct horse battery staple"
    assert secret.load(configured, tmp_path) == secret.Keys(configured)
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


def test_earlier_keys_stay_until_what_they_signed_has_run_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = secret.load("", tmp_path).signing
    assert secret.rotate(tmp_path, cookie_days=10) == 1
    second = secret.load("", tmp_path)
    assert second.earlier == (first,) and second.signing != first
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 9 * 86400)
    assert secret.rotate(tmp_path, cookie_days=10) == 2
    monkeypatch.setattr(time, "time", lambda: now + 11 * 86400)
    assert secret.rotate(tmp_path, cookie_days=10) == 2
    assert first not in secret.load("", tmp_path).earlier
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_configured_fallbacks_are_believed_beside_the_kept_keys(tmp_path: Path) -> None:
    kept = secret.load("", tmp_path)
    both = secret.load("", tmp_path, ("an earlier key of ours",))
    assert (both.signing, both.earlier) == (kept.signing, ("an earlier key of ours",))
    with pytest.raises(ConfigError, match="SECRET_KEY_FALLBACKS must have at least 16") as refused:
        secret.load("", tmp_path, ("shorty",))
    assert "shorty" not in str(refused.value)


@pytest.mark.parametrize(("mode", "seen"), [(0o600, False), (0o640, True), (0o604, True)])
def test_it_is_noticed_when_others_can_read_the_key(mode: int, seen: bool, tmp_path: Path) -> None:
    assert secret.readable_by_others(tmp_path) is False
    secret.load("", tmp_path)
    (tmp_path / "secret_key").chmod(mode)
    assert secret.readable_by_others(tmp_path) is seen

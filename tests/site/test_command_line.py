"""The commands that serve the site: what they say where they cannot."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def run(folder: Path, *command: str, **keys: str) -> subprocess.CompletedProcess[str]:
    """Run a command that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "webapp", *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "INSTANCE_PATH": str(folder), **keys},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_sentence(ended: subprocess.CompletedProcess[str], word: str) -> None:
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    [sentence] = ended.stderr.splitlines()
    assert sentence.startswith("stransfer: ") and sentence.endswith((".", "empty."))
    assert word in sentence


@pytest.mark.parametrize(
    ("command", "key", "value"),
    [
        ("serve", "PORT", "none"),
        ("serve", "SECRET_KEY", "short"),
        ("serve", "DATABASE_URL", "nonsense"),
        ("web", "QUEUE_URL", "carrier-pigeon://loft"),
        ("web", "INSTANCE_PATH", "/proc/nowhere"),
        ("worker", "MEDIA_URL", "nowhere://bucket"),
        ("worker", "DEVICE", "abacus"),
    ],
)
def test_a_configuration_that_cannot_work_ends_at_once_in_one_sentence(
    command: str, key: str, value: str, tmp_path: Path
) -> None:
    assert_one_sentence(run(tmp_path, command, **{key: value}), key)


def test_a_worker_for_a_graphics_card_that_is_not_there_ends_in_one_sentence(
    tmp_path: Path,
) -> None:
    ended = run(tmp_path, "worker", "--device", "gpu:3", DEVICE="cpu")
    assert_one_sentence(ended, "no gpu:3 here: TensorFlow finds no graphics card")


def test_a_port_that_is_taken_ends_at_once_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert_one_sentence(run(tmp_path, "serve", PORT=port), f"PORT {port}")


def test_the_doctor_tries_every_part_and_tells_which_precision_is_faster(tmp_path: Path) -> None:
    ended = run(tmp_path, "check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    parts = ["database", "queue", "media store", "disk", "key of the cookies", "pictures"]
    parts += ["weights", "TensorFlow", "precision", "workers"]
    assert [line.split(":")[0] for line in ended.stdout.splitlines()] == [
        f"ok   {part}" for part in parts
    ]
    assert "on the processor" in ended.stdout and "workers: 0 at work" in ended.stdout
    assert "float32, because" in ended.stdout or "bfloat16, because" in ended.stdout


def test_a_worker_that_could_start_before_may_be_started_again(tmp_path: Path) -> None:
    nobody = {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    first, renewed = (
        run(tmp_path, "worker", **nobody, **marks) for marks in ({}, {"STRANSFER_THERE_SINCE": "1"})
    )
    assert "DATABASE_URL does not answer" in first.stderr and first.stderr == renewed.stderr
    # With the first code, whoever supervises them would give up, and end the site.
    assert (first.returncode, renewed.returncode) == (2, 1)

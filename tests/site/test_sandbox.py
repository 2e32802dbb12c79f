"""What a process cannot do any more once it is in the sandbox."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# What is tried afterwards; each has to fail.
_ATTEMPTS = {
    "read a file": "open('README.md')",
    "write a file": "open(target, 'w')",
    "connect": "socket.create_connection(('127.0.0.1', 9))",
    "make a socket": "socket.socket()",
    "start a program": "subprocess.run(['true'])",
    "list a folder": "os.listdir('.')",
    "take all memory": "bytearray(2**30)",
}
_WITH_LANDLOCK = {
    "remove a file": "os.unlink(target)",
    "rename a file": "os.rename(target, target + 'x')",
    "empty a file": "os.truncate(target, 0)",
    "make a folder": "os.mkdir(target + '.folder')",
    "become a program": "os.execv('/bin/true', ['true'])",
    "send a signal to its parent": "os.kill(os.getppid(), 0)",
}


def landlock() -> int:
    """The version of Landlock that this system has, or something below 1."""
    if sys.platform != "linux":
        return 0
    return int(ctypes.CDLL(None).syscall(444, None, 0, 1))


def after_entering(attempt: str, target: Path) -> str:
    code = (
        "import os, socket, subprocess, sys\n"
        "from webapp import sandbox\n"
        f"target = {str(target)!r}\n"
        "sandbox.enter(memory=2**29, output=100, seconds=5)\n"
        "sandbox.grant(2)\n"
        f"try:\n    {attempt}\n"
        "except (OSError, MemoryError) as error:\n"
        "    print('failed')\n"
        "else:\n    print('succeeded')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return ended.stdout.strip() or ended.stderr


@pytest.mark.parametrize("what", [*_ATTEMPTS, *_WITH_LANDLOCK])
def test_it_cannot(what: str, tmp_path: Path) -> None:
    if what in _WITH_LANDLOCK and landlock() < 6:
        # Older kernels forbid less, and README says so.
        return
    target = tmp_path / "target"
    target.write_text("content")
    attempt = {**_ATTEMPTS, **_WITH_LANDLOCK}[what]
    assert after_entering(attempt, target) == "failed"
    assert [*tmp_path.iterdir()] == [target] and target.read_text() == "content"


def test_it_can_only_write_so_much_to_what_is_open(tmp_path: Path) -> None:
    with (tmp_path / "output").open("wb") as output:
        code = (
            "import os\n"
            "from webapp import sandbox\n"
            "sandbox.enter(memory=2**29, output=100, seconds=5)\n"
            "os.write(1, bytes(80))\n"
            "os.write(1, bytes(80))\n"
            "os.write(1, bytes(80))\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    assert ended.returncode != 0
    assert (tmp_path / "output").stat().st_size == 100


def test_it_ends_when_it_has_had_its_time() -> None:
    code = (
        "from webapp import sandbox\n"
        "sandbox.enter(memory=2**29, output=100, seconds=60)\n"
        "sandbox.grant(1)\n"
        "while True: pass\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert ended.returncode < 0

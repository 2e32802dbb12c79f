"""Processes as the system lists them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def arguments(pid: int) -> list[str]:
    """The command line of a process; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except OSError:
        return []


@contextmanager
def silenced(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let a server take what it is asked meanwhile, and answer none of it."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def decoder_of(parent: int) -> int | None:
    """The id of a child process that decodes a picture for another one, if there is one."""
    for place in Path("/proc").glob("[0-9]*"):
        pid = int(place.name)
        if "webapp.decoder" in arguments(pid) and _parent(pid) == parent:
            return pid
    return None


def _parent(pid: int) -> int | None:
    try:
        # The name before it, in parentheses, may hold anything.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None

"""Takes from a process everything that decoding a picture does not need, for good.

Limits on resources hold wherever the system has them. No file can be opened and no connection be
made afterwards, because no descriptor beyond the open ones is granted; what needs none, such as
removing files and sending signals, the kernel's Landlock forbids where it is new enough.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys

# The same on every processor that Linux runs on, see its unistd.h and landlock.h.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_ASK_VERSION = 1
_PR_SET_NO_NEW_PRIVS = 38
# What each version of Landlock has learnt to forbid, as bits: files, network, and signals.
_FILES = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}
_NETWORK = {4: 0x3}
_SCOPES = {6: 0x3}


def enter(memory: int, output: int, seconds: int) -> None:
    """Confine this process to so many bytes of memory, and of output to each of its open files.

    It may have so many seconds of the processor in all, of which `grant` gives it parts.
    Everything has to be imported before, and every file to be open.
    """
    if sys.platform == "linux":
        _forbid(ctypes.CDLL(None, use_errno=True))
    _limit(resource.RLIMIT_CPU, _until(seconds))
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, output)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 0)


def grant(seconds: int) -> None:
    """Let this process have so many seconds of the processor from now on, and no more."""
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (min(_until(seconds), most), most))


def _until(seconds: int) -> int:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime + used.ru_stime) + 1 + seconds


def _limit(kind: int, most: int) -> None:
    # Some systems know a limit but refuse to set it; the others still hold.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (most, most))


def _forbid(libc: ctypes.CDLL) -> None:
    """Forbid what Landlock can; a kernel without it forbids nothing."""
    version = libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    if version < 1:
        return
    rules = struct.pack("QQQ", *(_newest(bits, version) for bits in (_FILES, _NETWORK, _SCOPES)))
    # An older kernel refuses fields that it does not know.
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, rules, size, 0)
    if ruleset < 0:
        return
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _newest(bits: dict[int, int], version: int) -> int:
    return bits[max(known)] if (known := [one for one in bits if one <= version]) else 0

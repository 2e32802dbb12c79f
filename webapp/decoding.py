"""Decodes pictures in child processes: neither their size nor their faults reach the site."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, TypeVar

from stransfer.images import Limits
from webapp.config import Config
from webapp.decoder import ENDINGS, Assignment, Ending, Wish
from webapp.errors import UnavailableError, UnusableError
from webapp.lifeline import SUPERVISOR

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)

# Beyond the processor time that the child grants itself, for waiting and for starting Python.
_GRACE_SECONDS = 20.0

# What Python and its libraries may need of the environment; the site's secrets are not among it.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")

_RETRY_SECONDS = 10

_TOO_MUCH = (
    "This picture takes more time or memory to read than the server grants; "
    "make it smaller, or save it again as a plain JPEG, and try again."
)
_BUSY = "The server is busy with other pictures; send this one again in a few seconds."
_NO_ROOM = "The server has no room to read a picture at the moment; try again in a few minutes."


@dataclass(frozen=True)
class Decoded:
    """A picture of this size and ending, and what goes with it, as clean files.

    The preview, empty unless one was wanted, and the thumbnail are always JPEG.
    """

    width: int
    height: int
    ending: Ending
    picture: bytes
    preview: bytes
    thumbnail: bytes


class Decoders:
    """Decodes what comes from outside; so many at once, and the others wait their turn."""

    def __init__(self, config: Config) -> None:
        """Keep to the limits of the configuration."""
        self._config = config
        self._free = threading.BoundedSemaphore(config.decoders)
        self._limits = Limits(
            pixels=config.max_megapixels * 1_000_000,
            longest_side=config.max_side,
            shortest_side=config.min_side,
            aspect=config.max_aspect,
        )

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for a free decoder, and give it; raise UnavailableError if none gets free in time.

        Whoever reads a file only then has it in memory for no longer than it takes.
        """
        if not self._free.acquire(timeout=self._config.decode_wait_seconds):
            raise UnavailableError(_BUSY, retry_after=_RETRY_SECONDS)
        try:
            yield Turn(self._config, self._limits)
        finally:
            self._free.release()


class Turn:
    """A decoder that is free for who holds it."""

    def __init__(self, config: Config, limits: Limits) -> None:
        """Decode within the limits."""
        self._config = config
        self._limits = limits

    def decode(self, content: bytes, wish: Wish) -> Decoded:
        """Return a picture file as clean files.

        Raises UnusableError, with a sentence for who brought it, if it is no picture, is damaged
        or outside the configured limits, or takes too much time or memory; UnavailableError if
        that is not its fault.
        """
        [found] = self.decode_all([content], wish)
        if isinstance(found, UnusableError):
            raise found
        return found

    def told(self, content: bytes) -> dict[str, Any]:
        """Return what a result says of the settings it was made with: it may say anything.

        Raises UnusableError, with a sentence for who brought it, if it says nothing.
        """
        answers = self._answers([content], Wish(longest_side=1, told=True), True, _read_told)
        [found] = answers or [UnusableError(_TOO_MUCH)]
        if isinstance(found, UnusableError):
            raise found
        return found

    def decode_all(
        self, contents: Sequence[bytes], wish: Wish, urgent: bool = False
    ) -> list[Decoded | UnusableError]:
        """Return for each of several files what `decode` returns or raises, in one child process.

        A file on which it ends is given up, and another child goes on with the rest. What is
        `urgent` lets nobody else go first.
        """
        found: list[Decoded | UnusableError] = []
        while len(found) < len(contents):
            answers = self._answers(contents[len(found) :], wish, urgent, _read)
            found.extend(answers)
            if len(found) < len(contents):
                found.append(UnusableError(_TOO_MUCH))
        return found

    def _answers(
        self,
        contents: Sequence[bytes],
        wish: Wish,
        urgent: bool,
        read: Callable[[IO[bytes], int], Iterator[Answer]],
    ) -> list[Answer]:
        """Return what a child process answered until it ended, of its own accord or not."""
        config = self._config
        lengths = [len(content) for content in contents]
        assignment = Assignment(
            wish, self._limits, config.decode_seconds, config.decode_memory_mb, lengths, urgent
        )
        try:
            # Files need nobody who fills and empties pipes in time, and cannot outgrow a limit.
            with (
                tempfile.TemporaryFile() as given,
                tempfile.TemporaryFile() as answered,
                tempfile.TemporaryFile() as complained,
            ):
                given.writelines([assignment.to_json(), *contents])
                given.seek(0)
                ended = self._run(given, answered, complained, len(contents))
                if ended != 0:
                    complained.seek(0)
                    log.warning("decoder ended with %d: %s", ended, complained.read()[-500:])
                answered.seek(0)
                return list(read(answered, len(contents)))
        except OSError as error:
            log.warning("no decoder: %s", error)
            raise UnavailableError(_NO_ROOM, retry_after=_RETRY_SECONDS) from error

    def _run(self, given: IO[bytes], answered: IO[bytes], complained: IO[bytes], count: int) -> int:
        environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
        # Nobody would read the answer of one whose site has ended.
        environment[SUPERVISOR] = str(os.getpid())
        try:
            return subprocess.run(
                [sys.executable, "-m", "webapp.decoder"],
                stdin=given,
                stdout=answered,
                stderr=complained,
                # Threads would reserve memory for themselves, more with each processor core.
                env={**environment, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                timeout=count * self._config.decode_seconds + _GRACE_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            log.warning("decoder was ended: %s", error)
            raise UnavailableError(_BUSY, retry_after=_RETRY_SECONDS) from error


def _read(answered: IO[bytes], count: int) -> Iterator[Decoded | UnusableError]:
    """Give the whole answers that are there; what a broken child wrote may be anything."""
    for _ in range(count):
        try:
            head: dict[str, Any] = json.loads(answered.readline())
            if "error" in head:
                yield UnusableError(str(head["error"]))
                continue
            parts = [_exactly(answered, length) for length in head["lengths"]]
            width, height, ending = int(head["width"]), int(head["height"]), head["ending"]
            picture, *preview, thumbnail = parts
            if ending not in ENDINGS:
                return
        except (ValueError, TypeError, LookupError):
            return
        yield Decoded(width, height, ending, picture, b"".join(preview), thumbnail)


def _read_told(answered: IO[bytes], count: int) -> Iterator[dict[str, Any] | UnusableError]:
    for _ in range(count):
        try:
            head: dict[str, Any] = json.loads(answered.readline())
        except ValueError:
            return
        yield UnusableError(str(head["error"])) if "error" in head else dict(head["told"])


def _exactly(file: IO[bytes], length: int) -> bytes:
    content = file.read(length)
    if len(content) != length:
        raise ValueError("an answer that breaks off")
    return content

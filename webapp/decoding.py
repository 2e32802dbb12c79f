"""Decodes a picture in a child process, so that neither its size nor its faults reach the site."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Literal

from webapp.config import Config
from webapp.errors import UnusableError

log = logging.getLogger(__name__)

# Beyond the processor time that the child grants itself, for waiting and for starting Python.
_GRACE_SECONDS = 20

_TOO_MUCH = (
    "This picture takes more time or memory to read than the server grants; "
    "make it smaller, or save it again as a plain JPEG, and try again."
)


# How a picture is kept: "png" loses nothing and has transparency.
Ending = Literal["jpg", "png"]


@dataclass(frozen=True)
class Decoded:
    """A picture and its thumbnail, as clean files; the size and ending are those of the picture.

    The thumbnail is always JPEG.
    """

    width: int
    height: int
    ending: Ending
    picture: bytes
    thumbnail: bytes


def decode(
    config: Config, content: bytes, longest_side: int, ending: Ending | None = None
) -> Decoded:
    """Return a picture file as clean files, the picture no longer than `longest_side`.

    Without a wish for an `ending` it is "png" if the picture has transparency, else "jpg".

    Raises UnusableError, with a sentence for who brought it, if it is no picture, is damaged or
    outside the configured limits, or takes too much time or memory.
    """
    options = ["--ending", ending] if ending else []
    header, body = _asked(config, content, longest_side, *options)
    split = header["picture"]
    size = header["width"], header["height"]
    return Decoded(*size, header["ending"], body[:split], body[split:])


def told(config: Config, content: bytes) -> dict[str, Any]:
    """Return what a result says of the settings it was made with, by name: it may say anything.

    Raises UnusableError, with a sentence for who brought it, if it says nothing.
    """
    header, _ = _asked(config, content, 1, "--told")
    values: dict[str, Any] = header["told"]
    return values


def _asked(
    config: Config, content: bytes, longest_side: int, *more: str
) -> tuple[dict[str, Any], bytes]:
    """Return what the child answers: a line of JSON, and what follows it."""
    options = {
        "--seconds": config.decode_seconds,
        "--memory-mb": config.decode_memory_mb,
        "--megapixels": config.max_megapixels,
        "--max-side": config.max_side,
        "--min-side": config.min_side,
        "--max-aspect": config.max_aspect,
        "--longest-side": longest_side,
    }
    command = [sys.executable, "-m", "webapp.decoder"]
    command += [str(part) for option in options.items() for part in option]
    command += more
    try:
        child = subprocess.run(
            command,
            input=content,
            capture_output=True,
            timeout=config.decode_seconds + _GRACE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnusableError(_TOO_MUCH) from None
    head, _, body = child.stdout.partition(b"\n")
    if child.returncode != 0 or not head:
        log.warning("decoder ended with %d: %s", child.returncode, child.stderr[-500:])
        raise UnusableError(_TOO_MUCH)
    header = json.loads(head)
    if "error" in header:
        raise UnusableError(header["error"])
    return header, body

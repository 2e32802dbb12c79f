"""`stransfer check`: tries every part that the site needs, and says what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image
from sqlalchemy import text

from stransfer import images, loading, precision, weights
from stransfer.errors import StransferError
from stransfer.models import DEFAULT_MODEL, MODELS
from webapp import secret
from webapp.decoder import Wish
from webapp.errors import UnavailableError, UnusableError
from webapp.services import Services

_PROBES = "checks"
_PROBE = f"{_PROBES}/probe.txt"
_PROBE_SIDE = 1000


@dataclass(frozen=True)
class Finding:
    """What was tried, whether it works, and what was seen."""

    part: str
    works: bool
    seen: str


class _TroubleError(Exception):
    """A part does not work, for the reason in the message."""


def examine(services: Services) -> Iterator[Finding]:
    """Try one part after the other; nothing that goes wrong leaves here."""
    parts: dict[str, Callable[[Services], str]] = {
        "database": _database,
        "queue": _queue,
        "media store": _media,
        "disk": _disk,
        "key of the cookies": _key,
        "pictures": _pictures,
        "weights": _weights,
        "TensorFlow": _tensorflow,
        "precision": _precision,
    }
    for part, attempt in parts.items():
        try:
            yield Finding(part, True, attempt(services))
        except (_TroubleError, StransferError) as trouble:
            yield Finding(part, False, str(trouble))
        except Exception as error:
            yield Finding(part, False, f"{type(error).__name__}: {error}")


def _database(services: Services) -> str:
    services.database.migrate()
    with services.database.writing() as session:
        runs = session.scalar(text("SELECT count(*) FROM runs WHERE NOT draft"))
    return f"can be written, {runs} runs"


def _queue(services: Services) -> str:
    return f"answers, {services.queue.waiting()} messages wait"


def _media(services: Services) -> str:
    media = services.media
    media.check()
    try:
        media.write(_PROBE, b"probe")
        found = media.read(_PROBE), [file.key for file in media.files(_PROBES)]
        media.delete_folder(_PROBES)
        left = media.exists(_PROBE)
    except UnavailableError as error:
        raise _TroubleError(f"it fails: {error.__cause__}") from error
    if found != (b"probe", [_PROBE]) or left:
        raise _TroubleError("what is written or removed there is not; check MEDIA_URL")
    return "can be written, read, listed and cleared"


def _disk(services: Services) -> str:
    free = services.room.free / 2**30
    if not services.room.enough:
        raise _TroubleError(
            f"only {free:.1f} GiB are free where this installation keeps its files, and nothing "
            f"new is accepted below MIN_FREE_MB, {services.config.min_free_mb} MiB; make room"
        )
    return f"{free:.0f} GiB free"


def _key(services: Services) -> str:
    instance = services.config.instance
    if secret.readable_by_others(instance):
        raise _TroubleError(
            f"others on this machine can read secret_key in {instance}, and could be any visitor; "
            "take that right from them and run `stransfer rotate-key --forget`"
        )
    return "nobody else can read it"


def _pictures(services: Services) -> str:
    content = images.encode(Image.new("RGB", (_PROBE_SIDE, _PROBE_SIDE)), "JPEG")
    try:
        with services.decoders.turn() as turn:
            turn.decode(content, Wish(longest_side=_PROBE_SIDE))
    except UnusableError as error:
        raise _TroubleError(
            "not even one of a megapixel can be decoded; raise DECODE_MEMORY_MB and "
            "DECODE_SECONDS, or see above what else its decoder complains of"
        ) from error
    return "can be decoded apart"


def _weights(services: Services) -> str:
    weights.check(MODELS[DEFAULT_MODEL])
    ready = [model.title for model in MODELS.values() if weights.find(model)]
    return f"ready: {', '.join(ready)}"


def _tensorflow(services: Services) -> str:
    loading.load()
    import tensorflow as tf

    side = 1024
    matrix = tf.random.uniform([side, side])
    tf.matmul(matrix, matrix).numpy()
    started = time.monotonic()
    tf.matmul(matrix, matrix).numpy()
    speed = 2 * side**3 / (time.monotonic() - started) / 1e9
    return f"version {tf.__version__}, {speed:.0f} GFLOP/s in float32"


def _precision(services: Services) -> str:
    loading.load()
    return str(precision.verdict())

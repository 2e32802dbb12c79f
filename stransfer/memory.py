"""Says in a sentence that memory ran out, whoever noticed it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from stransfer.errors import MemoryExhaustedError
from stransfer.pyramid import Level


@contextmanager
def enough_for(level: Level) -> Iterator[None]:
    """Raise MemoryExhaustedError where what is done at a level needs more memory than there is."""
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise MemoryExhaustedError(level.width, level.height) from error

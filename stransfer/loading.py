"""Loads TensorFlow, quietly: importing it takes seconds, so it is put off until it is needed."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from stransfer import devices
from stransfer.setting import AUTO


def load(device: str = AUTO) -> None:
    """Import the part of the engine that needs TensorFlow, to compute on a device.

    Later imports of it cost nothing. Raises DeviceError, which says what there is, if there is no
    such device.
    """
    with _native_messages_held_back(), _nothing_collected():
        import tensorflow as tf

        _one_operation_at_a_time()
        import stransfer.transfer  # noqa: F401

        # Looking for graphics cards is what it has most to say about.
        tf.config.list_physical_devices()
    devices.use(device)


def _one_operation_at_a_time() -> None:
    """Compute one operation after the other, each with all threads.

    A network is a chain: what little could be computed beside it only holds memory for longer.
    Whoever sets TF_NUM_INTEROP_THREADS, or has begun to compute, has decided for themselves.
    """
    import tensorflow as tf

    if "TF_NUM_INTEROP_THREADS" not in os.environ:
        with suppress(RuntimeError):
            tf.config.threading.set_inter_op_parallelism_threads(1)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Hold Python's collector of garbage back while modules are loaded, and spare it these later.

    TensorFlow makes 400,000 objects that stay, and the collector would go through all of them
    again and again: a fifth of the time that loading takes.
    """
    if "tensorflow" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


@contextmanager
def _native_messages_held_back() -> Iterator[None]:
    """Hold back what native code prints while it loads, and show it only if loading fails.

    TensorFlow prints notes about missing graphics cards before any of its settings for logging
    is in force, so the file descriptor itself has to be turned aside.
    """
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(original, aside.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)

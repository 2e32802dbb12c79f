"""What an idle worker measures of its own speed, once on each machine.

So the form says how long a painting takes before there has been any.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from stransfer import presets, speed
from stransfer.errors import StransferError
from stransfer.settings import Settings
from stransfer.speed import Speed

log = logging.getLogger(__name__)


class Gauge:
    """Knows the speed of the default network, once it has been measured.

    `speeds` has it by the network's name; `due` is whether there is still something to measure.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.speeds: dict[str, Speed] = {}
        self.due = True

    def load(self) -> None:
        """Take over what was measured on this machine before; TensorFlow must be loaded."""
        found = speed.kept(Settings())
        if found is not None:
            self._know(found)

    def measure(self, stopped: Callable[[], bool]) -> bool:
        """Measure, and return whether that was done.

        Between any two steps, of a fraction of a second, `stopped` is asked whether there is
        something to paint instead.
        """
        try:
            found = speed.measured(Settings(), stopped)
        except StransferError as error:
            # Such as weights that are not there, which another attempt would not bring.
            self.due = False
            log.warning("speed not measured: %s", error)
            return False
        if found is None:
            return False
        self._know(found)
        usual = found.seconds(presets.cost(Settings()))
        log.info("measured: a painting with the defaults takes about %.0f s", usual)
        return True

    def _know(self, found: Speed) -> None:
        self.due = False
        self.speeds = {Settings().model: found}

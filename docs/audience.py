"""The crowd that `docs/load.py` sends to a site, as one process of its own: not for use alone.

It reads what it shall do as one JSON object, and prints what it saw as another.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from typing import Any

from crowd import Crowd, Member, request
from watchers import Sleeper, Watcher


class Reader(Member):
    """A visitor with a browser that is kept open, who looks at one page after the other."""

    def __init__(self, crowd: Crowd, times: dict[str, list[float]]) -> None:
        """Come with the same cookie as everybody; `times` are the seconds by page."""
        super().__init__(crowd)
        self.times = times
        self.errors = 0
        self._page: str | None = None
        self._asked = 0.0
        self._missing: int | None = None
        self._head = b""

    def look(self, page: str) -> bool:
        """Ask for a page, unless the one before has not come yet; return whether."""
        if self._page is not None:
            return False
        self._page, self._asked, self._missing, self._head = page, time.monotonic(), None, b""
        self.send(request(self.crowd.plan, page))
        return True

    def heard(self, size: int) -> None:
        """Wait for the end of the page."""
        if self._missing is None:
            self._head += bytes(self.crowd.buffer[:size])
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self.errors += not self._head.startswith(b"HTTP/1.1 200")
            fields = self._head[:end].lower().split(b"\r\n")
            [length] = [one for one in fields if one.startswith(b"content-length:")]
            self._missing = int(length.partition(b":")[2]) + end + 4 - len(self._head)
        else:
            self._missing -= size
        if self._missing == 0 and self._page is not None:
            self.times[self._page].append(time.monotonic() - self._asked)
            self._page = None


class Audience:
    """Everybody of a plan, and what they saw."""

    def __init__(self, crowd: Crowd) -> None:
        """Let them all come."""
        plan = crowd.plan
        self.crowd = crowd
        self.times: dict[str, list[float]] = {page: [] for page in plan["pages"]}
        self.watchers = [Watcher(crowd) for _ in range(plan["watchers"])]
        self.slow = [Watcher(crowd, plan["pause"]) for _ in range(plan["slow"])]
        self.sleepers = [Sleeper(crowd) for _ in range(plan["dead"])]
        self.readers = [Reader(crowd, self.times) for _ in range(plan["readers"])]
        self.left: list[Watcher] = []
        self.skipped = 0
        self._asked = 0
        if plan["pages_per_second"]:
            self._first = time.monotonic()
            self._look()
        if plan["churn"]:
            crowd.later(1 / plan["churn"], self._change)

    def _look(self) -> None:
        """Ask for the next page, at a moment that was fixed in advance."""
        pages = self.crowd.plan["pages"]
        reader = self.readers[self._asked % len(self.readers)]
        if not reader.look(pages[self._asked % len(pages)]):
            self.skipped += 1
        self._asked += 1
        due = self._first + self._asked / self.crowd.plan["pages_per_second"]
        self.crowd.later(max(0.0, due - time.monotonic()), self._look)

    def _change(self) -> None:
        """Let one watcher go without a word, and another one come."""
        old = self.watchers.pop(0)
        old.leave()
        self.left.append(old)
        self.watchers.append(Watcher(self.crowd))
        self.crowd.later(1 / self.crowd.plan["churn"], self._change)

    def report(self) -> dict[str, Any]:
        """Return what everybody saw, and what it cost."""
        seconds = (self.crowd.ended or time.monotonic()) - self.crowd.started
        used = resource.getrusage(resource.RUSAGE_SELF)
        every = [taken for times in self.times.values() for taken in times]
        frames = [watcher.frames for watcher in self.watchers if watcher.gone is None]
        cut = [one.gone - one.since for one in self.sleepers if one.gone is not None]
        return {
            "seconds": seconds,
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "pages": {page: _spread(times) for page, times in self.times.items()},
            "all_pages": _spread(every),
            "pages_skipped": self.skipped,
            "page_errors": sum(reader.errors for reader in self.readers),
            "watchers": len(frames),
            "watchers_lost": len(self.watchers) - len(frames),
            "watchers_changed": len(self.left),
            "frames": _spread(frames),
            "megabytes": sum(one.bytes for one in [*self.watchers, *self.left]) / 2**20,
            "frames_of_slow": _spread([watcher.frames for watcher in self.slow]),
            "dead": len(self.sleepers),
            "dead_cut_off_seconds": _spread(cut),
        }


def _spread(values: list[float] | list[int]) -> dict[str, float] | None:
    if not values:
        return None
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "least": ordered[0],
        "median": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        "most": ordered[-1],
    }


def main() -> None:
    """Do what standard input says."""
    plan = json.load(sys.stdin)
    if plan["cores"]:
        os.sched_setaffinity(0, plan["cores"])
    crowd = Crowd(plan)
    audience = Audience(crowd)
    crowd.run()
    json.dump(audience.report(), sys.stdout)


if __name__ == "__main__":
    main()

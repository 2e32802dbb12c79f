"""How pages say durations, times and losses.

`static/js/format.js` says them alike, and a test compares the two.
"""

from __future__ import annotations

import math
import time
from datetime import datetime

from flask import Flask

from webapp.enumeration import enumerated
from webapp.estimates import roughly

NOTHING = "–"

# Losses outside of these are said with a power of ten.
_LEAST, _MOST = 1e-3, 1e5


def install(app: Flask) -> None:
    """Give the templates the filters that tell times, numbers and names."""
    app.add_template_filter(duration)
    app.add_template_filter(ago)
    app.add_template_filter(number)
    app.add_template_filter(roughly)
    app.add_template_filter(enumerated)


def duration(seconds: float | None) -> str:
    """Return seconds as a person would say them: "8 s", "1 min 20 s", "2 h 5 min"."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if 0 < seconds < 1:
        return "under 1 s"
    whole = math.floor(max(0.0, seconds) + 0.5)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def ago(moment: datetime, now: float | None = None) -> str:
    """Return how long ago a moment was, roughly."""
    seconds = (time.time() if now is None else now) - moment.timestamp()
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def number(value: float | None) -> str:
    """Return a loss with four significant digits, or three and a power of ten."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value and not _LEAST <= abs(value) < _MOST:
        digits, power = f"{value:.2e}".split("e")
        return f"{digits}e{int(power):+d}"
    return f"{float(f'{value:.4g}'):g}"

"""How often a visitor, and all who share an address, may do what costs the site something."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from webapp.config import Config
from webapp.errors import ConfigError, TooManyError
from webapp.site import known_visitor_id

log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])

_EXTENSION = "stransfer-rates"
_MARK = "rates"

# How long Redis may be silent, and for how long it is then not asked any more.
_PATIENCE = {"socket_timeout": 2.0, "socket_connect_timeout": 2.0}
_PAUSE_SECONDS = 10.0

# The smallest network that one household or phone gets.
_IPV6_PREFIX = 64


@dataclass(frozen=True)
class Rate:
    """Something that is counted: the key that limits it, and how a sentence calls it."""

    key: str
    window: type[RateLimitItem]
    what: str
    each: str


UPLOADS = Rate("uploads_per_hour", RateLimitItemPerHour, "Uploads", "an hour")
RUNS = Rate("runs_per_hour", RateLimitItemPerHour, "New paintings", "an hour")
SESSIONS = Rate("sessions_per_hour", RateLimitItemPerHour, "New tokens", "an hour")
ESTIMATES = Rate("estimates_per_minute", RateLimitItemPerMinute, "Estimates", "a minute")
DRAFTS = Rate("drafts_per_minute", RateLimitItemPerMinute, "Drafts", "a minute")
RECOVERIES = Rate("recoveries_per_hour", RateLimitItemPerHour, "Links to a gallery", "an hour")
SOCKETS = Rate("sockets_per_minute", RateLimitItemPerMinute, "Live connections", "a minute")


@dataclass(frozen=True)
class Limited:
    """That a view counts towards a rate, and for how much of it in the current request."""

    rate: Rate
    cost: Callable[[], int]


def limited(rate: Rate, cost: Callable[[], int] = lambda: 1) -> Callable[[View], View]:
    """Mark a view that counts towards a rate. Each request costs one of it, or what `cost` says."""

    def mark(view: View) -> View:
        setattr(view, _MARK, (*limits_of(view), Limited(rate, cost)))
        return view

    return mark


def files_sent() -> int:
    """Return how many files the current request brings: what several uploads cost."""
    return sum(bool(file.filename) for file in request.files.values())


def limits_of(view: Callable[..., Any] | None) -> tuple[Limited, ...]:
    """Return the rates that a view counts towards."""
    found: tuple[Limited, ...] = getattr(view, _MARK, ())
    return found


class Rates:
    """Counts in the place that RATE_LIMIT_URL names."""

    def __init__(self, config: Config) -> None:
        """Raise ConfigError if there is no such kind of place, or nobody answers there."""
        self._config = config
        url = config.rate_limit_url
        try:
            storage = storage_from_string(url, **(_PATIENCE if url.startswith("redis") else {}))
        except (ConfigurationError, ImportError, ValueError) as error:
            raise ConfigError(
                f"RATE_LIMIT_URL cannot be used: {error}; correct it, or leave it empty."
            ) from error
        if not storage.check():
            raise ConfigError(
                "RATE_LIMIT_URL cannot be used: nobody answers there; start it, or correct the "
                "address."
            )
        self._limiter = MovingWindowRateLimiter(storage)
        self._silent_until = -math.inf

    def spend(
        self, rate: Rate, *, address: str | None = None, visitor: str | None = None, cost: int = 1
    ) -> None:
        """Count something that is done; raise TooManyError if it is too much.

        It counts for all who share the address, and for the visitor: any text that is always the
        same for one. Whichever is not known is left out.
        """
        each = int(getattr(self._config, rate.key))
        if not each or not cost:
            return
        # The visitor first: whoever has used up their own takes nothing from the others.
        if visitor is not None:
            self._spend(rate, rate.window(each), cost, "visitor", visitor)
        if address is not None:
            together = each * self._config.visitors_per_address
            self._spend(rate, rate.window(together), cost, "address", network(address))

    def _spend(self, rate: Rate, item: RateLimitItem, cost: int, *who: str) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            if self._limiter.hit(item, rate.key, *who, cost=cost):
                return
            until = self._limiter.get_window_stats(item, rate.key, *who).reset_time
        except Exception as error:
            # The place is gone for a while. To let nobody in, or all wait for it, would be worse.
            self._silent_until = time.monotonic() + _PAUSE_SECONDS
            log.error("nothing is limited: RATE_LIMIT_URL does not answer (%s)", error)
            return
        wait = max(1, math.ceil(until - time.time()))
        whose = "visitor" if who[0] == "visitor" else "network address"
        raise TooManyError(
            f"{rate.what} are limited to {item.amount} {rate.each} for one {whose}; "
            f"try again in {_told(wait)}.",
            wait,
        )


def install(app: Flask, config: Config) -> Rates:
    """Count the requests of the application to views that are marked; return what counts."""
    rates = Rates(config)
    app.extensions[_EXTENSION] = rates

    @app.before_request
    def count() -> None:
        for limit in limits_of(current_app.view_functions.get(request.endpoint or "")):
            rates.spend(
                limit.rate,
                address=request.remote_addr or "",
                visitor=_visitor(),
                cost=limit.cost(),
            )

    return rates


def network(address: str) -> str:
    """Return what stands for everybody who shares an address: for IPv6, its network."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_PREFIX), strict=False))


def _visitor() -> str | None:
    shown = request.headers.get("Authorization")
    if shown is not None:
        # Whoever makes tokens up has the address in common with all of them.
        return hashlib.sha256(shown.encode()).hexdigest()
    return known_visitor_id()


def _told(seconds: int) -> str:
    if seconds < 90:
        return "one second" if seconds == 1 else f"{seconds} seconds"
    return f"{math.ceil(seconds / 60)} minutes"

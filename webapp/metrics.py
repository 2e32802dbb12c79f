"""What can be counted of the site, for Prometheus.

Runs are counted in the database, which all processes share. Requests, watchers and pictures on
their way are those of this one web process: where there are several, each is asked by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stransfer import presets, pyramid
from stransfer.settings import Settings
from webapp.connections import Connections
from webapp.records import RunState
from webapp.relay import Relay
from webapp.runs.census import census
from webapp.runs.roster import Roster
from webapp.site import Site

_EXTENSION = "stransfer-metrics"
_NOWHERE = "none"


def install(app: Flask, site: Site, relay: Relay, connections: Connections) -> None:
    """Count the requests of the application, and make its metrics ready to be read."""
    registry = CollectorRegistry()
    requests = Counter(
        "stransfer_requests",
        "Answered requests by endpoint, none for an address that does not exist, and HTTP status.",
        ["endpoint", "status"],
        registry=registry,
    )
    # Its memory, its processor time and its open files.
    ProcessCollector(registry=registry)
    registry.register(_Site(site, relay, connections))
    app.extensions[_EXTENSION] = registry

    @app.after_request
    def count(response: Response) -> Response:
        # Only names of our own: what strangers ask for would be a new row each time.
        requests.labels(request.endpoint or _NOWHERE, response.status_code).inc()
        return response


def text(app: Flask) -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry: CollectorRegistry = app.extensions[_EXTENSION]
    return generate_latest(registry)


class _Site(Collector):
    """Looks at the site anew whenever the metrics are read."""

    def __init__(self, site: Site, relay: Relay, connections: Connections) -> None:
        self._site = site
        self._relay = relay
        self._connections = connections

    def describe(self) -> list[Metric]:
        # Otherwise registering would already ask the database.
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._runs()
        yield from self._workers()
        yield from self._speeds()
        live = "Live connections to this process, whatever they watch."
        yield GaugeMetricFamily("stransfer_connections", live, len(self._connections))
        watchers = "Connections that watch a run through this process."
        yield GaugeMetricFamily("stransfer_watchers", watchers, self._relay.watchers)
        frames = "Pictures sent to watchers by this process."
        yield CounterMetricFamily("stransfer_frames_sent", frames, self._relay.frames_sent)

    def _runs(self) -> Iterator[Metric]:
        counted = census(self._site.services.database)
        by_state = GaugeMetricFamily("stransfer_runs", "Runs by state.", labels=["state"])
        for state, count in counted.runs.items():
            by_state.add_metric([str(state)], count)
        yield by_state
        length = "Runs that wait for a worker."
        yield GaugeMetricFamily("stransfer_queue_length", length, counted.runs[RunState.QUEUED])
        since = counted.waiting_since
        waited = 0.0 if since is None else max(0.0, time.time() - since)
        oldest = "How long the oldest waiting run has waited, in seconds."
        yield GaugeMetricFamily("stransfer_queue_oldest_seconds", oldest, waited)

    def _workers(self) -> Iterator[Metric]:
        services = self._site.services
        with services.database.reading() as session:
            count = Roster(services.database, services.config).count(session)
        there = "Workers that are there, on all hosts."
        yield GaugeMetricFamily("stransfer_workers", there, count)

    def _speeds(self) -> Iterator[Metric]:
        steps = GaugeMetricFamily(
            "stransfer_step_seconds",
            "Seconds a step takes at the default size; the median of the newest finished runs, or "
            "before there are any, what workers measured.",
            labels=["model"],
        )
        preparation = GaugeMetricFamily(
            "stransfer_preparation_seconds",
            "Seconds before the first step; the median of the newest finished runs, or before "
            "there are any, what workers measured.",
            labels=["model"],
        )
        usual = presets.USUAL_WIDTH, presets.USUAL_HEIGHT
        for model, speed in self._site.speeds.by_model().items():
            last = pyramid.plan(*usual, Settings(model=model))[-1]
            steps.add_metric([model], speed.seconds_per_cost * last.cost)
            preparation.add_metric([model], speed.preparation)
        yield steps
        yield preparation

"""Somebody who visits a running server, over HTTP and Socket.IO, as a browser does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import socketio  # type: ignore[import-untyped]

from tests.site.page import Page
from tests.site.person import CONTENT, STYLE
from tests.site.server import wait_for

Event = tuple[str, dict[str, Any]]


class Guest:
    """One visitor. Another guest with the same cookie is the same visitor in a new browser."""

    def __init__(
        self, url: str, cookie: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        self.url = url
        self.headers = headers or {}
        self.http = requests.Session()
        self.http.headers.update(self.headers)
        if cookie is not None:
            self.http.cookies.set("stransfer", cookie)

    @property
    def cookie(self) -> str:
        """What the browser remembers."""
        return str(self.http.cookies["stransfer"])

    def get(self, path: str) -> requests.Response:
        """Ask for an address."""
        return self.http.get(self.url + path, timeout=30)

    def open(self, path: str = "/") -> Page:
        """Return a page; fail if there is none."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return Page(response.text)

    def send(
        self, files: dict[str, tuple[str, bytes]] | None = None, **fields: str
    ) -> requests.Response:
        """Fill the form on the first page and send it."""
        return self._send("/runs", files, fields)

    def draft(self, **fields: str) -> str:
        """Order a draft and return its id."""
        response = self._send("/drafts", None, fields)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def start(self, **fields: str) -> str:
        """Start a run and return its id."""
        response = self.send(None, **fields)
        assert response.status_code == 303, response.text
        return response.headers["Location"].rpartition("/")[2]

    def press(self, path: str) -> requests.Response:
        """Send one of the small forms that consist of a button."""
        mark = self.open().values["csrf_token"]
        return self.http.post(self.url + path, data={"csrf_token": mark}, timeout=30)

    def run(self, run_id: str) -> dict[str, Any]:
        """What the site says of a run now."""
        response = self.get(f"/api/v1/runs/{run_id}")
        assert response.status_code == 200, response.text
        values: dict[str, Any] = response.json()
        return values

    def wait(
        self, run_id: str, fits: Callable[[dict[str, Any]], bool], seconds: float = 90
    ) -> dict[str, Any]:
        """Wait until what the site says of a run fits."""

        def find() -> dict[str, Any] | None:
            values = self.run(run_id)
            return values if fits(values) else None

        return wait_for(find, f"run {run_id}, now {self.run(run_id)}", seconds)

    @contextmanager
    def watching(
        self,
        run_id: str,
        since: int = 0,
        transports: list[str] | None = None,
        returns: bool = False,
    ) -> Iterator[Watch]:
        """Watch a run over a socket of its own."""
        watch = Watch(self, run_id, transports, returns)
        try:
            watch.subscribe(since)
            yield watch
        finally:
            watch.client.disconnect()

    def _send(
        self, path: str, files: dict[str, tuple[str, bytes]] | None, fields: dict[str, str]
    ) -> requests.Response:
        form = {**self.open().values, "content": CONTENT, "style": STYLE}
        form |= {"size": "100", "scales": "1", "steps": "3", **fields}
        parts: dict[str, Any] = {name: (None, value) for name, value in form.items()}
        parts |= {f"{role}_file": file for role, file in (files or {}).items()}
        return self.http.post(self.url + path, files=parts, allow_redirects=False, timeout=60)


class Watch:
    """What one connection hears of one run; if it `returns`, it connects again as pages do."""

    def __init__(
        self,
        guest: Guest,
        run_id: str,
        transports: list[str] | None = None,
        returns: bool = False,
    ) -> None:
        self.run_id = run_id
        self.events: list[Event] = []
        self.answer: dict[str, Any] = {}
        # While this is not set, progress is heard but not acknowledged, as on a slow phone.
        self.attentive = threading.Event()
        self.attentive.set()
        self.client = socketio.Client(
            http_session=guest.http,
            reconnection=returns,
            reconnection_delay=0.1,
            # It would say so a second time, and be refused.
            websocket_extra_options={"suppress_origin": True},
        )
        self.client.on("connect", self._connected)
        self.client.on("progress", self._progress)
        self.client.on("state", lambda values: self.events.append(("state", values)))
        # As a browser does for a page of the site.
        headers = {**guest.headers, "Origin": guest.url}
        self.client.connect(guest.url, headers=headers, transports=transports, wait_timeout=20)

    def subscribe(self, since: int = 0) -> None:
        """Subscribe and keep the answer."""
        self.answer = self.client.call(
            "subscribe", {"run": self.run_id, "since": since}, timeout=20
        )

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind so far."""
        return [values for event, values in self.events if event == kind]

    def until_state(self, state: str, seconds: float = 90) -> None:
        """Wait until the run is said to be in a state, and a moment for what was on its way."""
        known = [self.answer["run"]["state"]] if self.answer.get("ok") else []
        wait_for(
            lambda: state in [*known, *(values["state"] for values in self.of("state"))],
            f"{state}, heard {self.of('state')}",
            seconds,
        )
        time.sleep(0.5)

    def _connected(self) -> None:
        if self.answer:
            self.client.emit("subscribe", {"run": self.run_id, "since": 0})

    def _progress(self, values: dict[str, Any]) -> None:
        self.events.append(("progress", values))
        self.attentive.wait(20)

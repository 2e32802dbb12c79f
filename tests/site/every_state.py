"""One visitor with a run in every state, made without a worker, and the pages to see them on."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from tests.conftest import file_bytes
from tests.site.finished import finish
from tests.site.person import Person
from tests.site.server import Server
from webapp import create_app
from webapp.config import Config
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports


class EveryState:
    """The visitor's `cookie`, and `pages`: the address of each page by what it shows."""

    def __init__(self, server: Server) -> None:
        """Visit the site that is served, in its own instance folder; it must have no worker."""
        config = Config(instance_path=str(server.instance), async_mode="threading")
        self._person = Person(create_app(config))
        self._person.open()
        self._services = self._person.site.services
        self._leases = Leases(self._services.database, config)
        self._reports = Reports(self._services.database)
        done = [finish(self._person.app, self._person.start(steps=steps)) for steps in ("20", "30")]
        failed = self._person.start()
        self._reports.failed(self.painted(failed), "The picture is too narrow; choose another.")
        cancelled = self._person.start()
        self.painted(cancelled)
        self._person.press(f"/runs/{cancelled}/cancel")
        running, queued = self._person.start(steps="2000"), self._person.start()
        self.painted(running, 998)
        self._person.press(f"/runs/{done[0]}/share")
        photo = file_bytes(Image.new("RGB", (300, 200), "teal"), "JPEG")
        self._person.site.uploads.add(self._person.id, "content", "lake.jpg", io.BytesIO(photo))
        shared = self._person.site.runs.find(self._person.id, done[0]).share
        self.pages: Mapping[str, str] = {
            "gallery": "/gallery",
            "favourites, none": "/gallery?favourites=1",
            "run, queued": f"/runs/{queued}",
            "run, running": f"/runs/{running}",
            "run, done": f"/runs/{done[0]}",
            "run, failed": f"/runs/{failed}",
            "run, cancelled": f"/runs/{cancelled}",
            "form, filled in": f"/?from={done[0]}",
            "comparison": f"/compare?left={done[0]}&right={done[1]}",
            "comparison, to choose": "/compare",
            "shared": f"/shared/{shared}",
            "pictures": "/pictures",
            "you": "/you",
            "delete everything": "/you/forget",
        }

    @property
    def cookie(self) -> str:
        """What the visitor's browser remembers."""
        return self.cookie_of(self._person)

    def cookie_of(self, person: Person) -> str:
        """What the browser of a visitor remembers."""
        cookie = person.client.get_cookie("stransfer")
        assert cookie is not None
        return str(cookie.value)

    def somebody_else(self) -> Person:
        """Another visitor of the same site, who has nothing yet."""
        person = Person(self._person.app)
        person.open()
        return person

    def finish(self, claim: Claim) -> None:
        """Have the worker who claimed a run finish it."""
        key = f"runs/{claim.run_id}/result.png"
        picture = Image.new("RGB", (100, 67), "teal")
        self._services.media.write(key, file_bytes(picture, "PNG"))
        self._reports.done(claim, key)

    def painted(self, run_id: str, steps: int = 9) -> Claim:
        """Have a worker paint some steps of a run, and return the worker's claim."""
        claim = self._leases.claim("worker")
        assert claim is not None and claim.run_id == run_id
        key = f"runs/{run_id}/frames/1-9.jpg"
        rows, columns = np.mgrid[0:75, 0:100]
        picture = Image.fromarray(np.uint8(np.stack([rows * 3, columns * 2, rows + columns], -1)))
        self._services.media.write(key, file_bytes(picture, "JPEG"))
        # Values with all the digits that real ones have.
        losses = np.random.default_rng(1).random((steps, 4)).tolist()
        progress = [
            Progress(step, 0.4, 1, total, content, style, tv, step, 1.0, 9.0)
            for step, (total, content, style, tv) in enumerate(losses, 1)
        ]
        self._reports.progress(claim, progress, key)
        return claim

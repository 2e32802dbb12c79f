"""A run that is finished without being painted, where only what comes after it matters."""

from __future__ import annotations

from flask import Flask

from tests.conftest import file_bytes
from tests.site import corpus
from webapp.runs import moments
from webapp.runs.leases import Leases
from webapp.runs.reports import Progress, Reports


def finish(
    app: Flask, run_id: str, seconds: float = 1.5, part: float = 1.0, pace: float | None = 1.5
) -> str:
    """Record that a part of a run was painted, with a picture and a result; return its id."""
    services = app.extensions["stransfer"].services
    leases = Leases(services.database, services.config)
    claim = leases.claim("worker")
    while claim is not None and claim.run_id != run_id:
        claim = leases.claim("worker")
    assert claim is not None
    reports = Reports(services.database)
    run = reports.begin(claim)
    picture = corpus.plain(run.width, run.height)
    for key, kind in ((f"runs/{run_id}/frames/1-1.jpg", "JPEG"), (f"runs/{run_id}/r.png", "PNG")):
        services.media.write(key, file_bytes(picture, kind))
    moment = moments.encode(corpus.plain(), 100, 75)
    number = moments.at(part, claim.fence)
    services.media.write(moments.key(f"runs/{run_id}", number), moment)
    step = Progress(1, part, 1, 0.1234567, 0.1, 0.2, 0.3, seconds, pace, 0.0)
    reports.progress(claim, [step], f"runs/{run_id}/frames/1-1.jpg", number)
    reports.done(claim, f"runs/{run_id}/r.png")
    return run_id

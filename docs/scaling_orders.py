"""Visitors and runs in quantity, for `docs/scaling.py`, without anybody who visits."""

from __future__ import annotations

import hashlib
import io
import time
import uuid
from collections.abc import Sequence
from typing import Any

from PIL import Image
from sqlalchemy import insert
from sqlalchemy.orm import Session

from stransfer import folders
from stransfer.settings import Settings
from webapp.records import Loss, Run, Visitor
from webapp.runs.orders import Ingredient, Order
from webapp.runs.store import RunStore
from webapp.samples import Role
from webapp.services import Services

_PAIR: tuple[tuple[Role, str], ...] = (("content", "pagoda.jpg"), ("style", "night_wind.jpg"))


def visit(services: Services, visitors: Sequence[str]) -> None:
    """Make these visitors known."""
    with services.database.writing() as session:
        rows = [{"id": visitor, "created_at": time.time()} for visitor in visitors]
        session.execute(insert(Visitor), rows)


def order(services: Services, **settings: object) -> Order:
    """Return an order for a painting of two samples, which are put into the media store."""
    content, style = (_sample(services, role, name) for role, name in _PAIR)
    return Order(content, [style], Settings.parse(settings))


def seed(services: Services, count: int, **values: Any) -> list[str]:
    """Record so many runs, each of a visitor of its own, and return their ids.

    They wait, unless `values` say otherwise.
    """
    made = {**_accepted(services), **values}
    ids = [uuid.uuid4().hex for _ in range(count)]
    visit(services, ids)
    with services.database.writing() as session:
        _insert(session, [{**made, "id": one, "visitor_id": one} for one in ids])
    return ids


def add_losses(services: Services, run_ids: Sequence[str], steps: int) -> None:
    """Record the losses of so many steps of each of these runs."""
    loss = {"total": 1.5, "content": 0.5, "style": 0.25, "tv": 0.125}
    with services.database.writing() as session:
        for run_id in run_ids:
            numbers = range(1, steps + 1)
            rows = [{"run_id": run_id, "seq": n, "step": n, **loss} for n in numbers]
            session.execute(insert(Loss), rows)


def _accepted(services: Services) -> dict[str, Any]:
    """Return the columns of a run as the site accepts it, which is not there afterwards."""
    store, visitor = RunStore(services), uuid.uuid4().hex
    run_id = store.submit(visitor, order(services))
    run = store.find(visitor, run_id)
    store.delete(visitor, run_id)
    return {column.key: getattr(run, column.key) for column in Run.__table__.columns}


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    now = time.time()
    for number, row in enumerate(rows):
        row |= {"submission": row["id"], "created_at": now + number / 1e3}
    session.execute(insert(Run), rows)


def _sample(services: Services, role: Role, name: str) -> Ingredient:
    content = (folders.DATA / role / name).read_bytes()
    key = f"samples/kept/{hashlib.sha256(content).hexdigest()[:32]}.jpg"
    if not services.media.exists(key):
        services.media.write(key, content)
    with Image.open(io.BytesIO(content)) as image:
        return Ingredient(f"sample:{name}", name, key, *image.size)

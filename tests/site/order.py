"""Orders for paintings, placed with the store directly."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from stransfer import folders
from stransfer.settings import Settings
from webapp.records import Run
from webapp.runs.draftstore import DraftStore
from webapp.runs.leases import Claim, Leases
from webapp.runs.orders import Ingredient, Order
from webapp.runs.store import RunStore
from webapp.samples import Role
from webapp.services import Services

ALICE = "a" * 32
BOB = "b" * 32
CAROL = "c" * 32

# What the contract names of a run.
SNAPSHOT = {
    "id",
    "state",
    "step",
    "steps",
    "progress",
    "seq",
    "loss",
    "losses",
    "settings",
    "content",
    "style",
    "content_mask",
    "style_mask",
    "init_image",
    "queue_position",
    "wait_seconds",
    "seconds",
    "seconds_per_step",
    "eta_seconds",
    "attempts",
    "error",
    "created_at",
}


def place(
    services: Services, visitor_id: str = ALICE, submission: str | None = None, **settings: object
) -> str:
    """Submit a small run of two samples that are kept in the media store; return its id."""
    return RunStore(services).submit(visitor_id, made_of(services, **settings), submission)


def place_draft(services: Services, visitor_id: str = ALICE, **settings: object) -> str:
    """Order a draft of a small run; return its id."""
    return DraftStore(services).order(visitor_id, made_of(services, **settings))


def made_of(services: Services, **settings: object) -> Order:
    """Return the order for a small painting of two samples."""
    return Order(
        sample(services, "content", "cat.jpg"),
        [sample(services, "style", "fjord.jpg")],
        Settings.parse({"size": 100, "steps": 2, "scales": 1, **settings}),
    )


def claim(leases: Leases) -> Claim:
    """Claim the run whose turn it is, of which there is one."""
    claim = leases.claim("worker")
    assert claim is not None
    return claim


def look(services: Services, run_id: str) -> Run:
    """Return what the database says of a run."""
    with services.database.reading() as session:
        return session.get_one(Run, run_id)


def sample(services: Services, role: Role, name: str) -> Ingredient:
    """Return a sample as a run takes it, kept in the media store."""
    content = (folders.DATA / role / name).read_bytes()
    key = f"samples/kept/{hashlib.sha256(content).hexdigest()[:32]}.jpg"
    services.media.write(key, content)
    with Image.open(io.BytesIO(content)) as image:
        return Ingredient(f"sample:{name}", name, key, *image.size)


def narrow(services: Services) -> Order:
    """A content so narrow that the network would see nothing of it."""
    wide = Ingredient("image:x", "Horizon", "images/x.jpg", width=2000, height=100)
    return Order(wide, [sample(services, "style", "fjord.jpg")], Settings(size=100))

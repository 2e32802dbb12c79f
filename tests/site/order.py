"""Orders for paintings, placed with the store directly."""

from __future__ import annotations

from stransfer import folders
from stransfer.settings import Settings
from webapp.records import Run
from webapp.runs.store import Ingredient, RunStore
from webapp.samples import Role, Samples
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
    "seq",
    "loss",
    "losses",
    "settings",
    "content",
    "style",
    "queue_position",
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
    small = {"size": 100, "steps": 2, "scales": 1, **settings}
    return RunStore(services).submit(
        visitor_id,
        _sample(services, "content", "cat.jpg"),
        [_sample(services, "style", "fjord.jpg")],
        Settings.parse(small),
        submission,
    )


def look(services: Services, run_id: str) -> Run:
    """Return what the database says of a run."""
    with services.database.reading() as session:
        return session.get_one(Run, run_id)


def _sample(services: Services, role: Role, name: str) -> Ingredient:
    samples = Samples(folders.DATA, services.media, services.config)
    sample = samples.find(role, name)
    return Ingredient(
        f"sample:{name}", sample.title, samples.keep(sample), sample.width, sample.height
    )


def narrow(services: Services) -> tuple[Ingredient, list[Ingredient], Settings]:
    """A content so narrow that the network would see nothing of it."""
    wide = Ingredient("image:x", "Horizon", "images/x.jpg", width=2000, height=100)
    return wide, [_sample(services, "style", "fjord.jpg")], Settings(size=100)

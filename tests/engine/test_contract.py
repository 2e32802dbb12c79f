"""One contract for every network with every optimiser, in runs that take a second."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from stransfer import folders, images, weights
from stransfer.checkpoint import Checkpoint
from stransfer.models import MODELS
from stransfer.optimizers import OPTIMIZERS
from stransfer.settings import Settings
from stransfer.step import Step
from stransfer.subject import Subject
from stransfer.transfer import Transfer


@functools.cache
def subject() -> Subject:
    content = images.read(folders.DATA / "content" / "coffee.jpg")
    style = images.read(folders.DATA / "style" / "poppies.jpg")
    return Subject(images.resize(content, 120, 90), (images.resize(style, 80, 100),))


def settings_for(model: str, optimizer: str) -> Settings:
    """Trained weights where they are on every machine, seeded filters elsewhere."""
    trained = weights.state(MODELS[model]) is weights.State.REPOSITORY
    return Settings(
        model=model,
        optimizer=optimizer,
        weights="imagenet" if trained else "untrained",
        size=100,
        scales=1,
        steps=4,
        seed=2,
    )


def run(settings: Settings, checkpoint: Checkpoint | None = None) -> list[Step]:
    return list(Transfer(subject(), settings).start(checkpoint))


# A network's two runs follow each other, so that it is built once.
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_network_paints_repeats_and_resumes_with_an_optimiser(model: str, optimizer: str) -> None:
    settings = settings_for(model, optimizer)
    whole = run(settings)
    assert [step.step for step in whole] == [1, 2, 3, 4] and whole[-1].last
    picture = whole[-1].image
    assert picture.shape == (75, 100, 3) and picture.dtype == np.float32
    assert np.isfinite(picture).all() and picture.min() >= 0 and picture.max() <= 1
    # Content and style both count, and the picture comes closer to the artwork with every step.
    styles = [step.loss.style for step in whole]
    assert styles == sorted(styles, reverse=True) and styles[-1] < 0.95 * styles[0]
    assert whole[0].loss.content == 0 < whole[-1].loss.content
    assert whole[-1].loss.total < whole[0].loss.total

    kept = Checkpoint.from_bytes(whole[1].checkpoint().to_bytes())
    rest = run(settings, kept)
    assert [step.loss for step in rest] == [step.loss for step in whole[2:]]
    np.testing.assert_array_equal(rest[-1].image, picture)

"""Whole runs on VGG16 with its real weights, at sizes that take a second."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import stransfer
from stransfer import folders, images, losses
from stransfer.checkpoint import Checkpoint
from stransfer.errors import DivergedError, ImageError
from stransfer.images import Picture
from stransfer.objective import Weights
from stransfer.optimizers import OPTIMIZERS
from stransfer.program import Program
from stransfer.safeguard import Safeguard
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.transfer import Transfer
from tests.engine.quick import QUICK, Run


def test_a_run_counts_the_steps_of_all_levels_and_ends_at_its_size(run: Run) -> None:
    steps = run()
    assert [step.step for step in steps] == list(range(1, 29))
    assert [step.scale for step in steps] == [1] * 25 + [2] * 3
    assert steps[0].image.shape == (33, 50, 3)
    assert steps[-1].image.shape == (67, 100, 3)
    assert steps[-1].last and not steps[-2].last
    assert steps[-1].seconds_left == 0.0


def test_the_loss_falls_on_every_level(run: Run) -> None:
    steps = run(scales=1, steps=8)
    assert steps[-1].loss.total < 0.7 * steps[0].loss.total
    assert steps[-1].loss.style < 0.6 * steps[0].loss.style


@pytest.mark.parametrize("model", ["vgg19", "xception"])
def test_the_other_networks_of_the_repository_paint_as_well(run: Run, model: str) -> None:
    steps = run(model=model, scales=1, steps=8)
    assert steps[-1].loss.style < 0.7 * steps[0].loss.style
    assert steps[-1].loss.content < 1.0


def test_the_total_is_the_weighted_sum_of_its_parts(run: Run) -> None:
    weights = Weights.of(dataclasses.replace(QUICK, style_weight=3.0))
    for step in run(style_weight=3.0):
        parts = (step.loss.content, step.loss.style, step.loss.tv)
        expected = sum(float(weight) * part for weight, part in zip(weights, parts, strict=True))
        assert step.loss.total == pytest.approx(expected, rel=1e-4)


def test_the_same_settings_give_exactly_the_same_picture(run: Run) -> None:
    np.testing.assert_array_equal(run()[-1].image, run()[-1].image)


def test_the_very_last_update_is_watched_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    adam = type(OPTIMIZERS["adam"])
    update: Any = adam.update
    calls: list[int] = []

    def broken(self: Any, state: Any, evaluate: Any, rate: float) -> Any:
        calls.append(1)
        losses, after = update(self, state, evaluate, rate)
        if len(calls) == 28:
            after = after._replace(image=after.image * np.float32("nan"))
        return losses, after

    monkeypatch.setattr(adam, "update", broken)
    steps = run()
    assert len(calls) == 29
    assert steps[-1].last
    assert np.isfinite(steps[-1].image).all()


def test_a_run_in_luminance_goes_on_from_its_result(content: Picture, style: Picture) -> None:
    settings = dataclasses.replace(QUICK, scales=1, steps=6, preserve_color="luminance")
    before = list(Transfer(Subject(content, (style,)), settings).start())
    again = dataclasses.replace(settings, init="result", steps=1)
    subject = Subject(content, (style,), init=before[-1].image)
    after = list(Transfer(subject, again).start())
    assert after[0].loss.total < 1.1 * before[-1].loss.total


def test_noise_is_seeded(run: Run) -> None:
    first, again, other = (run(init="noise", steps=1, seed=seed)[-1].image for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.01


def test_more_style_weight_brings_the_style_closer(run: Run) -> None:
    weak, strong = run(style_weight=0.2)[-1], run(style_weight=20.0)[-1]
    assert strong.loss.style < weak.loss.style


def test_more_content_weight_keeps_more_of_the_photo(run: Run) -> None:
    weak, strong = run(content_weight=0.2)[-1], run(content_weight=20.0)[-1]
    assert strong.loss.content < 0.8 * weak.loss.content


def test_more_total_variation_weight_is_smoother(run: Run) -> None:
    weak, strong = (run(tv_weight=weight)[-1].image for weight in (0.0, 50.0))
    tv = [float(losses.total_variation(image[np.newaxis])) for image in (weak, strong)]
    assert tv[1] < 0.8 * tv[0]


def test_a_smaller_style_scale_measures_a_smaller_artwork(run: Run) -> None:
    large, small = (run(style_scale=scale)[-1].image for scale in (2.0, 0.5))
    assert np.abs(large - small).mean() > 0.005


def test_other_layers_are_measured_when_they_are_chosen(run: Run) -> None:
    default, chosen = run()[-1], run(style_layers="block1_conv1", content_layers="block2_conv2")[-1]
    assert chosen.loss != default.loss


def test_a_finer_level_begins_with_the_detail_that_the_coarser_one_could_not_hold(
    content: Picture, style: Picture
) -> None:
    """A run that is drawn to the photo alone, and begins with it, must end with all of it."""
    settings = Settings(size=100, scales=2, steps=1, learning_rate=0.001)
    settings = dataclasses.replace(settings, style_weight=0, tv_weight=0)
    last = list(Transfer(Subject(content, (style,)), settings).start())[-1]
    assert last.scale == 2
    photo = images.resize(content, 100, 67)
    blurred = images.resize(images.resize(content, 50, 33), 100, 67)
    assert np.abs(last.image - photo).mean() < 0.4 * np.abs(blurred - photo).mean()


def test_a_run_can_be_left_between_two_steps(content: Picture, style: Picture) -> None:
    steps = Transfer(Subject(content, (style,)), QUICK).start()
    assert next(steps).step == 1
    steps.close()  # type: ignore[attr-defined]


def test_the_picture_of_a_step_does_not_change_afterwards(content: Picture, style: Picture) -> None:
    steps = Transfer(Subject(content, (style,)), QUICK).start()
    first = next(steps)
    kept = first.image.copy()
    next(steps)
    np.testing.assert_array_equal(first.image, kept)


def test_a_run_goes_on_from_its_best_image_with_half_the_rate_after_an_explosion(
    content: Picture, style: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = Program.evaluate
    seen = []

    def once_broken(self: Program, *arguments: Any) -> Any:
        losses, gradient = evaluate(self, *arguments)
        seen.append(float(losses.total))
        if len(seen) == 4:
            losses = losses._replace(total=losses.total * 100)
        return losses, gradient

    monkeypatch.setattr(Program, "evaluate", once_broken)
    settings = dataclasses.replace(QUICK, scales=1, steps=8)
    steps = list(Transfer(Subject(content, (style,)), settings).start())
    assert [step.step for step in steps] == list(range(1, 9))
    assert [step.state.guard.caution for step in steps] == [1.0] * 3 + [0.5] * 5
    # The fifth evaluation is of the best image so far, the third one's.
    assert seen[4] == pytest.approx(seen[2])
    assert steps[-1].loss.total < seen[2]


def test_a_run_that_cannot_go_on_ends_with_its_best_image(
    content: Picture, style: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the third evaluation on, whatever the image, the loss is no number."""
    steps = Transfer(Subject(content, (style,)), QUICK).start()
    kept = [next(steps).image, next(steps).image]
    evaluate = Program.evaluate

    def broken(self: Program, *arguments: Any) -> Any:
        losses, gradient = evaluate(self, *arguments)
        return losses._replace(total=losses.total * np.nan), gradient

    monkeypatch.setattr(Program, "evaluate", broken)
    with pytest.raises(DivergedError, match="smaller learning rate") as ended:
        list(steps)
    np.testing.assert_array_equal(ended.value.picture, kept[0])


def test_the_safeguard_halves_the_rate_a_few_times_and_then_gives_up() -> None:
    first, better, other = (np.full((1, 4, 4, 3), value) for value in (0.1, 0.2, 0.3))
    guard = Safeguard().after(1.0, first).after(0.9, better).after(3.9, other)
    assert guard.sound(3.9) and not guard.sound(4.1) and not guard.sound(float("nan"))
    cautions = []
    while not (guard := guard.backed_off()).exhausted:
        cautions.append(guard.caution)
    assert cautions == [1 / 2, 1 / 4, 1 / 8, 1 / 16]
    assert guard.best is better and (guard.first_loss, guard.best_loss) == (1.0, 0.9)
    assert guard.at_next_level() == Safeguard(guard.caution)
    assert Safeguard().sound(1e9) and not Safeguard().sound(float("inf"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("diverges_at", [4, 5])
def test_a_run_that_diverges_after_it_was_resumed_does_what_it_would_have_done_anyway(
    content: Picture,
    style: Picture,
    monkeypatch: pytest.MonkeyPatch,
    optimizer: str,
    diverges_at: int,
) -> None:
    """The loss explodes after the third step, next to the level's first but not to the latest."""
    settings = dataclasses.replace(QUICK, scales=1, steps=6, optimizer=optimizer)
    update = type(OPTIMIZERS[optimizer]).update
    updates = 0

    def exploding(self: Any, *arguments: Any) -> Any:
        nonlocal updates
        losses, state = update(self, *arguments)
        updates += 1
        if updates == 1:
            # As if the level had begun with a far worse image.
            losses = losses._replace(total=losses.total * 100)
        if updates == 2:
            losses = losses._replace(total=losses.total / 100)
        if updates == diverges_at:
            losses = losses._replace(total=losses.total * 10)
        if updates == diverges_at + 1:
            losses = losses._replace(total=losses.total * np.nan)
        return losses, state

    monkeypatch.setattr(type(OPTIMIZERS[optimizer]), "update", exploding)
    whole = list(Transfer(Subject(content, (style,)), settings).start())
    assert [step.state.guard.caution for step in whole][-1] == 0.5
    updates = 3
    kept = Checkpoint.from_bytes(whole[2].checkpoint().to_bytes())
    rest = list(Transfer(Subject(content, (style,)), settings).start(kept))
    assert [step.loss for step in rest] == [step.loss for step in whole[3:]]
    np.testing.assert_array_equal(rest[-1].image, whole[-1].image)


def test_lbfgs_gets_closer_than_adam_in_a_long_run(run: Run) -> None:
    adam, lbfgs = (
        run(optimizer=name, scales=1, steps=40)[-1].loss.total for name in ("adam", "lbfgs")
    )
    assert lbfgs < adam


def test_the_front_door_takes_files_and_refuses_what_it_cannot_read() -> None:
    content, style = folders.DATA / "content" / "cat.jpg", folders.DATA / "style"
    steps = stransfer.run(content, style / "night_wind.jpg", Settings(size=100, scales=1, steps=1))
    assert next(steps).image.shape == (67, 100, 3)
    with pytest.raises(ImageError, match=r"Cannot read none.jpg"):
        stransfer.run(content, style / "none.jpg")

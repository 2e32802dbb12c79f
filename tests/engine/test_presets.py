"""The presets: what they set, what wins over them, and what they cost."""

from __future__ import annotations

import pytest

from stransfer import presets, pyramid
from stransfer.errors import ImageError, SettingsError
from stransfer.settings import Settings


def test_standard_is_the_defaults_and_the_others_lie_on_either_side() -> None:
    assert presets.STANDARD.over(Settings()) == Settings()
    draft, standard, fine = (presets.cost(each.over(Settings())) for each in presets.PRESETS)
    assert 5 * draft < standard < fine / 3


def test_a_preset_leaves_what_it_is_not_about() -> None:
    changed = presets.find("fine").over(Settings(model="vgg19", seed=3, size=200))
    assert (changed.model, changed.seed, changed.size) == ("vgg19", 3, 800)
    # Standard too: it brings the defaults of what presets are about, and of nothing else.
    assert presets.STANDARD.over(changed) == Settings(model="vgg19", seed=3)


def test_what_is_given_beside_a_preset_wins_and_what_is_empty_is_not_given() -> None:
    given = {"steps": "5", "size": " ", "seed": None, "tv_weight": 0}
    assert presets.applied("fine", given) == {"size": 800, "steps": "5", "tv_weight": 0}
    assert presets.applied(None, given) == {"steps": "5", "tv_weight": 0}


@pytest.mark.parametrize("name", ["best", "", "Draft", 3, ["draft"]])
def test_an_unknown_preset_is_refused_with_those_there_are(name: object) -> None:
    with pytest.raises(SettingsError, match="one of draft, standard, fine") as refused:
        presets.applied(name, {})
    assert list(refused.value.fields) == ["preset"]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "standard"),
        ({"size": "", "steps": None, "model": "vgg19"}, "standard"),
        ({"size": "300", "steps": " 8 "}, "draft"),
        ({"size": 800, "steps": 30}, "fine"),
        ({"size": 800}, None),
        ({"size": "many"}, None),
    ],
)
def test_settings_are_recognised_typed_or_parsed(
    settings: dict[str, object], name: str | None
) -> None:
    found = presets.chosen(settings)
    assert (found and found.name) == name


def test_cost_counts_the_pixels_of_all_steps_at_all_levels() -> None:
    settings = Settings(size=400, steps=40, scales=2)
    assert presets.cost(settings, 400, 300) == 40 * 400 * 300 + 50 * 200 * 150
    # Where all levels have as many steps as they want, twice as many steps cost twice as much, and
    # so do twice as many pixels.
    assert presets.relative_cost(Settings(), 500, 500) == 1
    double = [presets.cost(Settings(steps=steps), 500, 500) for steps in (80, 160)]
    assert double[1] == 2 * double[0]
    assert presets.cost(settings, 400, 600) == pytest.approx(
        presets.cost(settings, 400, 300) * 2 * 4 / 9, rel=0.01
    )
    large = Settings(output_size=2000)
    assert presets.cost(large) == pyramid.cost(pyramid.plan(4, 3, large)) > presets.cost(Settings())


def test_a_photo_too_narrow_for_a_preset_has_no_cost() -> None:
    with pytest.raises(ImageError, match="choose a size"):
        presets.relative_cost(presets.find("draft").over(Settings()), 2000, 100)

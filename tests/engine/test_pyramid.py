"""The coarse-to-fine plan."""

from __future__ import annotations

import pytest

from stransfer import pyramid
from stransfer.errors import ImageError
from stransfer.pyramid import Level
from stransfer.settings import Settings


def test_the_default_plan_goes_from_a_quarter_of_the_size_upwards() -> None:
    levels = pyramid.plan(1024, 768, Settings())
    assert levels == (
        Level(125, 94, 125, 50),
        Level(250, 188, 250, 25),
        Level(500, 375, 500, 20),
    )


def test_most_of_the_time_goes_into_the_final_size_unless_it_gets_few_updates() -> None:
    def share(steps: int) -> float:
        levels = pyramid.plan(1024, 768, Settings(steps=steps))
        return levels[-1].steps * levels[-1].cost / pyramid.cost(levels)

    assert share(200) > share(20) > 0.6
    assert share(1) < 0.2


def test_many_updates_are_a_quarter_more_on_each_level_down() -> None:
    steps = [level.steps for level in pyramid.plan(1024, 768, Settings(steps=400))]
    assert steps == [625, 500, 400]


def test_auto_goes_down_to_where_the_broadest_strokes_are_found() -> None:
    for size in (100, 145, 300, 500, 1000):
        coarsest = pyramid.plan(400, 300, Settings(size=size))[0]
        assert 100 <= coarsest.long_side < 220


def test_the_last_level_has_the_size_and_the_steps_that_were_asked_for() -> None:
    for size in (100, 217, 640, 1000):
        level = pyramid.plan(300, 400, Settings(size=size, steps=7))[-1]
        assert (level.height, level.steps) == (size, 7)
        assert level.width == round(size * 3 / 4)


def test_one_scale_is_a_single_level() -> None:
    assert len(pyramid.plan(400, 300, Settings(scales=1))) == 1


def test_a_small_picture_has_no_level_that_the_network_cannot_see() -> None:
    levels = pyramid.plan(1000, 400, Settings(size=100, scales=5))
    assert [level.height for level in levels] == [40]


def test_a_picture_too_narrow_for_the_network_is_refused_with_the_size_that_would_do() -> None:
    with pytest.raises(ImageError, match="choose a size of at least 640") as refused:
        pyramid.plan(2000, 100, Settings(size=500))
    assert "500 × 25" in str(refused.value)
    assert pyramid.plan(2000, 100, Settings(size=640))


def test_an_earlier_result_is_not_made_small_again_unless_that_is_asked_for() -> None:
    assert len(pyramid.plan(400, 300, Settings(init="result"))) == 1
    assert len(pyramid.plan(400, 300, Settings(init="result", scales=2))) == 2

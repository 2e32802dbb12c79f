"""Seconds a step and seconds to go, with a clock of our own."""

from __future__ import annotations

import pytest

from stransfer.progress import Pace, part_done
from stransfer.pyramid import Level

LEVELS = (Level(10, 10, 10, 4), Level(20, 20, 20, 2))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_step_says_nothing_because_it_pays_for_the_preparation(clock: Clock) -> None:
    pace = Pace(LEVELS, clock)
    clock.now += 30
    pace.step(0)
    assert pace.seconds_per_step(0) is None
    assert pace.seconds_left(0, 1) is None


def test_a_coarse_level_tells_how_long_the_fine_one_takes(clock: Clock) -> None:
    pace = Pace(LEVELS, clock)
    for seconds in (30, 1):
        clock.now += seconds
        pace.step(0)
    assert pace.seconds_per_step(0) == pytest.approx(1)
    assert pace.seconds_per_step(1) == pytest.approx(4)
    # Two more steps here, and two with four times the pixels.
    assert pace.seconds_left(0, 2) == pytest.approx(2 * 1 + 2 * 4)


def test_a_slow_step_moves_the_average_but_does_not_replace_it(clock: Clock) -> None:
    pace = Pace(LEVELS, clock)
    for seconds in (30, 1, 2):
        clock.now += seconds
        pace.step(0)
    assert pace.seconds_per_step(0) == pytest.approx(1.2)


def test_the_preparation_of_a_level_is_left_out(clock: Clock) -> None:
    pace = Pace(LEVELS, clock)
    for seconds, level in ((30, 0), (1, 0), (50, 1)):
        clock.now += seconds
        pace.step(level)
    assert pace.seconds_left(1, 1) == pytest.approx(4)


def test_nothing_is_left_after_the_last_step(clock: Clock) -> None:
    pace = Pace(LEVELS, clock)
    pace.step(1)
    assert pace.seconds_left(1, 2) == 0.0


def test_the_part_that_is_done_is_that_of_the_cost_and_not_of_the_steps() -> None:
    # Four steps of 100 pixels and two of 400.
    assert part_done(LEVELS, 0, 0) == 0
    assert part_done(LEVELS, 0, 4) == pytest.approx(400 / 1200)
    assert part_done(LEVELS, 1, 0) == part_done(LEVELS, 0, 4)
    assert part_done(LEVELS, 1, 1) == pytest.approx(800 / 1200)
    assert part_done(LEVELS, 1, 2) == 1.0

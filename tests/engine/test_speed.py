"""How fast a machine says that it is before it has painted anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from stransfer import folders, presets, processor, speed
from stransfer.settings import Settings

UNTRAINED = Settings(weights="untrained")


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance folder in which nothing is kept yet, on any machine with the same processor."""
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path / "instance"))


def test_what_was_measured_is_kept_for_this_machine_and_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert speed.kept(UNTRAINED) is None
    found = speed.measured(UNTRAINED)
    assert found is not None and min(found) > 0
    assert speed.kept(UNTRAINED) == found
    assert speed.kept(Settings(model="vgg19")) is None
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(processor, "cores", lambda: 64)
        assert speed.kept(UNTRAINED) is None
    for damage in ("", "[]", "{", (folders.instance() / "speed.json").read_text().replace(".", "")):
        (folders.instance() / "speed.json").write_text(damage)
        assert speed.kept(UNTRAINED) is None


def test_whoever_stops_the_measurement_waits_for_a_step_and_nothing_is_kept() -> None:
    asked = []

    def stopped() -> bool:
        asked.append(True)
        return True

    assert speed.measured(UNTRAINED, stopped) is None
    assert speed.kept(UNTRAINED) is None
    assert len(asked) == 1


def test_a_fast_machine_is_measured_at_the_size_that_is_painted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sides = []

    def timed(settings: Settings, side: int, stopped: object) -> list[float]:
        sides.append(side)
        return [0.011, 0.002, 0.001, 0.003] if side < 300 else [0.024, 0.004, 0.005, 0.006]

    monkeypatch.setattr(speed, "_timed", timed)
    found = speed.measured(UNTRAINED)
    assert sides == [224, 500]
    assert found is not None
    assert found == pytest.approx((0.019, 0.005 / (500 * 375)))
    assert found.seconds(presets.cost(Settings())) > 20 * 0.005

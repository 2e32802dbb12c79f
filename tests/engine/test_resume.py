"""Checkpoints, from which a run goes on as if it had never stopped."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stransfer.checkpoint import Checkpoint
from stransfer.errors import TransferError
from stransfer.images import Picture
from stransfer.subject import Subject
from stransfer.transfer import Transfer
from tests.engine.quick import QUICK, Run


@pytest.mark.parametrize("stopped_after", [2, 25, 26])
def test_a_resumed_run_equals_one_that_never_stopped(
    run: Run, content: Picture, style: Picture, stopped_after: int
) -> None:
    whole = run()
    kept = whole[stopped_after - 1].checkpoint().to_bytes()
    transfer = Transfer(Subject(content, (style,)), QUICK)
    checkpoint = Checkpoint.from_bytes(kept)
    assert transfer.step_of(checkpoint) == stopped_after
    rest = list(transfer.start(checkpoint))
    assert [step.step for step in rest] == list(range(stopped_after + 1, 29))
    np.testing.assert_array_equal(rest[-1].image, whole[-1].image)


@pytest.mark.parametrize("stopped_after", [2, 26])
def test_a_resumed_lbfgs_run_equals_one_that_never_stopped(
    run: Run, content: Picture, style: Picture, stopped_after: int
) -> None:
    whole = run(optimizer="lbfgs")
    transfer = Transfer(Subject(content, (style,)), dataclasses.replace(QUICK, optimizer="lbfgs"))
    kept = Checkpoint.from_bytes(whole[stopped_after - 1].checkpoint().to_bytes())
    *_, last = transfer.start(kept)
    np.testing.assert_array_equal(last.image, whole[-1].image)


def test_a_checkpoint_of_another_run_is_refused(run: Run, content: Picture, style: Picture) -> None:
    checkpoint = run()[0].checkpoint()
    other = Transfer(Subject(content, (style,)), dataclasses.replace(QUICK, size=120))
    with pytest.raises(TransferError, match="other pictures or settings"):
        next(other.start(checkpoint))
    with pytest.raises(TransferError, match="damaged"):
        Checkpoint.from_bytes(checkpoint.to_bytes()[:-200])


def test_a_checkpoint_of_other_settings_or_pictures_is_refused(
    run: Run, content: Picture, style: Picture
) -> None:
    checkpoint = run()[0].checkpoint()
    others = [
        Transfer(Subject(content, (style,)), dataclasses.replace(QUICK, content_weight=2)),
        Transfer(Subject(content, (1 - style,)), QUICK),
        Transfer(Subject(1 - content, (style,)), QUICK),
    ]
    for other in others:
        with pytest.raises(TransferError, match="other pictures or settings"):
            next(other.start(checkpoint))


def test_there_is_nothing_to_go_on_with_from_the_end_of_a_run(
    run: Run, content: Picture, style: Picture
) -> None:
    checkpoint = run()[-1].checkpoint()
    with pytest.raises(TransferError, match="finished run"):
        next(Transfer(Subject(content, (style,)), QUICK).start(checkpoint))


def test_a_checkpoint_of_which_one_bit_has_changed_is_refused(run: Run) -> None:
    content = run()[0].checkpoint().to_bytes()
    for place in [0, 30, 60, 200, *range(100, len(content), len(content) // 20), len(content) - 1]:
        damaged = content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]
        with pytest.raises(TransferError, match="damaged"):
            Checkpoint.from_bytes(damaged)
    for length in (0, 10, 55, len(content) - 1):
        with pytest.raises(TransferError, match="damaged"):
            Checkpoint.from_bytes(content[:length])
    Checkpoint.from_bytes(content)

"""Damaged files by the hundred: each is refused in a sentence, or a clean picture is left of it.

`STRANSFER_FUZZ_CASES` sets how many, and `STRANSFER_FUZZ_SEED` which ones: for the same seed they
are always the same. They are decoded by the same process, under the same limits, as any upload.
"""

from __future__ import annotations

import os

from tests.site.corpus.clean import check_clean
from tests.site.corpus.damage import damaged
from webapp.config import Config
from webapp.decoder import Wish
from webapp.decoding import Decoders
from webapp.errors import UnusableError

CASES = int(os.environ.get("STRANSFER_FUZZ_CASES", "800"))
SEED = int(os.environ.get("STRANSFER_FUZZ_SEED", "1"))

# What one child process is given.
_BATCH = 400

_SENTENCES = (
    "Expected a JPEG, PNG or WebP picture",
    "damaged or cut short",
    "A picture may ",
    "A picture must ",
)


def test_whatever_is_damaged_is_refused_or_becomes_a_clean_picture() -> None:
    decoders = Decoders(Config(decode_memory_mb=1024))
    accepted = refused = 0
    cases = [*damaged(CASES, SEED)]
    for start in range(0, CASES, _BATCH):
        batch = cases[start : start + _BATCH]
        with decoders.turn() as turn:
            found = turn.decode_all([content for _, content in batch], Wish(longest_side=200))
        for (case, _), outcome in zip(batch, found, strict=True):
            if isinstance(outcome, UnusableError):
                # Of these none took too long, too much, or the whole process with it.
                assert any(words in str(outcome) for words in _SENTENCES), (case, outcome)
                assert str(outcome).endswith("."), (case, outcome)
                refused += 1
            else:
                check_clean(outcome, case)
                accepted += 1
    assert accepted + refused == CASES
    # Neither does everything fail at once, nor does nothing.
    assert min(accepted, refused) > CASES / 10


def test_the_same_seed_makes_the_same_files() -> None:
    assert [*damaged(20, 7)] == [*damaged(20, 7)] != [*damaged(20, 8)]

"""What a file declares, read without a library."""

from __future__ import annotations

import pytest

from stransfer import images
from stransfer.errors import ImageError
from stransfer.header import Header, kind_of, read_header
from stransfer.images import Limits
from tests.site.corpus import foreign, hostile
from tests.site.corpus.containers import flat_jpeg
from tests.site.corpus.damage import KINDS, sound


@pytest.mark.parametrize("kind", KINDS)
def test_the_header_tells_format_and_size(kind: str) -> None:
    assert read_header(sound(kind, 83, 47)) == Header(KINDS[kind][0], 83, 47)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_that_breaks_off_tells_nothing_and_harms_nobody(kind: str) -> None:
    whole = sound(kind)
    for length in range(60):
        found = read_header(whole[:length])
        assert found is None or found == read_header(whole)


def test_only_what_begins_like_a_picture_has_a_kind() -> None:
    assert {kind_of(content) for content in foreign.NO_PICTURE.values()} == {None}


@pytest.mark.parametrize("name", hostile.TOO_LARGE)
def test_a_canvas_that_is_too_large_is_refused_before_a_library_sees_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*given: object, **options: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr("PIL.Image.open", opened)
    with pytest.raises(ImageError, match="at most 50 megapixels"):
        images.open_srgb(hostile.TOO_LARGE[name])


def test_what_the_library_finds_is_checked_as_well() -> None:
    # Two sizes in one file, of which the library takes the last.
    first = flat_jpeg([128], 40)
    second = flat_jpeg([128], 64)
    frame = first.index(b"\xff\xc0")
    both = second[:2] + first[frame : frame + 13] + second[2:]
    assert read_header(both) == Header("JPEG", 40, 40)
    with pytest.raises(ImageError, match="at most 50 px long, and this one is 64 × 64"):
        images.open_srgb(both, Limits(longest_side=50))

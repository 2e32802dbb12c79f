"""Keeping the photo's colours."""

from __future__ import annotations

import numpy as np
import pytest

from stransfer import colors
from stransfer.images import Picture


@pytest.fixture
def photo() -> Picture:
    return np.random.default_rng(0).uniform(0.2, 0.8, (20, 30, 3)).astype(np.float32)


@pytest.fixture
def artwork() -> Picture:
    """Reds and browns, correlated between channels."""
    gray = np.random.default_rng(1).uniform(0.3, 0.6, (25, 25, 1))
    return (gray * [1.2, 0.8, 0.5] + 0.05).astype(np.float32)


def test_luminance_is_gray_and_leaves_gray_alone(photo: Picture) -> None:
    gray = colors.luminance(photo)
    np.testing.assert_array_equal(gray[..., 0], gray[..., 2])
    np.testing.assert_allclose(colors.luminance(gray), gray, atol=1e-5)
    # What Rec. 601 says of pure green.
    green = np.zeros((2, 2, 3), np.float32)
    green[..., 1] = 1
    np.testing.assert_allclose(colors.luminance(green), 0.587, atol=1e-6)


def test_a_picture_with_its_own_chroma_is_itself(photo: Picture) -> None:
    np.testing.assert_allclose(colors.with_chroma_of(photo, photo), photo, atol=2e-4)


def test_the_chroma_of_a_gray_photo_is_gray(photo: Picture) -> None:
    combined = colors.with_chroma_of(photo, colors.luminance(photo))
    np.testing.assert_allclose(combined, colors.luminance(photo), atol=2e-4)


def test_matched_colours_have_the_mean_and_covariance_of_the_photo(
    photo: Picture, artwork: Picture
) -> None:
    noisy = artwork + np.random.default_rng(2).normal(0, 0.02, artwork.shape).astype(np.float32)
    narrow = 0.5 + (photo - 0.5) * 0.2
    matched = colors.match_colors(noisy, narrow).reshape(-1, 3)
    np.testing.assert_allclose(matched.mean(axis=0), narrow.reshape(-1, 3).mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(np.cov(matched.T), np.cov(narrow.reshape(-1, 3).T), atol=3e-4)


def test_matched_luminance_has_the_mean_and_spread_of_the_photo(
    photo: Picture, artwork: Picture
) -> None:
    gray = colors.luminance(photo)
    matched = colors.match_luminance(colors.luminance(artwork), gray)
    assert matched.mean() == pytest.approx(float(gray.mean()), abs=5e-3)
    assert matched.std() == pytest.approx(float(gray.std()), abs=5e-3)


def test_an_artwork_of_one_colour_gives_no_infinity(photo: Picture) -> None:
    flat = np.full((10, 10, 3), 0.5, np.float32)
    for matched in (colors.match_colors(flat, photo), colors.match_luminance(flat, photo)):
        assert np.isfinite(matched).all()

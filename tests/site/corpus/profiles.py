"""Colour profiles written by hand, and what their colours are in sRGB, computed without a library.

Colours are float arrays whose last axis has the channels, from 0 to 1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.float64]

# The white of all profiles.
D50 = (0.9642, 1.0, 0.8249)

# The primaries of Adobe RGB (1998) and of sRGB, seen under that white: rows are X, Y, Z.
ADOBE = np.array(
    [
        [0.60974, 0.20528, 0.14919],
        [0.31111, 0.62567, 0.06322],
        [0.01947, 0.06087, 0.74457],
    ]
)
SRGB = np.array(
    [
        [0.43607, 0.38515, 0.14307],
        [0.22249, 0.71687, 0.06061],
        [0.01392, 0.09708, 0.71410],
    ]
)
ADOBE_GAMMA = 563 / 256
GRAY_GAMMA = 461 / 256

# What each mixture of full inks looks like on paper, as CIELAB; all with black are black.
INKS: Mapping[tuple[int, int, int], tuple[int, int, int]] = {
    (0, 0, 0): (100, 0, 0),
    (1, 0, 0): (60, -25, -40),
    (0, 1, 0): (50, 60, 0),
    (0, 0, 1): (90, -5, 70),
    (1, 1, 0): (30, 15, -40),
    (1, 0, 1): (50, -45, 25),
    (0, 1, 1): (50, 55, 40),
    (1, 1, 1): (20, 0, 0),
}


def adobe_rgb() -> bytes:
    """Adobe RGB (1998), which has greens that sRGB has not."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(ADOBE_GAMMA * 256))
    primaries = {name: _xyz(ADOBE[:, index]) for index, name in enumerate((b"r", b"g", b"b"))}
    return _profile(
        b"mntr",
        b"RGB ",
        b"XYZ ",
        {
            **{name + b"XYZ": content for name, content in primaries.items()},
            **{name + b"TRC": curve for name in primaries},
        },
    )


def gray() -> bytes:
    """A gray with a gamma of 1.8, as old screens had."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(GRAY_GAMMA * 256))
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def cmyk() -> bytes:
    """A printing press with the INKS, and a straight line between each two of them."""
    same = bytes(range(256))
    identity = struct.pack(">9i", *(65536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = b""
    for index in range(16):
        cyan, magenta, yellow, black = (index >> shift & 1 for shift in (3, 2, 1, 0))
        lightness, a, b = (0, 0, 0) if black else INKS[cyan, magenta, yellow]
        table += bytes([round(lightness * 2.55), a + 128, b + 128])
    head = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": head + same * 4 + table + same * 3})


def adobe_in_srgb(colours: Sequence[int]) -> tuple[int, ...]:
    """What an 8-bit colour of `adobe_rgb` is in sRGB."""
    return _eight_bits(_from_xyz(ADOBE @ (np.array(colours) / 255) ** ADOBE_GAMMA))


def gray_in_srgb(value: int) -> tuple[int, ...]:
    """What an 8-bit value of `gray` is in sRGB."""
    return _eight_bits(_from_xyz(np.array(D50) * (value / 255) ** GRAY_GAMMA))


def ink_in_srgb(ink: tuple[int, int, int]) -> tuple[int, ...]:
    """What a mixture of full inks of `cmyk` is in sRGB."""
    lightness, a, b = INKS[ink]
    middle = (lightness + 16) / 116
    bent = np.array([middle + a / 500, middle, middle - b / 200])
    straight = np.where(bent > 6 / 29, bent**3, 3 * (6 / 29) ** 2 * (bent - 4 / 29))
    return _eight_bits(_from_xyz(straight * D50))


def _from_xyz(xyz: Colours) -> Colours:
    linear = np.clip(np.linalg.solve(SRGB, xyz), 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _eight_bits(colour: Colours) -> tuple[int, ...]:
    return tuple(round(255 * float(value)) for value in colour)


def _xyz(colour: Any) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * float(one)) for one in colour))


def _text(content: bytes) -> bytes:
    return b"text" + bytes(4) + content + b"\0"


def _profile(kind: bytes, space: bytes, connection: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    described = b"desc" + bytes(4) + struct.pack(">I", 6) + b"by us\0" + bytes(78)
    tags = {b"desc": described, b"cprt": _text(b"none"), b"wtpt": _xyz(D50), **tags}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = start + len(body)
    head = struct.pack(">I4sI", size, bytes(4), 0x02400000) + kind + space + connection
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", *(round(65536 * one) for one in D50))
    return head.ljust(128, b"\0") + table + body

"""The parts that PNG, JPEG and WebP files consist of: taken apart and put together by hand."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# PNG colour types.
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6

Chunk = tuple[bytes, bytes]


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    """One chunk of a PNG file."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png_header(width: int, height: int, depth: int = 8, colour: int = RGB) -> bytes:
    """The chunk that a PNG file begins with."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(
    width: int,
    height: int,
    *chunks: bytes,
    depth: int = 8,
    colour: int = RGB,
    row: bytes | None = None,
) -> bytes:
    """A PNG file all of whose rows are `row`; without one it has no pixels."""
    pixels = b"" if row is None else (b"\0" + row) * height
    return b"".join(
        [
            PNG_SIGNATURE,
            png_header(width, height, depth, colour),
            *chunks,
            chunk(b"IDAT", zlib.compress(pixels)),
            chunk(b"IEND"),
        ]
    )


def png_chunks(file: bytes) -> list[Chunk]:
    """The kinds and contents of a PNG file's chunks."""
    found, place = [], len(PNG_SIGNATURE)
    while place + 8 <= len(file):
        length, kind = struct.unpack_from(">I4s", file, place)
        found.append((kind, file[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def png_of(chunks: Sequence[Chunk]) -> bytes:
    """A PNG file of these chunks, with their right lengths and checksums."""
    return PNG_SIGNATURE + b"".join(chunk(*one) for one in chunks)


def jpeg_segments(file: bytes) -> list[bytes]:
    """A JPEG file cut before each marker; the pixels stay with the marker before them."""
    cuts = [0]
    place = 2
    while place + 4 <= len(file):
        cuts.append(place)
        marker, length = struct.unpack_from(">HH", file, place)
        place += 2 + length
        if marker == 0xFFDA:
            # The next marker is what is neither a stuffed byte nor a restart.
            while place + 1 < len(file) and not (
                file[place] == 0xFF and file[place + 1] not in (0, *range(0xD0, 0xD8))
            ):
                place += 1
            if file[place : place + 2] == b"\xff\xd9":
                cuts.append(place)
                break
    return [file[start:end] for start, end in zip(cuts, [*cuts[1:], len(file)], strict=True)]


def segment(marker: int, content: bytes) -> bytes:
    """One segment of a JPEG file."""
    return struct.pack(">HH", marker, 2 + len(content)) + content


def adobe(transform: int) -> bytes:
    """What Adobe's programs say in a JPEG file of how its colours are coded."""
    return segment(0xFFEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def flat_jpeg(components: Sequence[int], side: int = 64, *segments: bytes) -> bytes:
    """A JPEG file of one colour, written by hand with exactly these components.

    Nothing but the first of 64 coefficients is there, and it is divided by 1.
    """
    count = len(components)
    frame = struct.pack(">BHHB", 8, side, side, count)
    frame += b"".join(bytes([index + 1, 0x11, 0]) for index in range(count))
    # Twelve sizes of 4 bits for the first coefficient; the only code for the others ends a block.
    sizes = bytes([0x00, 0, 0, 0, 12, *[0] * 12, *range(12)])
    ends = bytes([0x10, 1, *[0] * 15, 0])
    scan = bytes([count, *(value for index in range(count) for value in (index + 1, 0)), 0, 63, 0])
    return b"".join(
        [
            b"\xff\xd8",
            *segments,
            segment(0xFFDB, b"\0" + b"\1" * 64),
            segment(0xFFC0, frame),
            segment(0xFFC4, sizes),
            segment(0xFFC4, ends),
            segment(0xFFDA, scan),
            _flat_scan(components, (side // 8) ** 2),
            b"\xff\xd9",
        ]
    )


def _flat_scan(components: Sequence[int], blocks: int) -> bytes:
    bits = ""
    for value in components:
        first = 8 * (value - 128)
        size = abs(first).bit_length()
        coded = first if first >= 0 else first + (1 << size) - 1
        bits += f"{size:04b}" + (f"{coded:0{size}b}" if size else "") + "0"
    bits += "00000" * (blocks - 1) * len(components)
    bits += "1" * (-len(bits) % 8)
    packed = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return packed.replace(b"\xff", b"\xff\0")


def webp_chunks(file: bytes) -> list[Chunk]:
    """The kinds and contents of a WebP file's chunks."""
    found, place = [], 12
    while place + 8 <= len(file):
        kind, length = struct.unpack_from("<4sI", file, place)
        found.append((kind, file[place + 8 : place + 8 + length]))
        place += 8 + length + length % 2
    return found


def webp_of(chunks: Sequence[Chunk]) -> bytes:
    """A WebP file of these chunks, with their right lengths."""
    body = b"".join(
        kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for kind, content in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body

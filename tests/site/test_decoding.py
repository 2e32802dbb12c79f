"""Pictures are decoded apart: what comes back, and what a hostile file can do, which is nothing."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import ROOT, file_bytes
from tests.site.corpus import damage, foreign, hostile
from tests.site.corpus.clean import check_clean
from tests.site.corpus.containers import PALETTE, chunk, png
from tests.site.corpus.profiles import adobe_rgb
from tests.site.processes import arguments, decoder_of
from tests.site.server import wait_for
from webapp import decoding
from webapp.config import Config
from webapp.decoder import Wish
from webapp.decoding import Decoded, Decoders
from webapp.errors import UnavailableError, UnusableError

WISH = Wish(longest_side=4096)
SOUND = file_bytes(Image.new("RGB", (120, 90), "red"))


def answers(
    contents: Sequence[bytes], wish: Wish = WISH, config: Config | None = None
) -> list[Decoded | UnusableError]:
    with Decoders(config or Config()).turn() as turn:
        return turn.decode_all(contents, wish)


def check_refused(files: Mapping[str, bytes], words: str, config: Config | None = None) -> None:
    tried = answers([*files.values()], WISH, config)
    for name, found in zip(files, tried, strict=True):
        assert isinstance(found, UnusableError) and words in str(found), (name, found)
        assert str(found).endswith("."), name


def test_what_is_too_large_or_has_a_wrong_shape_is_refused() -> None:
    check_refused(hostile.TOO_LARGE, "at most 50 megapixels")
    for words in {words for _, words in hostile.WRONG_SHAPE.values()}:
        files = {name: file for name, (file, why) in hostile.WRONG_SHAPE.items() if why == words}
        check_refused(files, words)


def test_what_is_no_picture_or_is_damaged_is_refused() -> None:
    check_refused(foreign.NO_PICTURE, "Expected a JPEG, PNG or WebP picture")
    check_refused(hostile.DAMAGED, "damaged or cut short")


@pytest.mark.parametrize("kind", damage.KINDS)
def test_a_picture_that_is_cut_short_anywhere_is_refused(kind: str) -> None:
    files = {f"{part}/16": file for part, file in enumerate(damage.cut_short(kind), 1)}
    check_refused(files, "damaged or cut short")


def test_of_odd_and_hostile_files_a_clean_picture_is_left() -> None:
    wish = Wish(longest_side=4096, preview_side=40)
    found = answers([*hostile.ACCEPTED.values()], wish)
    for name, decoded in zip(hostile.ACCEPTED, found, strict=True):
        assert isinstance(decoded, Decoded), (name, decoded)
        check_clean(decoded, name)
        with Image.open(io.BytesIO(decoded.preview)) as preview:
            assert max(preview.size) == 40


def test_every_mode_of_every_format_is_read() -> None:
    files = [damage.sound(kind, 90, 70, orientation=6) for kind in damage.KINDS]
    for kind, decoded in zip(damage.KINDS, answers(files), strict=True):
        assert isinstance(decoded, Decoded), (kind, decoded)
        check_clean(decoded, kind)
        assert (decoded.width, decoded.height) == (70, 90)
        assert decoded.ending == ("png" if kind.endswith("A") else "jpg")


@pytest.mark.parametrize("kind", ["apng of 50 frames", "webp of 50 frames", "jpeg of 2 pictures"])
def test_the_first_frame_counts(kind: str) -> None:
    [decoded] = answers([hostile.ACCEPTED[kind]])
    assert isinstance(decoded, Decoded)
    with Image.open(io.BytesIO(decoded.picture)) as image:
        pixel = image.getpixel((20, 20))
        assert isinstance(pixel, tuple) and max(pixel[1], pixel[2]) < 8 < 240 < pixel[0]


def test_what_is_too_large_is_refused_where_its_pixels_would_not_fit_into_memory() -> None:
    names = ["png of 100 megapixels in 1 bit", "webp canvas of 100 megapixels"]
    files = {name: hostile.TOO_LARGE[name] for name in names}
    wide = Image.new("L", (10_000, 10_000))
    files["jpeg of 100 megapixels"] = file_bytes(wide, "JPEG")
    files["webp of 100 megapixels"] = file_bytes(wide, "WEBP", lossless=True, method=0)
    check_refused(files, "at most 50 megapixels", Config(decode_memory_mb=450))
    # Where they may be so large, it is for want of memory that they cannot be read.
    permissive = Config(decode_memory_mb=450, max_megapixels=100)
    tried = answers([*files.values()], WISH, permissive)
    for name, found in zip(files, tried, strict=True):
        assert isinstance(found, UnusableError) and "megapixels" not in str(found), (name, found)


def test_no_file_makes_a_decoder_take_more_memory_than_it_is_granted() -> None:
    """Measured in a process that has no other children, and is small itself."""
    code = (
        "import json, resource\n"
        "from tests.site.corpus import hostile\n"
        "from tests.site.test_decoding import WISH, Config, answers\n"
        "corpora = hostile.TOO_LARGE, hostile.DAMAGED, hostile.ACCEPTED\n"
        "files = [file for corpus in corpora for file in corpus.values()]\n"
        "found = answers(files, WISH, Config(decode_memory_mb=600))\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps([len(files), len(found), used * 1024]))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    files, found, used = json.loads(ended.stdout)
    assert files == found > 60
    assert used < 600 * 2**20


def slow() -> bytes:
    """A picture of few bytes that takes seconds to read: 49 megapixels, and all there can be."""
    side = 7000
    return png(
        side,
        side,
        chunk(b"iCCP", b"p\0\0" + zlib.compress(adobe_rgb())),
        chunk(b"PLTE", bytes([200, 100, 50, 40, 160, 150])),
        chunk(b"tRNS", b"\x80\x40"),
        depth=1,
        colour=PALETTE,
        row=b"\xaa" * (side // 8),
    )


def test_a_picture_that_takes_too_long_is_given_up_and_those_after_it_are_not() -> None:
    first, given_up, last = answers([SOUND, slow(), SOUND], WISH, Config(decode_seconds=1))
    assert isinstance(first, Decoded) and isinstance(last, Decoded)
    assert isinstance(given_up, UnusableError) and "more time or memory" in str(given_up)


def test_a_picture_that_takes_too_much_memory_is_given_up_and_those_after_it_are_not() -> None:
    first, given_up, last = answers([SOUND, slow(), SOUND], WISH, Config(decode_memory_mb=300))
    assert isinstance(first, Decoded) and isinstance(last, Decoded)
    assert isinstance(given_up, UnusableError) and "emory" in str(given_up)


def test_the_largest_pictures_are_read_within_the_limits_that_are_configured() -> None:
    [decoded] = answers([slow()])
    assert isinstance(decoded, Decoded) and (decoded.width, decoded.ending) == (4096, "png")


class Decoding:
    """A decoder at work in a thread, halted, so that it would never end."""

    def __init__(self, decoders: Decoders, content: bytes) -> None:
        self.outcome: Decoded | Exception | None = None
        self._decoders = decoders
        self._content = content
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.child = wait_for(lambda: decoder_of(os.getpid()), "a decoder")
        os.kill(self.child, signal.SIGSTOP)

    def go_on(self) -> Decoded | Exception | None:
        """Let it go on, and return what came of it."""
        self.resume()
        return self.join()

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.child, signal.SIGCONT)

    def join(self) -> Decoded | Exception | None:
        """Wait until it has ended, and return what came of it."""
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.outcome

    def _run(self) -> None:
        try:
            with self._decoders.turn() as turn:
                self.outcome = turn.decode(self._content, WISH)
        except Exception as error:
            self.outcome = error


def test_a_decoder_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "_GRACE_SECONDS", 0.5)
    held = Decoding(Decoders(Config(decode_seconds=1)), SOUND)
    outcome = held.join()
    assert isinstance(outcome, UnavailableError) and outcome.retry_after
    assert arguments(held.child) == []


def test_a_decoder_ends_with_the_process_that_wanted_it() -> None:
    code = "from tests.site.test_decoding import answers, slow\nanswers([slow()])"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    child = wait_for(lambda: decoder_of(parent.pid), "a decoder")
    wait_for(lambda: os.getpriority(os.PRIO_PROCESS, child) == 10, "it to be at work")
    parent.kill()
    parent.wait()
    wait_for(lambda: not arguments(child), "the decoder's end", seconds=2)


def test_only_so_many_are_decoded_at_once_and_others_are_told_to_come_again() -> None:
    decoders = Decoders(Config(decoders=1, decode_wait_seconds=0))
    held = Decoding(decoders, SOUND)
    with pytest.raises(UnavailableError, match="busy") as refused, decoders.turn():
        pass
    assert refused.value.retry_after
    assert isinstance(held.go_on(), Decoded)
    with decoders.turn() as turn:
        assert turn.decode(SOUND, WISH)


def test_who_waits_for_a_decoder_gets_it_when_it_is_free() -> None:
    decoders = Decoders(Config(decoders=1, decode_wait_seconds=60))
    held = Decoding(decoders, SOUND)
    found: list[Decoded] = []

    def wait() -> None:
        with decoders.turn() as turn:
            found.append(turn.decode(SOUND, WISH))

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert held.outcome is None and not found
    assert isinstance(held.go_on(), Decoded)
    waiting.join(60)
    assert len(found) == 1


def test_a_decoder_lets_others_go_first() -> None:
    held = Decoding(Decoders(Config()), slow())
    held.resume()
    wait_for(lambda: os.getpriority(os.PRIO_PROCESS, held.child) == 10, "a lower priority")
    assert isinstance(held.join(), Decoded)


def test_a_decoder_sees_nothing_of_the_sites_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "a secret of the site")
    held = Decoding(Decoders(Config()), SOUND)
    environment = Path(f"/proc/{held.child}/environ").read_bytes()
    assert b"PATH=" in environment and b"secret" not in environment
    assert isinstance(held.go_on(), Decoded)

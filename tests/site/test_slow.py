"""Requests that never come to their end, or are too much: they are answered, or cut off."""

from __future__ import annotations

import pytest
import requests

from tests.site.guest import Guest
from tests.site.server import Server
from tests.site.wire import Wire

HEAD = b"GET /gallery HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def guest(impatient: Server) -> Guest:
    guest = Guest(impatient.url)
    guest.open()
    return guest


@pytest.mark.parametrize("words", [b"", b"GET / HT", HEAD, HEAD + b"A: "], ids=str)
def test_who_says_half_of_something_is_not_waited_for(words: bytes, impatient: Server) -> None:
    with Wire(impatient.url) as wire:
        wire.say(words)
        assert wire.until_it_ends() == b""


def test_who_says_it_letter_by_letter_is_not_waited_for_either(impatient: Server) -> None:
    with Wire(impatient.url) as wire:
        assert wire.drip(HEAD + b"A: b\r\n" * 1000, pause=0.05, seconds=20) == b""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b" 414 "),
        (HEAD + b"A: " + b"b" * 9000 + b"\r\n\r\n", b" 400 "),
        (HEAD + b"".join(b"A%d: b\r\n" % n for n in range(200)) + b"\r\n", b" 431 "),
        (HEAD + b"".join(b"A%d: %s\r\n" % (n, b"b" * 7000) for n in range(12)) + b"\r\n", b" 400 "),
        (HEAD + b"Content-Length: -5\r\n\r\n", b" 400 "),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 400 "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 20_000, b" 411 "),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", b" 400 "),
        (b"GET /%ff%00%c0%ae/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", b" 404 "),
    ],
    ids=lambda value: repr(value)[-24:],
)
def test_headers_that_are_too_much_or_none_are_refused(
    words: bytes, status: bytes, impatient: Server
) -> None:
    with Wire(impatient.url) as wire:
        wire.say(words)
        wire.until_it_says(b"\r\n\r\n")
        assert status in wire.heard.partition(b"\r\n")[0] + b" "
        assert b"root:" not in wire.until_it_ends() and b"Traceback" not in wire.heard


@pytest.mark.parametrize(
    "words",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", b"\r\n\r\n", bytes(100) + b"\n"],
    ids=str,
)
def test_what_is_no_request_at_all_ends_the_connection(words: bytes, impatient: Server) -> None:
    with Wire(impatient.url) as wire:
        wire.say(words)
        assert b"Traceback" not in wire.until_it_ends()


@pytest.mark.parametrize(("path", "said"), [("/runs", b"came too slowly"), ("/api/v1/images", b"")])
def test_an_upload_that_trickles_is_not_waited_for(path: str, said: bytes, guest: Guest) -> None:
    token = requests.post(f"{guest.url}/api/v1/sessions", timeout=10).json()["token"]
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {guest.url.removeprefix('http://')}",
        f"Cookie: stransfer={guest.cookie}",
        f"Authorization: Bearer {token}",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 500000",
        "",
        "--x",
        'Content-Disposition: form-data; name="file"; filename="a.png"',
        "",
        "",
    ]
    with Wire(guest.url) as wire:
        wire.say("\r\n".join(head).encode())
        heard = wire.drip(b"x" * 1000, pause=0.05, seconds=20)
        assert heard.startswith(b"HTTP/1.1 408 ") and said in heard


def test_an_upload_that_stops_is_not_waited_for(guest: Guest) -> None:
    with Wire(guest.url) as wire:
        wire.say(b"POST /you/link HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n")
        wire.say(b"Content-Type: application/x-www-form-urlencoded\r\n\r\na=b")
        assert wire.until_it_ends().startswith(b"HTTP/1.1 408 ")


def test_pages_answer_while_many_hold_connections_open(impatient: Server) -> None:
    idle = [Wire(impatient.url) for _ in range(100)]
    try:
        assert impatient.answers()
        for wire in idle:
            wire.until_it_ends()
    finally:
        for wire in idle:
            wire.socket.close()

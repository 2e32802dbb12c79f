"""What strangers say over live connections and no browser does: it ends, and leaves nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests

from tests.site.guest import Guest
from tests.site.impatient import MESSAGES, counted
from tests.site.server import Server, wait_for
from tests.site.wire import BINARY, PING, TEXT, Live, frame_of

SUBSCRIBE = '42{}["subscribe",{{"run":"{}"}}]'


@pytest.fixture
def guest(impatient: Server) -> Guest:
    guest = Guest(impatient.url)
    guest.open()
    return guest


@pytest.mark.parametrize(
    "words",
    [
        *("", "a", "²", "4", "42", "44", "47", "4²", "4" * 300, "41" * 40, "bAAAA", "b!"),
        *("42[]", "42[1]", '42["x"]', '42["subscribe"', '42["subscribe",{},{}]', "42{}", "43{}"),
        # The library would take these for events of its own.
        *('42["connect",{}]', '42["disconnect"]', "40/admin,", "451-[]"),
        *('451-["subscribe",{"_placeholder":true,"num":0}]', "4599999-[]", "42" + "[" * 1500),
        '42["subscribe",' + "9" * 3000 + "]",
    ],
)
def test_what_makes_no_sense_ends_the_connection(words: str, guest: Guest) -> None:
    with Live(guest.url, guest.cookie) as live:
        live.join()
        live.text(words)
        assert b"Traceback" not in live.until_it_ends()


@pytest.mark.parametrize("run", ["", "\\ud800", "\\u0000", "../x", "x' OR 1=1 --", "9" * 3000])
def test_no_name_of_a_run_is_taken_for_anything_else(run: str, guest: Guest) -> None:
    with Live(guest.url, guest.cookie) as live:
        live.join()
        live.text(SUBSCRIBE.format(1, run))
        live.until_it_says(b'431[{"ok":false,"error":"There is no such run here')


@pytest.mark.parametrize("words", ["3", "5", "9", "431[]", '42["unsubscribe",{"run":"x"}]', "40"])
def test_a_flood_of_messages_ends_the_connection(words: str, guest: Guest) -> None:
    with Live(guest.url, guest.cookie) as live:
        live.join()
        for _ in range(MESSAGES + 5):
            live.text(words)
        live.until_it_ends()


def too_large(live: Live) -> None:
    live.text("42" + "x" * 5000)


def in_pieces(live: Live) -> None:
    live.frame(TEXT, b"42", final=False)
    for _ in range(100):
        live.frame(0, b"x" * 1000, final=False)


def asking_back(live: Live) -> None:
    live.say(frame_of(PING, b"") * 8000)


def not_text(live: Live) -> None:
    live.frame(BINARY, b"x")


def broken_text(live: Live) -> None:
    live.frame(TEXT, b"42\xff\xfe")


def of_no_kind(live: Live) -> None:
    live.frame(7, b"x")


@pytest.mark.parametrize(
    "abuse", [too_large, in_pieces, asking_back, not_text, broken_text, of_no_kind]
)
def test_frames_that_are_too_large_too_many_or_none_end_the_connection(
    abuse: Callable[[Live], None], guest: Guest
) -> None:
    with Live(guest.url, guest.cookie) as live:
        live.join()
        abuse(live)
        live.until_it_ends()


def test_nothing_is_packed_and_what_comes_packed_ends_the_connection(guest: Guest) -> None:
    packed = "Sec-WebSocket-Extensions: permessage-deflate"
    with Live(guest.url, guest.cookie, more=packed) as live:
        live.until_it_says(b'"sid"')
        assert b"deflate" not in live.heard
        live.frame(TEXT, b"4" * 2_000_000, packed=True)
        live.until_it_ends()


def test_one_connection_watches_only_so_many_runs(guest: Guest) -> None:
    runs = [guest.start(seed=str(seed)) for seed in range(3)]
    with Live(guest.url, guest.cookie) as live:
        live.join()
        for number, run in enumerate(runs[:2] * 2):
            live.text(SUBSCRIBE.format(number, run))
            live.until_it_says(f'43{number}[{{"ok":true'.encode())
        live.text(SUBSCRIBE.format(5, runs[2]))
        live.until_it_says(b'435[{"ok":false,"error":"One live connection may watch 2 runs')
        assert counted(guest.url, "watchers") == 2
        live.text(f'426["unsubscribe",{{"run":"{runs[0]}"}}]')
        live.until_it_says(b"436[")
        live.text(SUBSCRIBE.format(7, runs[2]))
        live.until_it_says(b'437[{"ok":true')
    wait_for(lambda: counted(guest.url, "watchers") == 0, "the end of the watching")
    for run in runs:
        guest.press(f"/runs/{run}/delete")


def test_a_visitor_has_only_so_many_connections_and_an_address_as_well(
    impatient: Server, guest: Guest
) -> None:
    other = Guest(impatient.url)
    other.open()
    wait_for(lambda: counted(impatient.url, "connections") == 0, "the end of other connections")
    held = [Live(guest.url, guest.cookie) for _ in range(3)]
    for live in held:
        live.join()
    refused = Live(guest.url, guest.cookie)
    refused.until_it_says(b'"sid"')
    refused.text("40")
    refused.until_it_says(b"44{")
    assert b"One visitor may have 3 live connections" in refused.heard
    refused.until_it_ends()
    held += [Live(other.url, other.cookie) for _ in range(3)]
    for live in held[3:]:
        live.join()
    with Live(other.url, other.cookie) as beyond:
        beyond.until_it_says(b"HTTP/1.1 429 Too Many Requests")
        beyond.until_it_says(b"One network address may have 6 live connections")
        assert b"Retry-After: 10" in beyond.heard
    for live in held:
        live.socket.close()
    wait_for(lambda: counted(impatient.url, "connections") == 0, "the end of these connections")
    with Live(guest.url, guest.cookie) as again:
        again.join()


@pytest.mark.parametrize("words", [[], ["40"], ["40", "41"]])
def test_who_does_not_say_who_they_are_is_not_waited_for(words: list[str], guest: Guest) -> None:
    # Without the cookie, the second is refused; the third takes back what it has said.
    cookie = guest.cookie if "41" in words else "forged"
    with Live(guest.url, cookie) as live:
        live.until_it_says(b'"sid"')
        for word in words:
            live.text(word)
        live.until_it_ends()


def test_other_sites_and_nobodys_pages_do_not_connect(guest: Guest) -> None:
    for origin in (
        "http://evil.example",
        guest.url.replace("http", "https"),
        "null",
        guest.url + "0",
    ):
        with Live(guest.url, guest.cookie, origin=origin) as live:
            live.until_it_says(b"HTTP/1.1 400")
    socket = f"{guest.url}/socket.io/?EIO=4&transport=polling"
    foreign = guest.http.get(socket, headers={"Origin": "http://evil.example"}, timeout=10)
    assert foreign.status_code == 400 and "Allow-Origin" not in str(foreign.headers)
    assert foreign.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("headers", "auth", "joins"),
    [
        ({}, "", False),
        ({"Sec-Fetch-Site": "cross-site"}, "", False),
        ({"Sec-Fetch-Site": "same-site", "Referer": "{url}/gallery"}, "", False),
        ({"Referer": "http://evil.example/{url}/"}, "", False),
        ({"Sec-Fetch-Site": "same-origin"}, "", True),
        ({"Referer": "{url}/gallery"}, "", True),
        ({"Origin": "{url}"}, "", True),
        ({}, '{{"token":"{token}"}}', True),
        ({}, '{{"token":"no token"}}', False),
        ({"Origin": "{url}"}, '{{"token":"\\ud800"}}', False),
        ({"Origin": "{url}"}, "[1]", True),
    ],
)
def test_the_cookie_counts_where_a_page_of_the_site_asks_and_a_token_anywhere(
    headers: dict[str, str], auth: str, joins: bool, guest: Guest
) -> None:
    token = requests.post(f"{guest.url}/api/v1/sessions", timeout=10).json()["token"]
    sent = {name: value.format(url=guest.url) for name, value in headers.items()}
    socket = f"{guest.url}/socket.io/?EIO=4&transport=polling"
    opened = guest.http.get(socket, headers=sent, timeout=10)
    session = re.findall(r'"sid":"([^"]+)"', opened.text)[0]
    said = "40" + auth.format(token=token)
    guest.http.post(f"{socket}&sid={session}", data=said.encode(), timeout=10)
    answer = guest.http.get(f"{socket}&sid={session}", timeout=10).text
    assert answer.startswith("40{" if joins else "44{"), answer
    guest.http.post(f"{socket}&sid={session}", data="1", timeout=10)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a", 400),
        (b"9", 400),
        (b"d=", 400),
        (b"\xff\xfe", 400),
        (b"4" * 5000, 413),
        (b"\x1e" * 30, 413),
        (b"44", 200),
    ],
)
def test_nonsense_by_polling_is_answered_and_ends_the_connection(
    body: bytes, status: int, guest: Guest
) -> None:
    socket = f"{guest.url}/socket.io/?EIO=4&transport=polling"
    opened = guest.http.get(socket, headers={"Referer": guest.url + "/"}, timeout=10)
    session = re.findall(r'"sid":"([^"]+)"', opened.text)[0]
    answer = guest.http.post(f"{socket}&sid={session}", data=body, timeout=10)
    assert answer.status_code == status
    wait_for(lambda: guest.http.get(f"{socket}&sid={session}", timeout=10).status_code == 400, "it")


@pytest.mark.parametrize(
    "query", ["", "?EIO=3&transport=polling", "?EIO=4&transport=x", "?EIO=4&sid=x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_no_request_for_a_connection_is_an_error_of_the_server(
    method: str, query: str, guest: Guest
) -> None:
    answer = requests.request(method, f"{guest.url}/socket.io/{query}", timeout=10)
    assert 400 <= answer.status_code < 500


def test_no_line_of_the_log_is_written_by_a_stranger(impatient: Server) -> None:
    forged = "?EIO=4&transport=polling&sid=x%0A2026-01-01 00:00:00,000 INFO    root: forged"
    assert requests.get(f"{impatient.url}/socket.io/{forged}", timeout=10).status_code == 400
    assert "forged" not in impatient.log.read_text()

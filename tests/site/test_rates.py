"""How often one may do what costs the site something, as a visitor and as an address."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import file_bytes
from tests.site import corpus, redis_server
from tests.site.page import Page
from tests.site.person import Person
from tests.site.redis_server import RedisServer
from webapp import create_app, rates
from webapp.config import Config
from webapp.errors import ConfigError, TooManyError
from webapp.rates import ESTIMATES, RUNS, Rates, network

TOKEN = "/api/v1/sessions"


def site(config: Config, **keys: Any) -> Flask:
    return create_app(dataclasses.replace(config, **keys))


def visitor(app: Flask) -> Person:
    person = Person(app)
    person.open()
    return person


def refused(answer: TestResponse, seconds: int) -> str:
    """The sentence with which somebody is told to wait, for so many seconds at most."""
    assert answer.status_code == 429
    assert seconds - 60 <= int(answer.headers["Retry-After"]) <= seconds
    if answer.is_json:
        assert answer.json is not None
        return str(answer.json["error"]["message"])
    return Page(answer.text).text


def test_runs_are_limited_for_a_visitor_and_the_form_is_kept(config: Config) -> None:
    app = site(config, runs_per_hour=2)
    person, other = visitor(app), visitor(app)
    for _ in range(2):
        assert person.send().status_code == 303
    answer = person.send(None, steps="77")
    sentence = "New paintings are limited to 2 an hour for one visitor; try again in 60 minutes."
    assert sentence in refused(answer, 3600)
    assert Page(answer.text).values["steps"] == "77"
    assert other.send().status_code == 303


def test_who_drops_the_cookie_has_the_address_in_common_with_others(config: Config) -> None:
    app = site(config, runs_per_hour=1, visitors_per_address=3)
    for _ in range(3):
        assert visitor(app).send().status_code == 303
    assert "for one network address" in refused(visitor(app).send(), 3600)
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    person = Person(app)
    values = Page(person.client.get("/", environ_base=elsewhere).text).values
    form = {**values, "content": "sample:cat.jpg", "style": "sample:fjord.jpg", "size": "100"}
    assert person.client.post("/runs", data=form, environ_base=elsewhere).status_code == 303


def test_each_picture_of_a_form_is_an_upload(config: Config) -> None:
    person = visitor(site(config, uploads_per_hour=3))
    picture = ("a.png", file_bytes(corpus.plain()))
    assert person.send().status_code == 303
    assert person.send({"content": picture, "style": picture}).status_code == 303
    answer = person.send({"content": picture, "style": picture})
    assert "Uploads are limited to 3 an hour" in refused(answer, 3600)
    assert person.send({"content": picture}).status_code == 303
    assert person.send().status_code == 303


def test_programs_are_limited_by_their_token(config: Config) -> None:
    client = site(config, uploads_per_hour=1, runs_per_hour=1).test_client()
    tokens = [client.post(TOKEN).json["token"] for _ in range(2)]  # type: ignore[index]
    for index, token in enumerate(tokens):
        headers = {"Authorization": f"Bearer {token}"}
        for status in (201, 429):
            file = (io.BytesIO(file_bytes(corpus.plain())), "a.png")
            answer = client.post("/api/v1/images", data={"file": file}, headers=headers)
            assert answer.status_code == status, index
            order = {"content": "cat.jpg", "style": ["fjord.jpg"]}
            answer = client.post("/api/v1/runs", json=order, headers=headers)
            assert answer.status_code == status, index
        assert "New paintings are limited to 1 an hour for one visitor" in refused(answer, 3600)


def test_tokens_are_limited_for_an_address(config: Config) -> None:
    client = site(config, sessions_per_hour=2, visitors_per_address=2).test_client()
    for _ in range(4):
        assert client.post(TOKEN).status_code == 201
    assert "New tokens are limited to 4 an hour" in refused(client.post(TOKEN), 3600)


def test_estimates_are_limited_by_the_minute(config: Config) -> None:
    client = site(config, estimates_per_minute=2).test_client()
    client.get("/")
    for path in ("/api/v1/estimate", "/api/v1/presets"):
        assert client.get(path).status_code == 200
    refused(client.get("/api/v1/estimate"), 60)


def test_links_to_a_gallery_are_limited_and_so_is_guessing_them(config: Config) -> None:
    person = visitor(site(config, recoveries_per_hour=3))
    assert person.press("/you/link").status_code == 200
    for name in ("a", "b"):
        assert person.client.get(f"/you/open/{name}").status_code == 404
    refused(person.client.get("/you/open/c"), 3600)
    refused(person.press("/you/link"), 3600)


def test_a_limit_of_none_is_none(config: Config) -> None:
    client = site(config, estimates_per_minute=0).test_client()
    assert {client.get("/api/v1/presets").status_code for _ in range(300)} == {200}


def test_what_was_refused_is_possible_again_later(config: Config) -> None:
    rates = Rates(dataclasses.replace(config, estimates_per_minute=2))
    rates.spend(ESTIMATES, visitor="a", cost=2)
    with pytest.raises(TooManyError) as error:
        rates.spend(ESTIMATES, visitor="a")
    assert 1 <= error.value.retry_after <= 60 and error.value.status == 429
    rates.spend(ESTIMATES, visitor="b")
    rates.spend(ESTIMATES, visitor="a", cost=0)


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        # A household has that many addresses.
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_an_address_stands_for_everybody_behind_it(address: str, shared: str) -> None:
    assert network(address) == shared


@pytest.mark.parametrize("url", ["carrier-pigeon://", "memory", "redis://nowhere"])
def test_a_place_that_cannot_be_used_is_refused_by_the_name_of_its_key(
    url: str, config: Config
) -> None:
    with pytest.raises(ConfigError, match="RATE_LIMIT_URL cannot be used"):
        Rates(dataclasses.replace(config, rate_limit_url=url))


@redis_server.NEEDED
def test_nobody_waits_for_long_where_what_counts_is_silent(
    config: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(rates._PATIENCE, "socket_timeout", 0.1)
    redis = RedisServer(tmp_path)
    place = redis.address()
    counted = Rates(dataclasses.replace(config, rate_limit_url=place, runs_per_hour=1))
    counted.spend(RUNS, visitor="anyone")
    with redis.silent():
        # Without an answer it is given up, and not asked again at once.
        for _ in range(50):
            counted.spend(RUNS, visitor="anyone", address="192.0.2.1")
        assert caplog.text.count("nothing is limited") == 1
    counted._silent_until = 0.0
    with pytest.raises(TooManyError):
        counted.spend(RUNS, visitor="anyone")
    redis.stop()

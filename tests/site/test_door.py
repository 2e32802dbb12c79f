"""What stands before the site: its names, its proxies, and how large a request may be."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.site.page import Page
from tests.site.person import Person
from webapp import create_app
from webapp.config import Config
from webapp.doctor import examine
from webapp.services import Services

Made = Callable[..., FlaskClient]
NAME = "paint.example.org"
STRANGER = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture
def made(config: Config) -> Made:
    """Return somebody's client for a site with some keys set."""
    return lambda **keys: create_app(dataclasses.replace(config, **keys)).test_client()


@pytest.mark.parametrize(
    "path", ["/", "/gallery", "/api/v1/models", "/socket.io/?EIO=4", "/healthz"]
)
def test_under_another_name_the_site_answers_nobody(path: str, made: Made) -> None:
    client = made(trusted_hosts=f"{NAME}, .example.net")
    for host in ("evil.example.com", f"{NAME}.evil.example.com", "", "127.0.0.1"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400 and "not a name of this site" in answer.text, host
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for host in (NAME, f"{NAME}:5000", "www.example.net"):
        assert client.get(path, headers={"Host": host}).status_code != 400 or "socket" in path, host


def test_without_configured_names_any_will_do_that_is_one(made: Made) -> None:
    client = made()
    for host in ("localhost", "192.0.2.1:5000", "[2001:db8::1]:80"):
        assert client.get("/", headers={"Host": host}).status_code == 200
    for host in ("a b", "a/b", "[::1", "a@b", "a:b:c", "é", 'x"><script>'):
        answer = client.get("/", headers={"Host": host})
        assert answer.status_code == 400, host
        assert "script" not in answer.text


FORGED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Host": "evil.example.com",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "81",
    "Forwarded": "for=127.0.0.1;proto=https;host=evil.example.com",
}


def shared(client: FlaskClient, **options: Any) -> str:
    """The whole address that the site makes of a link to it."""
    values = Page(client.get("/you", **options).text).values
    answer = client.post("/you/link", data=values, **options)
    return Page(answer.text).values[""].rpartition("/you/")[0]


def test_what_a_stranger_claims_to_pass_on_counts_for_nothing(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    client = made()
    with caplog.at_level(logging.WARNING):
        answers = [client.get("/", headers=FORGED, environ_overrides=STRANGER) for _ in range(3)]
    assert "Strict-Transport-Security" not in answers[0].headers
    assert "Secure" not in answers[0].headers["Set-Cookie"]
    assert shared(client, headers={**FORGED, "Host": NAME}) == f"http://{NAME}"
    here = client.get("/metrics", headers=FORGED, environ_overrides=STRANGER)
    assert here.status_code == 404
    # The operator who has a proxy is told, once.
    told = [record for record in caplog.records if "PROXIES is 0" in record.getMessage()]
    assert len(told) == 1


def test_behind_a_proxy_that_is_trusted_the_site_knows_how_it_is_asked(made: Made) -> None:
    client = made(proxies=1)
    passed = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7", "Host": NAME}
    first = client.get("/", headers=passed)
    assert first.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert first.headers["Set-Cookie"].startswith("__Host-stransfer=")
    assert "Secure" in first.headers["Set-Cookie"]
    secure = {"headers": passed, "base_url": f"https://{NAME}"}
    with client.session_transaction(base_url=f"https://{NAME}") as session:
        before = session["visitor"]
    # Such a form is only taken from a page of the very site.
    passed["Referer"] = f"https://{NAME}/you"
    assert shared(client, **secure) == f"https://{NAME}"
    with client.session_transaction(base_url=f"https://{NAME}") as session:
        assert session["visitor"] == before
    assert client.get("/metrics", headers=passed).status_code == 404
    # Who forges more than the proxy adds is still who the proxy says.
    forged = {**passed, **FORGED, "X-Forwarded-For": "127.0.0.1, 203.0.113.7"}
    assert client.get("/metrics", headers=forged).status_code == 404
    assert client.get("/metrics").status_code == 200


def test_as_many_proxies_are_trusted_as_there_are(made: Made) -> None:
    addresses = {1: "198.51.100.2", 2: "203.0.113.7"}
    for proxies, address in addresses.items():
        client = made(proxies=proxies, sessions_per_hour=1, visitors_per_address=1)
        chain = {"X-Forwarded-For": f"127.0.0.1, {addresses[2]}, {addresses[1]}"}
        assert client.post("/api/v1/sessions", headers=chain).status_code == 201
        alone = {"X-Forwarded-For": ", ".join([address] * proxies)}
        assert client.post("/api/v1/sessions", headers=alone).status_code == 429


def test_no_days_of_https_are_asked_for_where_the_operator_wants_none(made: Made) -> None:
    answer = made(hsts_days=0).get("/", base_url="https://localhost")
    assert "Strict-Transport-Security" not in answer.headers


def test_a_request_brings_no_more_than_its_form_needs(made: Made, person: Person) -> None:
    client = made(max_form_kb=64, max_form_parts=100)
    too_long = {"title": "x" * 70_000}
    for path in ("/runs/x/rename", "/you/link", "/gallery/chosen", "/runs"):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            answer = client.post(path, data=too_long, content_type=kind)
            assert answer.status_code == 413, (path, kind)
    many = {f"field{number}": "x" for number in range(101)}
    assert client.post("/runs", data=many, content_type="multipart/form-data").status_code == 413
    token = client.post("/api/v1/sessions").json["token"]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {token}"}
    body = {"content": "x" * 70_000, "style": []}
    answer = client.post("/api/v1/runs", json=body, headers=headers)
    assert answer.status_code == 413 and answer.json["error"]["code"] == 413  # type: ignore[index]


def test_a_form_that_fills_all_its_fields_is_not_too_large(person: Person) -> None:
    assert len(person.open().values) > 20
    assert person.send(None).status_code == 303


def test_an_upload_says_how_long_it_is(app: Flask) -> None:
    answer = app.test_client().post("/runs", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, "Content-Length" in answer.text) == (411, True)


@pytest.mark.parametrize(("mode", "works"), [(0o600, True), (0o644, False)])
def test_the_doctor_says_that_others_can_read_the_key(
    mode: int, works: bool, services: Services, person: Person
) -> None:
    (services.config.instance / "secret_key").chmod(mode)
    found = next(one for one in examine(services) if one.part == "key of the cookies")
    assert found.works is works
    assert works or "rotate-key --forget" in found.seen

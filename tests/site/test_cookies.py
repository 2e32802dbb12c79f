"""The cookie by which a browser is known: what protects it, how long it lasts, and its keys."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from tests.conftest import ROOT
from tests.site.page import Page
from webapp import create_app
from webapp.config import Config

PLAIN, SAFE = "stransfer", "__Host-stransfer"
SECURE = {"base_url": "https://paint.example.org"}


def marks(client: FlaskClient, **options: str) -> dict[str, str]:
    """What the site says with each cookie that it sets, by the name of the cookie."""
    cookies = client.get("/", **options).headers.getlist("Set-Cookie")
    return {cookie.partition("=")[0]: cookie for cookie in cookies}


def visitor(client: FlaskClient, **options: str) -> str:
    with client.session_transaction(**options) as session:
        return str(session["visitor"])


def test_no_script_and_no_other_site_has_the_cookie(app: Flask) -> None:
    cookie = marks(app.test_client())[PLAIN]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie and "Domain" not in cookie


def test_over_https_it_is_secure_and_bound_to_the_host(app: Flask) -> None:
    found = marks(app.test_client(), **SECURE)
    assert set(found) == {SAFE}
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in found[SAFE]
    assert "Domain" not in found[SAFE]


def test_who_came_before_there_was_https_is_the_same_visitor_with_it(app: Flask) -> None:
    client = app.test_client()
    client.get("/", base_url="http://paint.example.org")
    before = visitor(client, base_url="http://paint.example.org")
    found = marks(client, **SECURE)
    assert visitor(client, **SECURE) == before
    # The earlier one is taken back.
    assert "1970" in found[PLAIN] and "Secure" in found[SAFE]
    assert set(marks(client, **SECURE)) == {SAFE}


def test_beside_the_safe_cookie_the_plain_one_counts_for_nothing(app: Flask) -> None:
    other, client = app.test_client(), app.test_client()
    other.get("/")
    forged = other.get_cookie(PLAIN)
    assert forged is not None
    client.get("/", **SECURE)
    before = visitor(client, **SECURE)
    client.set_cookie(PLAIN, forged.value, domain="paint.example.org")
    client.get("/", **SECURE)
    assert visitor(client, **SECURE) == before


@pytest.mark.parametrize("days", [1, 400])
def test_it_lasts_as_long_as_is_configured_after_each_visit(days: int, config: Config) -> None:
    app = create_app(dataclasses.replace(config, cookie_days=days))
    client = app.test_client()
    client.get("/")
    client.get("/gallery")
    cookie = client.get_cookie(PLAIN)
    assert cookie is not None and cookie.expires is not None
    left = cookie.expires.timestamp() - time.time()
    assert days * 86400 - 60 < left <= days * 86400


def test_files_that_are_everybodys_come_without_a_cookie(app: Flask) -> None:
    client = app.test_client()
    client.get("/")
    with app.test_request_context():
        address = url_for("static", filename="site.css")
    headers = client.get(address).headers
    assert "Set-Cookie" not in headers and "Cookie" not in headers.get("Vary", "")


def test_a_cookie_signed_with_an_earlier_key_is_read_and_replaced(config: Config) -> None:
    first = dataclasses.replace(config, secret_key="a" * 20)
    second = dataclasses.replace(
        first, secret_key="b" * 20, secret_key_fallbacks="c" * 20 + ", " + "a" * 20
    )
    third = dataclasses.replace(first, secret_key="b" * 20)
    client = create_app(first).test_client()
    client.get("/")
    before, old = visitor(client), client.get_cookie(PLAIN)
    assert old is not None
    renewed = carried(create_app(second), old.value)
    assert visitor(renewed) == before
    # What the second site set is signed with its own key.
    new = renewed.get_cookie(PLAIN)
    assert new is not None and visitor(carried(create_app(third), new.value)) == before
    assert visitor(carried(create_app(third), old.value)) != before


def carried(app: Flask, cookie: str) -> FlaskClient:
    """A browser that comes to a site with a cookie, and has seen its first page."""
    client = app.test_client()
    client.set_cookie(PLAIN, cookie)
    client.get("/")
    return client


def rotate(config: Config, *options: str) -> str:
    """Run the command as the operator does, and return what it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "webapp", "rotate-key", *options],
        cwd=ROOT,
        env={"INSTANCE_PATH": config.instance_path, "SECRET_KEY": config.secret_key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    return ended.stdout or ended.stderr


def test_the_key_in_the_instance_folder_is_rotated_by_a_command(config: Config) -> None:
    client = create_app(config).test_client()
    client.get("/")
    before, old = visitor(client), client.get_cookie(PLAIN)
    assert old is not None
    assert "one earlier key is still believed" in rotate(config)
    renewed = carried(create_app(config), old.value)
    assert visitor(renewed) == before
    new = renewed.get_cookie(PLAIN)
    assert new is not None
    # An earlier key that leaked is not believed any more, and neither is what it signed.
    kept = Path(config.instance_path) / "secret_key"
    kept.write_text(kept.read_text().splitlines()[0])
    assert visitor(carried(create_app(config), new.value)) == before
    assert visitor(carried(create_app(config), old.value)) != before
    assert "0 earlier keys" in rotate(config, "--forget")
    assert visitor(carried(create_app(config), new.value)) != before


def test_a_configured_key_is_not_the_commands_to_rotate(config: Config) -> None:
    configured = dataclasses.replace(config, secret_key="a" * 20)
    assert "SECRET_KEY_FALLBACKS" in rotate(configured)
    assert not (Path(config.instance_path) / "secret_key").exists()


def test_a_form_from_before_the_rotation_says_what_to_do(config: Config) -> None:
    client = create_app(config).test_client()
    page = Page(client.get("/you").text)
    old = client.get_cookie(PLAIN)
    assert old is not None
    rotate(config)
    answer = carried(create_app(config), old.value).post("/you/revoke", data=page.values)
    assert answer.status_code == 400 and "reload that page" in answer.text

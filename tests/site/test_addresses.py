"""Addresses that are built once are those that would be built anew."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, url_for

from webapp.addresses import Application

CASES: list[tuple[str, dict[str, Any]]] = [
    ("create.form", {}),
    ("create.form", {"from": "a b/ü"}),
    ("runs.show", {"id": "1" * 32}),
    ("runs.show", {"id": "2" * 32, "_anchor": "share"}),
    ("gallery.index", {"page": 1}),
    ("gallery.index", {"page": True}),
    ("gallery.index", {"page": None, "favourites": 1}),
    ("gallery.download", {"run": ["1", "2"]}),
    ("shared.show", {"share": "x", "_external": True}),
    ("static", {"filename": "site.css"}),
    (".rename", {"id": "3" * 32}),
]


@pytest.mark.parametrize(("endpoint", "values"), CASES)
@pytest.mark.parametrize("root", ["", "/painter"])
def test_an_address_is_what_flask_makes_of_it_every_time(
    endpoint: str, values: dict[str, Any], root: str, app: Flask
) -> None:
    place = f"/runs/{'0' * 32}"
    with app.test_request_context(place, base_url=f"http://a.test{root}"):
        expected = Flask.url_for(app, endpoint, **values)
        assert [url_for(endpoint, **values) for _ in range(2)] == [expected] * 2
        assert expected.startswith((root or "/", "http://a.test" + root))


def test_what_is_equal_but_written_otherwise_has_another_address(app: Flask) -> None:
    with app.test_request_context("/"):
        told = [url_for("gallery.index", page=page) for page in (1, True, 1.0)]
        assert len(set(told)) == 3


def test_a_relative_endpoint_is_that_of_the_page_which_asks(app: Flask) -> None:
    with app.test_request_context("/gallery"):
        assert url_for(".index") == "/gallery"
    with app.test_request_context("/"):
        assert url_for(".form") == "/"


def test_no_more_addresses_are_kept_than_a_site_needs(app: Flask) -> None:
    assert isinstance(app, Application)
    with app.test_request_context("/"):
        for number in range(5000):
            url_for("runs.show", id=f"{number:032x}")
    assert app._known.cache_info().currsize <= 4096

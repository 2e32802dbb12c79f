"""The API's own description: whole, true to real answers, and proof against thousands of them."""

from __future__ import annotations

import dataclasses
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stransfer.settings import SETTINGS
from tests.conftest import file_bytes
from tests.site.corpus import plain
from tests.site.finished import finish
from tests.site.server import Server
from webapp import create_app
from webapp.config import Config
from webapp.openapi.operations import OPERATIONS

API = "/api/v1"
RUN = {"content": "cat.jpg", "style": ["fjord.jpg"], "settings": {"size": 100}}
NO_RUN = "0" * 32

# One of many that only differ in what they pass to the same parsers.
EXAMPLES = 10


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(f"{API}/openapi.json")
    assert answer.status_code == 200 and answer.json is not None
    return dict(answer.json)


@pytest.fixture
def headers(client: FlaskClient) -> dict[str, str]:
    token = client.post(f"{API}/sessions").json["token"]  # type: ignore[index]
    return {"Authorization": f"Bearer {token}"}


def rules(app: Flask) -> Iterator[tuple[str, str, str]]:
    """The endpoint, path and method of each request that the API takes."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API):
            path = rule.rule.removeprefix(API).replace("<", "{").replace(">", "}")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield rule.endpoint, path, method.lower()


def test_every_request_that_the_api_takes_is_described_and_no_other(
    app: Flask, described: dict[str, Any]
) -> None:
    taken = {(path, method) for _, path, method in rules(app)}
    told = {(path, method) for path, methods in described["paths"].items() for method in methods}
    assert told == taken and len(taken) > 10
    assert set(OPERATIONS) == {endpoint for endpoint, *_ in rules(app)}
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["summary"].endswith(".")
            assert "500" in operation["responses"]


def test_the_limits_in_the_description_are_those_of_the_site(tmp_path: Path) -> None:
    app = create_app(
        Config(instance_path=str(tmp_path / "one"), async_mode="threading", max_styles=2)
    )
    client = app.test_client()
    described = client.get(f"{API}/openapi.json").json
    assert described is not None
    assert schema(described, "Order")["properties"]["style"]["maxItems"] == 2
    given = schema(described, "GivenSettings")["properties"]
    assert set(given) == {setting.name for setting in SETTINGS}
    for setting in SETTINGS:
        assert given[setting.name]["description"].startswith(setting.help)
        assert given[setting.name].get("maximum") == setting.maximum


def test_real_answers_are_what_the_description_says(
    app: Flask, client: FlaskClient, headers: dict[str, str], described: dict[str, Any]
) -> None:
    answers = [*conversation(app, client, headers)]
    for path, method, answer in answers:
        check(described, path, method, answer)
    # Whatever can be answered well has been.
    well = {(path, method) for path, method, answer in answers if answer.status_code < 300}
    assert well == {(path, method) for _, path, method in rules(app)} - {
        # There is no worker, who alone takes up a run that could be stopped and kept.
        ("/runs/{id}/finish", "post")
    }


def conversation(
    app: Flask, client: FlaskClient, headers: dict[str, str]
) -> Iterator[tuple[str, str, TestResponse]]:
    """Ask for everything, well and badly; give the path and method of each with its answer."""

    def ask(path: str, method: str = "get", run: str = "", **sent: Any) -> TestResponse:
        where = API + path.replace("{id}", run)
        answer = client.open(where, method=method, **{"headers": headers, **sent})
        asked.append((path, method, answer))
        return answer

    asked: list[tuple[str, str, TestResponse]] = []
    ask("/sessions", "post")
    for path in ("/openapi.json", "/models", "/settings", "/samples", "/presets"):
        ask(path)
    ask("/estimate", query_string={"width": 300, "height": 200, "scales": "auto", "model": ""})
    ask("/estimate", query_string={"output_size": 600})
    ask("/presets", query_string={"width": 1})
    ask("/images", "post", data={"file": (io.BytesIO(file_bytes(plain())), "a.png")})
    ask("/images", "post", data={})
    brought = ask("/images")
    image = brought.json["images"][0]["id"]  # type: ignore[index]
    for page in ("0", "2", "x"):
        ask("/images", query_string={"page": page})
    ask("/images/{id}", "delete", image, headers={})
    ask("/images/{id}", "delete", image)
    ask("/images/{id}", "delete", image)
    ask("/images", "post", headers={})
    started = ask("/runs", "post", json=RUN)
    run = started.json["id"]  # type: ignore[index]
    ask("/runs", "post", data="{", content_type="application/json")
    ask("/runs", "post", data="size=3")
    for wrong in ({**RUN, "settings": []}, {**RUN, "content": "none.jpg"}, {"frame": 1}, None):
        ask("/runs", "post", json=wrong)
    ask("/runs")
    for page in ("0", "2", "x", ""):
        ask("/runs", query_string={"page": page})
    for since in ("-1", "1.5", "9" * 20):
        ask("/runs/{id}", run=run, query_string={"since": since})
    ask("/runs/{id}/finish", "post", run)
    ask("/runs/{id}/continue", "post", run, json={"steps": 2})
    finish(app, run)
    ask("/runs")
    ask("/runs/{id}", run=run, query_string={"since": 0})
    ask("/runs/{id}/result", run=run)
    ask("/runs/{id}/continue", "post", run, json={"step": 2})
    continued = ask("/runs/{id}/continue", "post", run, json={"steps": "2"})
    ask("/runs/{id}/cancel", "post", continued.json["id"])  # type: ignore[index]
    for suffix, method in (("", "get"), ("", "delete"), ("/cancel", "post"), ("/result", "get")):
        ask(f"/runs/{{id}}{suffix}", method, NO_RUN)
        ask(f"/runs/{{id}}{suffix}", method, run, headers={})
    ask("/runs/{id}", "delete", run)
    yield from asked


def check(described: dict[str, Any], path: str, method: str, answer: TestResponse) -> None:
    """Fail if an answer is not among the described ones, or has more or less than that."""
    about = f"{method} {path}: {answer.status_code} {answer.data[:300]!r}"
    responses = described["paths"][path][method]["responses"]
    assert str(answer.status_code) in responses, about
    told = responses[str(answer.status_code)]
    assert set(told.get("headers", {})) <= set(answer.headers.keys()), about
    kinds = told.get("content", {})
    if not kinds:
        assert answer.data == b"", about
        return
    assert answer.mimetype in kinds, about
    if answer.is_json:
        wanted = {**kinds["application/json"]["schema"], "components": strict(described)}
        faults = jsonschema_rs.Draft202012Validator(wanted).iter_errors(answer.json)
        assert [fault.message for fault in faults] == [], about


def strict(described: dict[str, Any]) -> Any:
    """The schemas, with nothing allowed in an object beyond what is described."""

    def closed(value: Any) -> Any:
        if isinstance(value, list):
            return [closed(one) for one in value]
        if not isinstance(value, dict):
            return value
        found = {key: closed(one) for key, one in value.items()}
        if value.get("type") == "object" and "properties" in value:
            found.setdefault("additionalProperties", False)
        return found

    return closed(described["components"])


def schema(described: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = described["components"]["schemas"][name]
    return found


def test_who_asks_too_often_is_told_so_as_it_is_described(config: Config) -> None:
    keys = ("uploads_per_hour", "runs_per_hour", "sessions_per_hour", "estimates_per_minute")
    once: dict[str, Any] = dict.fromkeys((*keys, "visitors_per_address"), 1)
    app = create_app(dataclasses.replace(config, **once))
    client = app.test_client()
    token = client.post(f"{API}/sessions").json["token"]  # type: ignore[index]
    described = client.get(f"{API}/openapi.json").json
    assert described is not None
    limited = {
        (path, method)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if "429" in operation["responses"]
    }
    assert len(limited) == 6
    for path, method in limited:
        where, headers = API + path.replace("{id}", NO_RUN), {"Authorization": f"Bearer {token}"}
        for _ in range(2):
            answer = client.open(where, method=method, headers=headers)
            check(described, path, method, answer)
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0


def test_whatever_is_sent_to_a_running_site_the_answer_is_a_described_one(tmp_path: Path) -> None:
    server = Server(tmp_path, WORKERS="0")
    server.start()
    try:
        token = requests.post(f"{server.url}{API}/sessions", timeout=30).json()["token"]
        rules = tmp_path / "schemathesis.toml"
        # Settings that fit their bounds need not fit each other, or the pictures; and an upload
        # that is described as bytes need not be a picture.
        rules.write_text(
            "[checks.positive_data_acceptance]\n"
            'expected-statuses = ["2xx", "401", "404", "409", "422", "429"]\n'
        )
        program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(rules), "run"]
        options = ["--header", f"Authorization: Bearer {token}", "--no-color", "--seed", "1"]
        bounds = ["--max-examples", str(EXAMPLES), "--generation-database", "none"]
        ended = subprocess.run(
            [*program, f"{server.url}{API}/openapi.json", *options, *bounds],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr
        sent = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
        assert sent is not None and int(sent[1]) == int(sent[2]) > 500, ended.stdout
    finally:
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text(), server.log.read_text()

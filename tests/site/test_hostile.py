"""Words that are no words: wherever a running site takes any, they are refused or only shown."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from flask import Flask

from stransfer.settings import SETTINGS
from tests.conftest import ROOT, file_bytes
from tests.site import corpus
from tests.site.finished import finish
from tests.site.guest import Guest
from tests.site.server import Server, free_port, wait_for
from webapp import create_app
from webapp.config import Config
from webapp.pictures import NAMED

API = "/api/v1"
NO_RUN = "0" * 32

WORDS = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>",
    "template": "{{ config }} {% for x in [].__class__ %} ${7*7}",
    "query": "' OR 1=1; DROP TABLE runs; --\" UNION SELECT * FROM tokens",
    "path": "../../../../etc/passwd\\..\\..\\x",
    "address": "file:///etc/passwd",
    "nothing": "\x00",
    "controls": "a\r\nSet-Cookie: x=1\r\n\r\n\x1b[31m\u202e\u2028",
    "number": "9" * 400,
    "long": "x" * 5000,
}
# Only a program can send it: half of a letter.
HALVES = {**WORDS, "half": "a\ud800b"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of which nobody has said that it failed when all is over."""
    server = Server(tmp_path_factory.mktemp("hostile"), WORKERS="0")
    server.start()
    yield server
    assert server.stop() == 0
    log = server.log.read_text()
    assert "Traceback" not in log and "alert(1)" not in log, log


# What goes wrong in front of all pages, where none of them tells of it.
BROKEN = """
import gc, resource
import wsgi
from webapp.serving import serve
FILES = resource.RLIMIT_NOFILE
resource.setrlimit(FILES, (300, 900))
def fail(environ, start):
    raise RuntimeError(f"frozen: {gc.get_freeze_count()} files: {resource.getrlimit(FILES)}")
wsgi.app.wsgi_app._app = fail
serve(lambda: wsgi.app, wsgi.options)
"""


@pytest.fixture(scope="module")
def worker(server: Server) -> Flask:
    """What finishes paintings there without painting them."""
    instance = str(server.instance)
    return create_app(
        Config(async_mode="threading", instance_path=instance, max_running_per_visitor=100)
    )


@pytest.fixture(scope="module")
def guest(server: Server) -> Guest:
    guest = Guest(server.url)
    guest.open()
    return guest


@pytest.fixture(scope="module")
def painting(guest: Guest, worker: Flask) -> str:
    """A finished painting."""
    return finish(worker, guest.start())


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return str(requests.post(f"{server.url}{API}/sessions", timeout=30).json()["token"])


def answered(response: requests.Response) -> None:
    """Fail if the site was at a loss, or said something hostile as anything but text."""
    text = response.text
    assert response.status_code < 500, (response.status_code, text[:500])
    assert "x=1" not in response.headers.get("Set-Cookie", "")
    assert "Traceback" not in text and "root:" not in text
    if response.headers["Content-Type"].startswith("text/html"):
        for live in ("<script>alert", "<img src=x", "<svg/onload", "&lt;Config"):
            assert live not in text, live
        assert "7*7" in text or "${49}" not in text
    else:
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", WORDS)
def test_every_field_of_the_form_is_refused_or_taken_as_text(kind: str, guest: Guest) -> None:
    word = WORDS[kind]
    chosen = {"content": "sample:cat.jpg", "style": "sample:fjord.jpg"}
    form = {**guest.open().values, **chosen}
    assert len(form) > 25
    # What is wrong with one is said beside what is wrong with the others.
    sent = {**dict.fromkeys(form, word), **chosen, "csrf_token": form["csrf_token"]}
    forms = [sent, {**sent, "preset": "fine"}]
    for field in (*NAMED, "preset", "submission", "share:sample:fjord.jpg", "style_before"):
        forms.append({**form, field: word})
    for field in ("content", "style", "init_image"):
        for prefix in ("sample:", "image:", "run:"):
            forms.append({**form, "init": "result", field: prefix + word})
    for sent in forms:
        answer = guest.http.post(f"{guest.url}/runs", data=sent, timeout=30, allow_redirects=False)
        answered(answer)
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", WORDS)
def test_every_other_form_and_address_is_refused_or_taken_as_text(
    kind: str, guest: Guest, painting: str
) -> None:
    word = WORDS[kind]
    mark = guest.open().values["csrf_token"]
    forms: list[tuple[str, dict[str, str]]] = [
        (f"/runs/{painting}/rename", {"title": word}),
        (f"/runs/{painting}/continue", {"steps": word, "submission": word}),
        (f"/runs/{painting}/favourite", {"wanted": word}),
        ("/gallery/chosen", {"run": word, "do": "delete"}),
        ("/gallery/chosen", {"run": painting, "do": word}),
        ("/gallery/chosen", {"favourite": word}),
        ("/you/open/x", {"before": word}),
    ]
    for path, form in forms:
        sent = {**form, "csrf_token": mark}
        answered(guest.http.post(guest.url + path, data=sent, timeout=30))
    queries = [
        "/?from",
        "/gallery?page",
        "/gallery?favourites",
        "/gallery.zip?run",
        "/compare?left",
    ]
    queries += [f"/runs/{painting}/frame.jpg?v", f"{API}/runs?page", f"{API}/runs/{painting}?since"]
    queries += [f"{API}/estimate?{row.name}" for row in SETTINGS]
    for query in queries:
        path, _, name = query.partition("?")
        answered(guest.http.get(guest.url + path, params={name: word}, timeout=30))
    places = [
        "/runs/{}",
        "/runs/{}/result.png",
        "/pictures/images/{}",
        "/shared/{}",
        "/you/open/{}",
    ]
    places += ["/pictures/samples/content/{}", "/pictures/samples/{}/x", "/static/{}", "/{}"]
    places += [f"/runs/{painting}/{{}}/0", f"/runs/{painting}/content/{{}}", API + "/runs/{}"]
    for place in places:
        answer = guest.get(place.format(quote(word, safe="")))
        answered(answer)
        assert answer.status_code in (400, 404, 414), place


@pytest.mark.parametrize("kind", HALVES)
def test_every_field_of_the_api_is_refused_or_taken_as_text(
    kind: str, server: Server, token: str
) -> None:
    word = HALVES[kind]
    order: dict[str, Any] = {"content": "cat.jpg", "style": ["fjord.jpg"]}
    bodies = [{**order, name: word} for name in ("content", "style", "preset", "settings", word)]
    bodies += [{**order, name: word} for name in ("content_mask", "style_mask", "init_image")]
    bodies += [{**order, "init_image": f"run:{word}"}, {**order, "style": [f"image:{word}"]}]
    bodies += [{**order, "settings": {row.name: word for row in SETTINGS}}]
    bodies += [{**order, "settings": {word: 1}}, {**order, "content": {word: word}}]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for body in bodies:
        # As text, because half a letter cannot be sent otherwise.
        answer = requests.post(
            f"{server.url}{API}/runs", data=json.dumps(body), headers=headers, timeout=30
        )
        answered(answer)
        if answer.ok:
            requests.delete(server.url + answer.headers["Location"], headers=headers, timeout=30)
    for steps in (word, [word], {word: word}):
        answer = requests.post(
            f"{server.url}{API}/runs/{NO_RUN}/continue",
            data=json.dumps({"steps": steps}),
            headers=headers,
            timeout=30,
        )
        assert answer.status_code in (404, 422)


@pytest.mark.parametrize("kind", sorted(set(WORDS) - {"nothing"}))
def test_a_picture_of_any_name_is_only_called_so(
    kind: str, guest: Guest, server: Server, worker: Flask
) -> None:
    word = WORDS[kind]
    sent = guest.send({"content": (word, file_bytes(corpus.plain()))})
    run_id = finish(worker, sent.headers["Location"].rpartition("/")[2])
    for path in ("/", "/gallery", f"/runs/{run_id}", f"/compare?left={run_id}"):
        answered(guest.get(path))
    mark = guest.open().values["csrf_token"]
    rename = {"csrf_token": mark, "title": word[:200]}
    answered(guest.http.post(f"{guest.url}/runs/{run_id}/rename", data=rename, timeout=30))
    answered(guest.get(f"/runs/{run_id}"))
    for path in (f"/runs/{run_id}/result.png", f"/gallery.zip?run={run_id}"):
        told = guest.get(path).headers["Content-Disposition"]
        assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.(png|zip)"', told), told
    packed = zipfile.ZipFile(io.BytesIO(guest.get(f"/gallery.zip?run={run_id}").content))
    assert re.fullmatch(r"[a-z0-9-]+\.png", packed.namelist()[0])
    for file in (server.instance / "media").rglob("*"):
        assert re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9]+)*", file.name), file


def test_after_all_of_that_everything_is_still_there(guest: Guest, painting: str) -> None:
    assert guest.get(f"/runs/{painting}/result.png").ok
    assert f"/runs/{painting}/result.png" in guest.open(f"/runs/{painting}").links


def test_whoever_provokes_an_error_is_not_told_where_it_was(tmp_path: Path) -> None:
    port = str(free_port())
    keys = {"PATH": os.environ["PATH"], "INSTANCE_PATH": str(tmp_path), "PORT": port}
    words = [sys.executable, "-c", BROKEN]
    with subprocess.Popen(words, cwd=ROOT, env=keys, stderr=subprocess.PIPE, text=True) as process:
        try:
            answer = wait_for(lambda: reached(f"http://127.0.0.1:{port}/"), "an answer")
        finally:
            process.terminate()
        assert process.stderr is not None
        log = process.stderr.read()
    assert answer == (500, "") and "a request failed\nTraceback" in log
    # What the libraries have loaded is no part of what is looked through again and again.
    assert int(log.partition("frozen: ")[2].split()[0]) > 50_000
    assert "files: (900, 900)" in log


def reached(url: str) -> tuple[int, str] | None:
    """What a server answers, None before it listens."""
    try:
        answer = requests.get(url, timeout=10)
    except requests.ConnectionError:
        return None
    return answer.status_code, answer.text

"""What a server keeps to itself: no secret is logged, and no error tells how it is made."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from tests.conftest import ROOT
from tests.site.finished import finish
from tests.site.guest import Guest
from tests.site.server import Server
from webapp import create_app
from webapp.config import Config

API = "/api/v1"


def test_neither_the_log_nor_an_error_tells_a_secret_or_a_path(tmp_path: Path) -> None:
    server = Server(tmp_path, WORKERS="0", METRICS_TOKEN="a token of the operator")
    server.start()
    try:
        secrets, pages = asked_in_distress(server)
    finally:
        server.stop()
    log = server.log.read_text()
    assert log.count("Traceback") >= 7
    for name, secret in secrets.items():
        assert secret not in log, name
    for page in pages:
        assert re.search(r"sqlite|sqlalchemy|/site-packages|\.py\b", page) is None, page
        for told in (str(ROOT), str(tmp_path), *secrets.values()):
            assert told not in page, told
    # The operator finds what somebody reports by its number.
    number = re.findall(r"<code>([0-9a-f]{12})</code>", pages[0])[0]
    assert f"request {number}: GET /gallery" in log


def asked_in_distress(server: Server) -> tuple[dict[str, str], list[str]]:
    """Return every secret that a server has to keep, and what it answers without a database."""
    guest = Guest(server.url)
    run = guest.start()
    finish(create_app(Config(async_mode="threading", instance_path=str(server.instance))), run)
    guest.press(f"/runs/{run}/share")
    shared, link = (
        re.findall(rf'value="{server.url}(/[^"]+)"', page.text)[0]
        for page in (guest.get(f"/runs/{run}"), guest.press("/you/link"))
    )
    token = str(requests.post(f"{server.url}{API}/sessions", timeout=30).json()["token"])
    bearer = {"Authorization": f"Bearer {token}"}
    assert all(guest.get(path).ok for path in (shared, link))
    secrets = {
        "share": shared.rpartition("/")[2],
        "link": link.rpartition("/")[2],
        "token": token,
        "cookie": guest.cookie,
        "key": (server.instance / "secret_key").read_text(),
        "metrics": "a token of the operator",
    }
    assert all(len(secret) > 20 for secret in secrets.values())
    # From now on the database is none, and every page that asks it is at a loss.
    for file in server.instance.glob("stransfer.sqlite*"):
        file.write_bytes(b"no database " * 1000)
    asked = [guest.get(path) for path in ("/gallery", shared, link, f"/runs/{run}", "/you")]
    asked += [requests.get(f"{server.url}{API}/runs", headers=bearer, timeout=30)]
    asked += [requests.get(f"{server.url}{API}/runs/{run}", headers=bearer, timeout=30)]
    asked += [guest.http.get(f"{server.url}/metrics", headers=bearer, timeout=30)]
    assert [answer.status_code for answer in asked] == [500] * 7 + [401]
    return secrets, [answer.text for answer in asked]


def test_no_address_of_a_picture_says_where_it_is_kept(tmp_path: Path) -> None:
    config = Config(async_mode="threading", instance_path=str(tmp_path / "instance"))
    app = create_app(config)
    client = app.test_client()
    client.get("/")
    token = client.post(f"{API}/sessions").json["token"]  # type: ignore[index]
    bearer = {"Authorization": f"Bearer {token}"}
    order = {"content": "cat.jpg", "style": ["fjord.jpg"]}
    run = client.post(f"{API}/runs", json=order, headers=bearer).json["id"]  # type: ignore[index]
    finish(app, run)
    told = client.get(f"{API}/runs/{run}", headers=bearer).text + client.get("/").text
    urls = re.findall(r'(?:src|href|_url)"?[=:] ?"([^"]+)"', told)
    assert len(urls) > 20
    for url in urls:
        assert url.startswith(("/", "#")) and ".." not in url and str(tmp_path) not in url
        assert not re.search(r"/(media|instance|frames|samples/[0-9a-f]{32})/", url), url

"""The site's own files: kept by browsers for good, compressed, and never with somebody's cookie."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.site.person import Person
from webapp.assets import Assets

THUMBNAIL = "/pictures/samples/content/cat.jpg/thumbnail"


@pytest.fixture
def addresses(person: Person) -> list[str]:
    """The addresses of the style sheets, scripts and the typeface of the first page."""
    page = person.client.get("/").text
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', page)


def test_a_page_tells_at_once_of_all_scripts_that_it_begins_with(addresses: list[str]) -> None:
    names = {address.rpartition("/")[2] for address in addresses}
    # Those that create.js imports, and one that only these import.
    assert {"create.js", "picker.js", "estimate.js", "constants.js"} <= names
    assert len(addresses) == len(set(addresses))


def test_what_an_address_of_now_gives_may_be_kept_for_good(
    person: Person, addresses: list[str]
) -> None:
    for address in addresses:
        answer = person.client.get(address)
        assert answer.status_code == 200, address
        assert answer.cache_control.immutable and answer.cache_control.public, address
        assert (answer.cache_control.max_age or 0) >= 30 * 86400, address


def test_an_address_of_an_earlier_version_gives_the_file_of_now_for_now(
    person: Person, addresses: list[str]
) -> None:
    # A page that was opened before the site was renewed asks for what it has not fetched yet.
    before = re.sub(r"/static/[^/]+/", "/static/0123456789ab/", addresses[0])
    assert before != addresses[0]
    answer = person.client.get(before)
    assert answer.data == person.client.get(addresses[0]).data
    assert answer.cache_control.no_cache and not answer.cache_control.immutable


def test_every_change_of_a_file_changes_all_addresses(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    shutil.copytree(ROOT / "static", folder)
    before = Assets(folder).version
    assert Assets(ROOT / "static").version == before
    constants = folder / "js" / "constants.js"
    constants.write_text(constants.read_text() + "\n")
    assert Assets(folder).version != before


@pytest.mark.parametrize("accepted", ["gzip", "gzip, deflate, br", "zstd"])
def test_what_is_text_is_compressed_as_the_browser_likes(person: Person, accepted: str) -> None:
    for path in ("/", "/api/v1/settings", *style_sheets(person)):
        plain = person.client.get(path)
        packed = person.client.get(path, headers={"Accept-Encoding": accepted})
        wanted = "br" if "br" in accepted else accepted
        assert packed.headers["Content-Encoding"] == wanted, path
        assert "Accept-Encoding" in packed.vary, path
        assert "Content-Encoding" not in plain.headers, path
        assert len(packed.data) < 0.4 * len(plain.data), path


def style_sheets(person: Person) -> list[str]:
    return re.findall(r'rel="stylesheet" href="([^"]+)"', person.client.get("/").text)


def test_what_everybody_may_see_carries_nobodys_cookie(
    person: Person, addresses: list[str]
) -> None:
    for path in (THUMBNAIL, addresses[0]):
        answer = person.client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.cache_control.public
        assert "Set-Cookie" not in answer.headers, path
        assert "Cookie" not in answer.vary, path
        assert "Content-Encoding" not in answer.headers or path != THUMBNAIL
    # Every other answer renews it, so that who comes back in time is still known.
    assert "Set-Cookie" in person.client.get("/gallery").headers

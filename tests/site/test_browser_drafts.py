"""The draft beside the two chosen pictures, in a real browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from tests.conftest import file_bytes
from tests.site import chromium, corpus
from tests.site.chromium import Chromium
from tests.site.guest import Guest
from tests.site.person import STYLE
from tests.site.server import Server, wait_for
from webapp.runs import drafts

pytestmark = chromium.NEEDED

SECOND = "sample:great_swell.jpg"
READY = "A rough idea"
BUSY = "The painters are busy; the preview comes when one is free."

# What the page shows of the draft now, in one go.
_DRAFT = """
const root = document.querySelector("[data-draft]");
const image = root.querySelector("[data-frame] img:last-of-type");
const { top, left, right, height } = root.getBoundingClientRect();
return {
  state: root.dataset.state,
  words: root.querySelector("[data-draft-words]").textContent,
  picture: image?.src ?? null,
  long: image ? Math.max(image.naturalWidth, image.naturalHeight) : 0,
  alt: image?.alt ?? null,
  left, right, height, page: document.documentElement.scrollWidth,
};
"""

# Of the form as Start would send it: the names, and what is chosen.
_SENT = """
const data = new FormData(document.querySelector("[data-create]"));
return [[...data.keys()], data.getAll("content"), data.getAll("style")];
"""


@pytest.fixture
def browser(newcomers: Callable[[bool], Chromium]) -> Chromium:
    """The browser of a new visitor who does not save data."""
    browser = newcomers(True)
    browser.look()
    return browser


def shown(browser: Chromium) -> dict[str, Any]:
    draft: dict[str, Any] = browser.driver.execute_script(_DRAFT)
    return draft


def until_done(browser: Chromium, not_this: str | None = None) -> dict[str, Any]:
    """Wait for the end of a draft, another one than before, and return what is shown then."""

    def done() -> dict[str, Any] | None:
        draft = shown(browser)
        return draft if draft["state"] == "done" and draft["picture"] != not_this else None

    return wait_for(done, f"the draft, now {shown(browser)}", 60)


def drafts_of(server: Server) -> set[str]:
    """The ids of all drafts that there are on the server, whoever's."""
    with sqlite3.connect(server.instance / "stransfer.sqlite") as database:
        return {row[0] for row in database.execute("SELECT id FROM runs WHERE draft")}


def guest_in(browser: Chromium) -> Guest:
    """The same visitor without the browser."""
    cookie = browser.driver.get_cookie("stransfer")
    assert cookie is not None
    return Guest(browser.url, cookie["value"])


def test_a_draft_shows_how_it_will_look_and_follows_the_choice(browser: Chromium) -> None:
    browser.open()
    assert shown(browser)["state"] == "empty"
    browser.until_it_says("once both are chosen")
    browser.fill()
    first = until_done(browser)
    assert (first["long"], first["alt"]) == (drafts.SIDE, "Preview of Cat, after Fjord")
    assert first["words"].startswith(READY)
    browser.pick("style", SECOND)
    assert shown(browser)["state"] != "done"
    second = until_done(browser, first["picture"])
    assert second["alt"] == "Preview of Cat, after Great swell"
    # How large it will be and how long it takes changes nothing about it.
    browser.type(size="200", steps="3")
    assert shown(browser)["state"] == "done"
    browser.type(style_weight="5")
    assert shown(browser)["state"] != "done"
    # Nothing is chosen any more.
    browser.tick("Blend several artworks")
    browser.pick("style", SECOND)
    wait_for(lambda: shown(browser)["state"] == "empty", "no draft", 10)
    assert shown(browser)["picture"] is None
    assert browser.complaints() == []


def test_start_and_leaving_the_page_take_the_draft_away(browser: Chromium, server: Server) -> None:
    before = drafts_of(server)
    browser.open()
    browser.fill(size="100", steps="1", scales="1")
    wait_for(lambda: drafts_of(server) - before, "a draft", 20)
    run_id = browser.start()
    wait_for(lambda: not drafts_of(server) - before, "no draft", 20)
    browser.open(f"/?from={run_id}")
    wait_for(lambda: drafts_of(server) - before, "a draft of what is filled in", 20)
    browser.open("/gallery")
    wait_for(lambda: not drafts_of(server) - before, "no draft", 20)
    # Come back to, the page shows it again.
    browser.driver.back()
    until_done(browser)
    # The connection was just being made when the page was left.
    assert not [found for found in browser.complaints() if "/socket.io/" not in found]


def test_the_draft_has_its_place_on_a_phone(browser: Chromium) -> None:
    browser.look(chromium.PHONE)
    browser.open()
    empty = shown(browser)
    for tile in ("sample:dogs.jpg", STYLE):
        query = f"input[value='{tile}']"
        browser.driver.execute_script("document.querySelector(arguments[0]).click()", query)
    done = until_done(browser)
    assert done["height"] == empty["height"] <= 200
    assert 0 <= done["left"] < done["right"] <= 390 and done["page"] <= 390


def test_a_file_of_ones_own_is_sent_once(browser: Chromium, tmp_path: Path) -> None:
    photo, artwork = tmp_path / "garden.png", tmp_path / "tiles.png"
    photo.write_bytes(file_bytes(corpus.plain(300, 200)))
    artwork.write_bytes(file_bytes(corpus.noisy(200, 200)))
    browser.open()
    browser.field("content_file").send_keys(str(photo))
    browser.field("style_file").send_keys(str(artwork))
    until_done(browser)
    names, content, style = browser.driver.execute_script(_SENT)
    assert not {"content_file", "style_file"} & set(names)
    assert [picture.partition(":")[0] for picture in (*content, *style)] == ["image", "image"]
    browser.type(size="100", steps="1", scales="1")
    run = guest_in(browser).run(browser.start())
    assert (run["content"], run["style"]) == (content[0], style)
    browser.until_it_says("garden in the manner of tiles")
    assert browser.complaints() == []


def test_while_the_painters_are_busy_the_page_says_so(browser: Chromium, server: Server) -> None:
    other = Guest(server.url)
    run_id = other.start(steps="9000")
    other.wait(run_id, lambda run: run["seq"] > 0)
    browser.open()
    browser.fill()
    browser.until_it_says(BUSY)
    assert shown(browser)["picture"] is None
    # In another tab of theirs something else is chosen; then they come back to this one.
    guest_in(browser).draft(style_weight="3")
    browser.until_it_says("This preview is gone.")
    browser.driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    browser.until_it_says(BUSY)
    other.press(f"/runs/{run_id}/cancel")
    until_done(browser)
    assert browser.complaints() == []


def test_what_has_no_draft_says_why(browser: Chromium) -> None:
    browser.open()
    browser.fill(content_layers="block9_conv9")
    browser.until_it_says("no layer 'block9_conv9'")
    assert shown(browser)["state"] == "failed"
    browser.type(content_layers="")
    wait_for(lambda: shown(browser)["state"] != "failed", "another draft", 20)


def test_who_saves_data_gets_no_drafts(browser: Chromium, server: Server) -> None:
    before = drafts_of(server)
    browser.before_each_page(chromium.SAVES_DATA)
    browser.open()
    browser.until_it_says("No previews while your browser saves data")
    browser.fill(size="100", steps="1", scales="1")
    browser.start()
    assert drafts_of(server) <= before
    assert browser.complaints() == []


def test_without_scripts_nothing_is_said_of_drafts(plain_browser: Chromium) -> None:
    plain_browser.open()
    assert not plain_browser.driver.find_element(By.CSS_SELECTOR, ".draft").is_displayed()

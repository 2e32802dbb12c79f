"""The page about oneself in a real browser: the gallery on another device, and being forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from tests.site import chromium
from tests.site.chromium import Chromium
from tests.site.guest import Guest
from tests.site.server import Server, wait_for

pytestmark = chromium.NEEDED

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture
def pair(server: Server, scripts: bool, tmp_path: Path) -> Iterator[tuple[Chromium, Chromium]]:
    """A visitor's browser, and the one of another device, each with a painting."""
    browsers = []
    for name in ("laptop", "phone"):
        guest = Guest(server.url)
        guest.wait(guest.start(steps="1"), lambda run: run["state"] == "done")
        browser = Chromium(server.url, tmp_path / name, javascript=scripts)
        browsers.append(browser)
        cookie = {"name": "stransfer", "value": guest.cookie, "url": server.url}
        browser.driver.execute_cdp_cmd("Network.setCookie", cookie)
        browser.open("/gallery")
    yield browsers[0], browsers[1]
    for browser in browsers:
        assert browser.complaints() == []
        browser.quit()


def paintings(browser: Chromium) -> int:
    browser.open("/gallery")
    return len(browser.driver.find_elements(By.CSS_SELECTOR, ".salon-item"))


def make_link(browser: Chromium) -> str:
    browser.follow("Open it on another device, or delete it all")
    wait_for(lambda: browser.path == "/you", "the page about oneself")
    browser.press("Make a link")
    browser.until_it_says("Scan it with the other device")
    code = browser.driver.find_element(By.CSS_SELECTOR, ".code svg")
    assert code.size["width"] > 150 and code.size["width"] == code.size["height"]
    link = browser.driver.find_element(By.ID, "secret-link").get_attribute("value")
    assert link is not None and link.startswith(f"{browser.url}/you/open/")
    return link.removeprefix(browser.url)


@SCRIPTS
def test_a_gallery_is_opened_on_a_phone_and_forgotten_on_both(
    pair: tuple[Chromium, Chromium],
) -> None:
    laptop, phone = pair
    phone.open(make_link(laptop))
    phone.until_it_says("This browser already has one painting")
    # A page that asks does not go on by itself.
    phone.press("Open it here")
    assert phone.path.startswith("/you/open/")
    phone.driver.find_element(By.CSS_SELECTOR, "input[value=bring]").click()
    phone.press("Open it here")
    phone.until_it_says("This browser shows the same gallery as the other one now.")
    assert paintings(phone) == paintings(laptop) == 2
    phone.open("/you")
    phone.follow("Delete everything")
    phone.until_it_says("2 paintings are deleted, in every browser")
    phone.follow("Keep it")
    phone.until_it_says("This gallery on another device")
    phone.follow("Delete everything")
    phone.until_it_says("Delete everything?")
    phone.press("Delete everything")
    phone.until_it_says("Everything of yours has been deleted.")
    assert paintings(phone) == paintings(laptop) == 0


@SCRIPTS
def test_what_the_phone_had_is_left_behind_a_link_that_leads_back(
    pair: tuple[Chromium, Chromium],
) -> None:
    laptop, phone = pair
    phone.open(make_link(laptop))
    phone.driver.find_element(By.CSS_SELECTOR, "input[value=leave]").click()
    phone.press("Open it here")
    phone.until_it_says("What it had before is still there, behind this link.")
    link = phone.driver.find_element(By.ID, "secret-link").get_attribute("value")
    assert link is not None
    assert paintings(phone) == paintings(laptop) == 1
    laptop.open(link.removeprefix(laptop.url))
    laptop.driver.find_element(By.CSS_SELECTOR, "input[value=bring]").click()
    laptop.press("Open it here")
    laptop.until_it_says("the same gallery")
    assert paintings(laptop) == paintings(phone) == 2


def test_a_picture_opened_by_itself_is_seen(server: Server, browser: Chromium) -> None:
    browser.open("/pictures/samples/content/cat.jpg")
    width = "return document.images[0] && document.images[0].naturalWidth"
    assert wait_for(lambda: browser.driver.execute_script(width), "the picture") > 100
    assert browser.complaints() == []

"""Blends, masks, and going on from a painting, in a real browser, with JavaScript and without."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.conftest import file_bytes
from tests.site import chromium, corpus
from tests.site.chromium import Chromium, watch
from tests.site.guest import Guest
from tests.site.person import STYLE
from tests.site.server import wait_for

pytestmark = chromium.NEEDED

SECOND = "sample:great_swell.jpg"


def test_two_artworks_are_blended_as_the_sliders_say(browser: Chromium) -> None:
    browser.open()
    browser.fill(size="100", steps="2")
    # As long as one is enough, another takes its place.
    browser.pick("style", SECOND)
    assert browser.all_picked("style") == [SECOND]
    browser.tick("Blend several artworks")
    browser.pick("style", STYLE)
    assert browser.all_picked("style") == [STYLE, SECOND]
    browser.slide("Share of Fjord", 75)
    browser.slide("Share of Great swell", 25)
    browser.until_it_says("75 %")

    def shown_by_share() -> bool:
        images = browser.driver.find_elements(By.CSS_SELECTOR, "[data-picker=style] .stage img")
        first, second = (image.size["width"] for image in images)
        return bool(first > 2 * second)

    # They move there.
    wait_for(shown_by_share, "the pictures to be as wide as their shares", 10)
    run_id = browser.start()
    browser.until_it_says("Artwork, 75 %")
    browser.until_it_says("Cat in the manner of Fjord and Great swell")
    watch(browser)

    # Run again with changes: everything is as it was sent.
    browser.follow("Run again with changes")
    browser.until_it_says("Filled in as for Cat in the manner of Fjord and Great swell")
    assert browser.path == f"/?from={run_id}"
    assert browser.all_picked("style") == [STYLE, SECOND]
    assert browser.field("size").get_attribute("value") == "100"
    browser.until_it_says("75 %")
    remove = browser.driver.find_element(By.CSS_SELECTOR, "[aria-label='Remove Great swell']")
    browser.click(remove)
    assert browser.all_picked("style") == [STYLE]
    browser.start()
    browser.until_it_says("Cat in the manner of Fjord")
    watch(browser)
    assert browser.complaints() == []


def test_no_more_artworks_can_be_chosen_than_are_allowed(browser: Chromium) -> None:
    browser.open()
    tiles = browser.driver.find_elements(By.CSS_SELECTOR, "input[name=style]")[:5]
    references = [tile.get_attribute("value") or "" for tile in tiles]
    browser.tick("Blend several artworks")
    for reference in references:
        browser.pick("style", reference)
    browser.until_it_says("At most 4 artworks")
    browser.until_it_says("Fjord, Glass window, Golden tree and Great swell")
    assert browser.all_picked("style") == references[:4]
    # Back to one: the first of them stays.
    browser.tick("Blend several artworks")
    assert browser.all_picked("style") == references[:1]


def test_the_artworks_can_be_chosen_with_the_keyboard_alone(browser: Chromium) -> None:
    browser.open()
    references = [
        tile.get_attribute("value")
        for tile in browser.driver.find_elements(By.CSS_SELECTOR, "input[name=style]")
    ]

    def press(*keys: str) -> None:
        for key in keys:
            browser.driver.switch_to.active_element.send_keys(key)

    switch = browser.driver.find_element(By.CSS_SELECTOR, "[data-blend-switch]")
    browser.driver.execute_script("arguments[0].focus()", switch)
    press(Keys.TAB, Keys.SPACE)
    assert browser.all_picked("style") == references[:1]
    press(Keys.ARROW_RIGHT)
    assert browser.all_picked("style") == references[1:2]
    # One stop for all of them, and back.
    press(Keys.TAB)
    assert browser.driver.switch_to.active_element.get_attribute("name") != "style"
    browser.driver.execute_script("arguments[0].focus()", switch)
    press(Keys.SPACE, Keys.TAB, Keys.ARROW_RIGHT, Keys.SPACE)
    assert browser.all_picked("style") == references[1:3]


def test_a_mask_says_where_to_paint(browser: Chromium, tmp_path: Path) -> None:
    photo, mask = tmp_path / "garden.png", tmp_path / "left half.png"
    photo.write_bytes(file_bytes(corpus.plain(120, 90)))
    half = corpus.plain(120, 90, (0, 0, 0))
    half.paste(corpus.WHITE, (0, 0, 60, 90))
    mask.write_bytes(file_bytes(half))
    browser.open()
    browser.fill(size="100", steps="2", scales="1")
    browser.field("content_file").send_keys(str(photo))
    browser.field("content_mask_file").send_keys(str(mask))
    browser.type(tv_weight="0")
    run_id = browser.start()
    browser.until_it_says("Mask for the photograph")
    watch(browser)
    cookie = browser.driver.get_cookie("stransfer")
    assert cookie is not None
    guest = Guest(browser.url, cookie["value"])
    result = Image.open(io.BytesIO(guest.get(f"/runs/{run_id}/result.png").content))
    painted = np.asarray(result.convert("RGB"), float)
    right, left = painted[:, 60:], painted[:, :40]
    assert np.abs(right - [255, 0, 0]).max() < 8 < np.abs(left - [255, 0, 0]).max()
    assert browser.complaints() == []


@chromium.SCREENS
def test_a_finished_painting_goes_on(browser: Chromium) -> None:
    browser.open()
    browser.fill(size="100", steps="2", scales="1")
    first = browser.start()
    watch(browser)
    wait_for(lambda: browser.field("steps").is_displayed(), "the way to go on", 20)
    browser.type(steps="3")
    browser.press("Continue")
    wait_for(lambda: first not in browser.path, "the page of another run", 20)
    assert watch(browser)[-1]["step"] == 3
    browser.until_it_says("Started from")
    browser.follow("Run again with changes")
    browser.until_it_says("Filled in as for")
    assert browser.field("steps").get_attribute("value") == "3"
    assert browser.complaints() == []


def test_two_artworks_are_blended_without_javascript(plain_browser: Chromium) -> None:
    browser = plain_browser
    browser.open()
    browser.fill(size="100", steps="1", scales="1")
    share = browser.field(f"share:{SECOND}")
    assert not share.is_displayed()
    # Nobody is offered a switch that does nothing without scripts.
    assert not browser.driver.find_element(By.CSS_SELECTOR, "[data-blend-switch]").is_displayed()
    browser.pick("style", SECOND)
    assert share.is_displayed()
    browser.type(**{f"share:{STYLE}": "30", f"share:{SECOND}": "10"})
    browser.start()
    browser.until_it_says("Artwork, 75 %")
    browser.until_it_says("Finished", 60)
    browser.type(steps="2")
    browser.press("Continue")
    browser.until_it_says("Started from")
    browser.until_it_says("Finished", 60)
    browser.follow("Run again with changes")
    browser.until_it_says("Filled in as for")
    assert browser.all_picked("style") == [STYLE, SECOND]

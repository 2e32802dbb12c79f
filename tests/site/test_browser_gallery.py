"""The gallery in a real browser: choosing, hearts, comparing, sharing, before and after."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.site import chromium
from tests.site.chromium import Chromium
from tests.site.guest import Guest
from tests.site.server import Server, wait_for

pytestmark = chromium.NEEDED


@pytest.fixture(scope="module")
def painter(server: Server) -> Iterator[Guest]:
    """A visitor with four finished paintings, which all tests of this file look at."""
    guest = Guest(server.url)
    runs = [guest.start(steps=steps) for steps in ("5", "6", "7", "8")]
    for run_id in runs:
        guest.wait(run_id, lambda run: run["state"] == "done")
    yield guest


@pytest.fixture(params=["scripts", "no scripts", "phone"])
def visit(
    request: pytest.FixtureRequest, newcomers: Callable[[bool], Chromium], painter: Guest
) -> Iterator[Chromium]:
    """The browser of that visitor."""
    scripts = request.param != "no scripts"
    browser = newcomers(scripts)
    browser.look(chromium.PHONE if request.param == "phone" else chromium.DESKTOP)
    browser.be(painter.cookie)
    browser.open("/gallery")
    yield browser
    assert browser.complaints() == []


def one(browser: Chromium, query: str) -> WebElement:
    return browser.driver.find_element(By.CSS_SELECTOR, query)


def cards(browser: Chromium) -> int:
    return len(browser.driver.find_elements(By.CSS_SELECTOR, ".salon-item"))


def click(browser: Chromium, query: str, index: int = 0) -> None:
    """Click in the middle of the screen, where no bar covers it."""
    found = browser.driver.find_elements(By.CSS_SELECTOR, query)[index]
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()


def test_two_paintings_are_chosen_and_compared(visit: Chromium) -> None:
    click(visit, ".choose input", 0)
    click(visit, ".choose input", 2)
    visit.press("Compare")
    wait_for(lambda: visit.path.startswith("/compare?"), "the comparison")
    visit.until_it_says("What differs")
    row = one(visit, ".differences tbody tr").text
    assert row == "Steps 8 updates 6 updates"
    pictures = visit.driver.find_elements(By.CSS_SELECTOR, ".diptych img")
    wait_for(lambda: all(one.get_property("naturalWidth") for one in pictures), "both pictures")
    assert len(pictures) == 2


def test_a_heart_makes_a_favourite_and_takes_it_back(visit: Chromium) -> None:
    def pressed() -> str | None:
        # Without scripts another page comes meanwhile.
        with suppress(StaleElementReferenceException, NoSuchElementException):
            return one(visit, ".salon-item .toggle").get_attribute("aria-pressed")
        return None

    click(visit, ".salon-item .toggle")
    wait_for(lambda: pressed() == "true", "the heart")
    wait_for(lambda: favourites(visit) == 1, "the favourite")
    click(visit, ".salon-item .toggle")
    visit.open("/gallery")
    wait_for(lambda: favourites(visit) == 0, "no favourite")


def favourites(visit: Chromium) -> int:
    visit.open("/gallery?favourites=1")
    return cards(visit)


def test_a_painting_is_named_and_shared_and_taken_back(visit: Chromium, server: Server) -> None:
    click(visit, ".salon-item h3 a")
    for summary in visit.driver.find_elements(By.CSS_SELECTOR, ".drawer summary"):
        summary.click()
    one(visit, "#title").clear()
    one(visit, "#title").send_keys("Evening <i>light</i>")
    visit.press("Rename")
    visit.until_it_says("Evening <i>light</i>")
    click(visit, "#share summary")
    visit.press("Make a link")
    visit.until_it_says("Whoever has this link")
    link = one(visit, "#share-link").get_attribute("value") or ""
    page = Guest(server.url).open(link.removeprefix(server.url))
    assert "Evening <i>light</i>" in page.text
    visit.press("Stop sharing")
    for agree in visit.driver.find_elements(By.CSS_SELECTOR, "dialog button[value=yes]"):
        agree.click()
    visit.until_it_says("Not shared any more")
    assert Guest(server.url).get(link.removeprefix(server.url)).status_code == 404


def test_before_and_after_and_how_it_came_about(visit: Chromium) -> None:
    click(visit, ".salon-item h3 a")
    visit.until_it_says("Finished")
    slider = one(visit, "#compare-range")
    beside = visit.driver.find_elements(By.CSS_SELECTOR, ".beside img")
    # Either there is something to move, or the photograph stands beside the painting.
    if not beside:
        wait_for(slider.is_displayed, "the slider")
    else:
        assert not slider.is_displayed()
        painting = one(visit, "[data-frame] img")
        assert beside[0].rect["y"] == pytest.approx(painting.rect["y"], abs=2)
        assert beside[0].rect["x"] > painting.rect["x"] + painting.rect["width"]
    film = one(visit, ".timelapse img")
    assert not film.is_displayed()
    click(visit, ".timelapse summary")
    wait_for(lambda: film.get_property("naturalWidth"), "the timelapse")


def test_several_are_chosen_and_come_as_one_file(visit: Chromium, tmp_path: Path) -> None:
    where = {"behavior": "allow", "downloadPath": str(tmp_path)}
    visit.driver.execute_cdp_cmd("Page.setDownloadBehavior", where)
    count = cards(visit)
    for index in range(count):
        click(visit, ".choose input", index)
    visit.press("Download")
    file = tmp_path / "stransfer-gallery.zip"
    wait_for(file.exists, "the file")
    with zipfile.ZipFile(file) as archive:
        assert len(archive.namelist()) == count > 1


@pytest.mark.parametrize("visit", ["scripts", "phone"], indirect=True)
def test_the_bar_comes_with_the_first_choice_and_deleting_is_asked_about(
    visit: Chromium, painter: Guest
) -> None:
    bar = one(visit, "[data-chosen]")
    assert not bar.is_displayed()
    click(visit, ".choose input")
    wait_for(bar.is_displayed, "the bar")
    assert "1 chosen" in bar.text and not one(visit, "[data-two]").is_enabled()
    visit.press("Clear")
    assert not bar.is_displayed()

    before = cards(visit)
    click(visit, ".choose input")
    visit.press("Delete")
    one(visit, "dialog button[value=no]").click()
    assert cards(visit) == before
    visit.press("Delete")
    one(visit, "dialog button[value=yes]").click()
    visit.until_it_says("Deleted one painting.")
    assert cards(visit) == before - 1

"""The whole site as a person meets it, in a real browser, with JavaScript and without."""

from __future__ import annotations

from pathlib import Path

from selenium.webdriver.common.by import By

from tests.conftest import file_bytes
from tests.site import chromium, corpus
from tests.site.chromium import Chromium, watch
from tests.site.person import CONTENT, STYLE
from tests.site.server import wait_for

pytestmark = chromium.NEEDED


@chromium.SCREENS
def test_a_person_paints_a_picture_and_finds_it_in_the_gallery(browser: Chromium) -> None:
    browser.open()
    browser.fill(size="100", steps="60", scales="1")
    run_id = browser.start()
    seen = watch(browser)
    frames = [moment["frame"] for moment in seen if moment["state"] == "running"]
    assert len({frame for frame in frames if frame and frame.startswith("data:image/")}) >= 2
    percents = [moment["percent"] for moment in seen]
    assert percents == sorted(percents) and any(0 < percent < 100 for percent in percents)
    assert "Painting" in {moment["words"] for moment in seen}
    wait_for(lambda: browser.run()["result"], "the way to the result")
    end = browser.run()
    assert (end["words"], end["step"], end["painted"] > 0) == ("Finished", 60, True)
    result = browser.driver.find_element(By.CSS_SELECTOR, "a[data-result]")
    assert (result.get_attribute("href") or "").endswith(f"/runs/{run_id}/result.png")
    browser.click(browser.driver.find_element(By.CSS_SELECTOR, ".timelapse summary"))
    film = browser.driver.find_element(By.CSS_SELECTOR, ".timelapse img")
    wait_for(lambda: film.get_property("naturalWidth"), "the timelapse")

    browser.open("/gallery")
    browser.until_it_says("Cat in the manner of Fjord")
    assert browser.driver.find_elements(By.CSS_SELECTOR, f"a[href='/runs/{run_id}']")
    assert browser.complaints() == []


@chromium.SCREENS
def test_a_run_goes_on_in_the_gallery_and_can_be_stopped_and_kept(browser: Chromium) -> None:
    browser.open()
    browser.fill(size="100", steps="9000", scales="1")
    run_id = browser.start()
    browser.open("/gallery")
    wait_for(lambda: browser.run()["step"] >= 3, "progress in the gallery")
    browser.open(f"/runs/{run_id}")
    wait_for(lambda: browser.run()["state"] == "running", "the run")
    browser.press("Stop and keep")
    wait_for(lambda: browser.run()["state"] == "done", "the end")
    wait_for(lambda: browser.run()["result"], "the way to the result")
    assert browser.complaints() == []


def test_what_the_server_refuses_is_said_beside_the_field_and_all_is_kept(
    browser: Chromium, tmp_path: Path
) -> None:
    photo = tmp_path / "garden.png"
    photo.write_bytes(file_bytes(corpus.plain()))
    browser.open()
    browser.pick("style", STYLE)
    browser.field("content_file").send_keys(str(photo))
    browser.type(content_layers="block9_conv9", steps="7", size="100")
    browser.press("Start")
    wait_for(lambda: browser.path == "/runs", "the answer", 20)
    error = browser.driver.find_element(By.ID, "field-content_layers-error")
    assert error.is_displayed() and "no layer 'block9_conv9'" in error.text
    assert browser.field("content_layers").get_attribute("value") == "block9_conv9"
    assert browser.field("steps").get_attribute("value") == "7"
    assert (browser.picked("content") or "").startswith("image:")
    assert browser.picked("style") == STYLE
    # Corrected, the form is accepted without choosing anything again.
    browser.type(content_layers="")
    browser.start()
    browser.until_it_says("garden in the manner of Fjord")
    refusal = [message for message in browser.complaints() if "422" not in message]
    assert refusal == []


def test_what_is_missing_or_out_of_range_is_not_sent_at_all(browser: Chromium) -> None:
    browser.open()
    browser.press("Start")
    assert browser.path == "/"
    browser.until_it_says("choose a photograph")
    browser.fill(steps="0")
    browser.press("Start")
    assert browser.path == "/"
    assert browser.driver.find_elements(By.CSS_SELECTOR, "input[name=steps]:invalid")


def test_who_goes_back_and_changes_a_setting_gets_another_run(browser: Chromium) -> None:
    browser.open()
    browser.fill(size="100", steps="1", scales="1")
    first = browser.start()
    browser.driver.back()
    wait_for(lambda: browser.path == "/", "the form", 20)
    assert (browser.picked("content"), browser.picked("style")) == (CONTENT, STYLE)
    browser.type(steps="2")
    assert browser.start() != first
    assert watch(browser)[-1]["step"] == 2


def test_a_preset_fills_in_the_fields_and_the_time_follows_them(browser: Chromium) -> None:
    driver = browser.driver

    def shown() -> str:
        return driver.find_element(By.CSS_SELECTOR, "[data-estimate]").text

    def preset() -> str | None:
        chosen = driver.find_elements(By.CSS_SELECTOR, "input[name=preset]:checked")
        return chosen[0].get_attribute("value") if chosen else None

    def filled() -> tuple[str | None, ...]:
        return tuple(browser.field(name).get_attribute("value") for name in ("size", "steps"))

    # Something has to have been painted here to know how long it takes.
    browser.open()
    browser.fill(size="100", steps="3", scales="1")
    assert preset() is None
    browser.until_it_says("Custom")
    browser.start()
    watch(browser)

    browser.open()
    browser.fill()
    assert (preset(), filled()) == ("standard", ("500", "20"))
    standard = wait_for(shown, "the time of standard")
    assert standard.startswith("about ") and standard.endswith(" here")
    browser.choose_preset("draft")
    assert (preset(), filled()) == ("draft", ("300", "8"))
    wait_for(lambda: shown() not in ("", standard), "the time of a draft")
    draft = shown()
    # What is changed by hand is no preset any more, until it is one again.
    browser.type(steps="200")
    assert preset() is None
    wait_for(lambda: shown() not in ("", draft), "the time of more steps")
    browser.type(steps="8")
    assert preset() == "draft"
    wait_for(lambda: shown() == draft, "the time of a draft again")
    browser.type(size="50")
    wait_for(lambda: shown() == "", "no time for what is wrong")
    browser.type(size="300", seed="", output_size="auto")
    # Nothing was painted with this model yet, on the presets neither.
    browser.field("model").send_keys("Xception")
    browser.until_it_says("a sixth of the usual time")
    wait_for(lambda: "usual time" in shown(), "the cost instead of the time")
    assert browser.complaints() == []


def test_everything_works_without_javascript(plain_browser: Chromium) -> None:
    browser = plain_browser
    browser.open()
    browser.fill(size="100", steps="0")
    browser.press("Start")
    # The browser answers for the page that it leaves until the next one has come.
    browser.until_it_says("from 1 to 10000")
    error = browser.driver.find_element(By.ID, "field-steps-error")
    assert error.is_displayed() and "from 1 to 10000" in error.text
    assert (browser.picked("content"), browser.picked("style")) == (CONTENT, STYLE)

    browser.type(steps="15")
    run_id = browser.start()
    # Nobody touches the page: it has to ask again by itself.
    result = "a[href$='/result.png']:not([hidden])"
    wait_for(lambda: browser.driver.find_elements(By.CSS_SELECTOR, result), "the result", 60)
    browser.until_it_says("Finished")
    frame = browser.driver.find_element(By.CSS_SELECTOR, "[data-frame] img")
    assert f"/runs/{run_id}/" in (frame.get_attribute("src") or "")
    # Its timelapse was not asked for before there was one.
    assert not [told for told in browser.complaints() if "timelapse" in told]

    browser.open("/gallery")
    browser.until_it_says("Cat in the manner of Fjord")
    browser.press("Delete Cat in the manner of Fjord")
    browser.until_it_says("The walls are still bare.")


def test_a_preset_counts_without_javascript(plain_browser: Chromium) -> None:
    browser = plain_browser
    browser.open()
    browser.choose_preset("draft")
    browser.fill(size="100")
    run_id = browser.start()
    browser.until_it_says("Finished", 90)
    browser.follow("Run again with changes")
    browser.until_it_says("Custom")
    assert browser.path == f"/?from={run_id}"
    filled = [browser.field(name).get_attribute("value") for name in ("size", "steps")]
    assert filled == ["100", "8"]

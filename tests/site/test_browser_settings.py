"""Settings in a real browser: taken from a painting, grouped, and what a model needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from stransfer.models import MODELS
from tests.conftest import file_bytes
from tests.site import chromium, corpus
from tests.site.chromium import Chromium
from tests.site.guest import Guest
from tests.site.person import CONTENT, STYLE
from tests.site.server import Server, wait_for

pytestmark = chromium.NEEDED

OFFER = "This picture says with which settings it was painted."


@pytest.fixture(scope="module")
def painting(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a painting that was made here, by somebody else."""
    guest = Guest(server.url)
    run_id = guest.start(steps="3", tv_weight="0.5", seed="11")
    guest.wait(run_id, lambda run: run["state"] == "done")
    path = tmp_path_factory.mktemp("paintings") / "painting.png"
    path.write_bytes(guest.get(f"/runs/{run_id}/result.png").content)
    return path


def filled(browser: Chromium) -> dict[str, str | None]:
    names = ("size", "steps", "tv_weight", "seed")
    return {name: browser.field(name).get_attribute("value") for name in names}


MADE_WITH = {"size": "100", "steps": "3", "tv_weight": "0.5", "seed": "11"}


def offer(browser: Chromium, role: str) -> str:
    line = browser.driver.find_element(By.CSS_SELECTOR, f"[data-picker={role}] [data-offer]")
    return line.text if line.is_displayed() else ""


def test_the_form_is_filled_in_from_a_painting_that_is_chosen_or_dropped(
    browser: Chromium, painting: Path, tmp_path: Path
) -> None:
    browser.open()
    browser.field("settings_file").send_keys(str(painting))
    browser.until_it_says("Filled in as this painting was made.")
    assert filled(browser) == MADE_WITH
    browser.until_it_says("Custom")
    # What is under More is named beside it while it is closed.
    browser.until_it_says("Total variation weight 0.5")
    # It was read, and is not sent with the form.
    assert browser.field("settings_file").get_attribute("value") == ""

    browser.choose_preset("fine")
    browser.type(seed="7")
    browser.drop("[data-settings-section]", painting)
    wait_for(lambda: filled(browser) == MADE_WITH, "the settings of what was dropped", 20)

    plain = tmp_path / "holiday.png"
    plain.write_bytes(file_bytes(corpus.plain()))
    browser.field("settings_file").send_keys(str(plain))
    browser.until_it_says("This picture does not carry the settings of a run")
    assert filled(browser) == MADE_WITH
    refused = [message for message in browser.complaints() if "422" not in message]
    assert refused == []


def test_a_painting_chosen_as_a_picture_offers_its_settings(
    browser: Chromium, painting: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "holiday.png"
    plain.write_bytes(file_bytes(corpus.plain()))
    browser.open()
    browser.drop("[data-picker=style]", plain)
    browser.until_it_says("holiday")
    assert offer(browser, "style") == ""
    browser.drop("[data-picker=style]", painting)
    browser.until_it_says(OFFER)
    assert offer(browser, "content") == ""
    browser.driver.find_element(By.CSS_SELECTOR, "[data-picker=style] [data-offer] button").click()
    browser.until_it_says("Filled in as this painting was made.")
    assert filled(browser) == MADE_WITH
    # Another picture has nothing to do with it.
    browser.pick("style", STYLE)
    wait_for(lambda: offer(browser, "style") == "", "the offer to be gone", 10)
    assert browser.complaints() == []


def test_enter_in_a_field_starts_and_fills_nothing_in(browser: Chromium, painting: Path) -> None:
    browser.open()
    browser.fill(size="100", scales="1")
    browser.field("steps").clear()
    browser.field("steps").send_keys("1", Keys.ENTER)
    browser.until_it_says("Cat in the manner of Fjord")
    assert browser.complaints() == []


def test_what_a_model_lacks_is_said_before_anybody_presses_start(browser: Chromium) -> None:
    browser.open()
    groups = browser.driver.find_elements(By.CSS_SELECTOR, "#field-model optgroup")
    assert [group.get_attribute("label") for group in groups] == [
        "Ready",
        "Downloaded when first used",
    ]
    field = browser.driver.find_element(By.CSS_SELECTOR, ".field:has(#field-model)")
    assert "not here yet" not in field.text and "untrained" not in field.text
    browser.field("model").send_keys("ResNet50")
    size = f"{MODELS['resnet50'].download_mb} MB"
    assert f"Its weights are not here yet: {size} are downloaded" in field.text
    browser.press("Paint with it untrained")
    assert browser.field("weights").get_attribute("value") == "untrained"
    assert "Untrained, it needs no weights." in field.text
    browser.until_it_says("Weights Untrained")
    browser.field("model").send_keys("VGG16")
    assert "Untrained, it needs no weights." in field.text
    assert browser.complaints() == []


def test_the_form_is_filled_in_from_a_painting_without_javascript(
    plain_browser: Chromium, painting: Path
) -> None:
    browser = plain_browser
    browser.open()
    browser.fill(steps="50")
    browser.field("settings_file").send_keys(str(painting))
    browser.press("Fill them in")
    browser.until_it_says("Filled in as this painting was made.")
    assert browser.path.startswith("/settings-of")
    assert filled(browser) == MADE_WITH
    assert (browser.picked("content"), browser.picked("style")) == (CONTENT, STYLE)
    # Enter starts here as well.
    browser.field("steps").send_keys(Keys.ENTER)
    browser.until_it_says("Cat in the manner of Fjord")

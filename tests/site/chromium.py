"""A real browser without a window, and what a person does with the site in it."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.site.person import CONTENT, STYLE
from tests.site.server import wait_for

# In px.
DESKTOP, PHONE = 1280, 390
SCREENS = pytest.mark.parametrize(
    "browser", [DESKTOP, PHONE], ids=["desktop", "phone"], indirect=True
)

PROGRAM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

# Where there is no such browser, what needs one is left out.
NEEDED = pytest.mark.skipif(
    PROGRAM is None or DRIVER is None, reason="chromium and chromedriver are not installed"
)

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1600",
)

SAVES_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"

# What a run's page shows now. One script, because the page changes while one looks at it.
_RUN = """
const root = document.querySelector("[data-run]");
const seen = (query) => [...root.querySelectorAll(query)].filter((e) => e.offsetParent !== null);
const images = root.querySelectorAll("[data-frame] img:not(.before)");
return {
  state: root.dataset.state,
  words: seen("[data-state-words] [data-when]").map((e) => e.textContent).join(" "),
  percent: Number(root.querySelector("[data-bar]").value),
  step: Number(root.querySelector("[data-bind=step]").textContent),
  frame: images.length ? images[images.length - 1].src : null,
  painted: images.length ? images[images.length - 1].naturalWidth : 0,
  result: seen("a[data-result]").length,
};
"""


class Chromium:
    """One browser with a profile of its own."""

    def __init__(self, url: str, profile: Path, javascript: bool = True) -> None:
        """Start it; `url` is where the site is."""
        assert PROGRAM is not None and DRIVER is not None
        options = ChromeOptions()
        options.binary_location = PROGRAM
        for option in (*_OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not javascript:
            blocked = {"profile.managed_default_content_settings.javascript": 2}
            options.add_experimental_option("prefs", blocked)
        self.driver = Chrome(options=options, service=ChromeService(DRIVER))
        self.url = url

    def look(self, width: int = DESKTOP, dark: bool = False, still: bool = False) -> None:
        """Look from now on at a screen of this width, a phone's if it is narrow, light or dark.

        Where it is `still`, the visitor wants nothing to move.
        """
        phone = width < 600
        height = 844 if phone else 1000
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": phone})
        features = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if still else "no-preference",
        }
        media = {"features": [{"name": name, "value": value} for name, value in features.items()]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def be(self, cookie: str) -> None:
        """Be the visitor who has this cookie, as long as no page was opened yet."""
        given = {"name": "stransfer", "value": cookie, "url": self.url}
        self.driver.execute_cdp_cmd("Network.setCookie", given)

    def begin_anew(self) -> None:
        """Become the browser of somebody who has never been here: faster than to start one.

        What was told to one tab, such as how wide it is, ends with that tab.
        """
        before = self.driver.window_handles
        self.driver.switch_to.new_window("tab")
        anew = self.driver.current_window_handle
        for tab in before:
            self.driver.switch_to.window(tab)
            self.driver.close()
        self.driver.switch_to.window(anew)
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        kept = {"origin": self.url, "storageTypes": "all"}
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", kept)
        self.driver.execute_cdp_cmd("Browser.resetPermissions", {})
        self.complaints()

    def open(self, path: str = "/") -> None:
        """Go to a page."""
        self.driver.get(self.url + path)

    def quit(self) -> None:
        """Close the browser."""
        self.driver.quit()

    @property
    def path(self) -> str:
        """Where the browser is."""
        return self.driver.current_url.removeprefix(self.url)

    def until_it_says(self, words: str, seconds: float = 20) -> None:
        """Wait until some words can be read on the page, while pages come and go."""

        def says() -> bool:
            with contextlib.suppress(StaleElementReferenceException, NoSuchElementException):
                return words in self.driver.find_element(By.TAG_NAME, "body").text
            return False

        wait_for(says, f"the words {words!r} at {self.path}", seconds)

    def field(self, name: str) -> WebElement:
        """A field of the form."""
        return self.driver.find_element(By.NAME, name)

    def pick(self, role: str, reference: str) -> None:
        """Click on a picture to choose it."""
        query = f"//label[input[@name='{role}'][@value='{reference}']]"
        self.click(self.driver.find_element(By.XPATH, query))

    def picked(self, role: str) -> str | None:
        """The picture that is chosen."""
        return next(iter(self.all_picked(role)), None)

    def all_picked(self, role: str) -> list[str | None]:
        """The pictures that are chosen, where there may be several."""
        found = self.driver.find_elements(By.CSS_SELECTOR, f"input[name={role}]:checked")
        return [tile.get_attribute("value") for tile in found]

    def tick(self, label: str) -> None:
        """Click on a box with these words."""
        self.click(self.driver.find_element(By.XPATH, f"//label[normalize-space()='{label}']"))

    def choose_preset(self, name: str) -> None:
        """Click on a preset."""
        self.click(self.driver.find_element(By.CSS_SELECTOR, f"input[name=preset][value={name}]"))

    def click(self, element: WebElement) -> None:
        """Click on something in the middle of the screen, where no bar covers it."""
        centre = "arguments[0].scrollIntoView({block: 'center', inline: 'center'})"
        self.driver.execute_script(centre, element)
        element.click()

    def slide(self, label: str, value: int) -> None:
        """Move a slider, as a pointer would."""
        slider = self.driver.find_element(By.CSS_SELECTOR, f"input[aria-label='{label}']")
        moved = (
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
        )
        self.driver.execute_script(moved, slider, value)

    def drop(self, query: str, path: Path) -> None:
        """Drop a file on an element, as a hand would that brings it from another window."""
        element = self.driver.find_element(By.CSS_SELECTOR, query)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'start'})", element)
        place = self.driver.execute_script(
            "const {x, y, width} = arguments[0].getBoundingClientRect();"
            "return {x: x + width / 2, y: y + 20}",
            element,
        )
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            event = {"type": kind, "data": data, **place}
            self.driver.execute_cdp_cmd("Input.dispatchDragEvent", event)

    def become_a_phone(self) -> None:
        """Be as wide as a phone, and touched instead of pointed at."""
        screen = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        touch = {"enabled": True, "maxTouchPoints": 5}
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", touch)

    def follow(self, label: str) -> None:
        """Click on the link with these words."""
        self.click(self.driver.find_element(By.LINK_TEXT, label))

    def fill(self, **values: str) -> None:
        """Choose two samples and type into fields."""
        self.pick("content", CONTENT)
        self.pick("style", STYLE)
        self.type(**values)

    def type(self, **values: str) -> None:
        """Type into fields, opening the drawer of more settings where it has to be."""
        for name, value in values.items():
            if not self.field(name).is_displayed():
                self._open_more()
            self.field(name).clear()
            self.field(name).send_keys(value)

    def _open_more(self) -> None:
        self.click(self.driver.find_element(By.CSS_SELECTOR, "details[data-more] summary"))

    def press(self, label: str) -> None:
        """Click the button with these words."""
        self.click(self.driver.find_element(By.XPATH, f"//button[normalize-space()='{label}']"))

    def start(self) -> str:
        """Press Start and return the id of the run whose page opens."""
        self.press("Start")
        wait_for(lambda: self.path.startswith("/runs/"), f"the run's page, at {self.path}", 20)
        return self.path.removeprefix("/runs/")

    def run(self) -> dict[str, Any]:
        """What the run's page shows now."""
        shown: dict[str, Any] = self.driver.execute_script(_RUN)
        return shown

    def before_each_page(self, script: str) -> None:
        """Run a script in every page from now on, before its own."""
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    def block(self, *addresses: str) -> None:
        """Let nothing through to these addresses from now on, in which a star is anything."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": list(addresses)})

    def allow_notices(self, allowed: bool) -> None:
        """Answer the question whether the site may show notices."""
        permission = {"permission": {"name": "notifications"}, "origin": self.url}
        setting = "granted" if allowed else "denied"
        self.driver.execute_cdp_cmd("Browser.setPermission", {**permission, "setting": setting})

    def complaints(self) -> list[str]:
        """The severe messages in the browser's console."""
        log = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]


def watch(browser: Chromium, seconds: float = 90) -> list[dict[str, Any]]:
    """What the run's page shows, moment by moment, until the run is done."""
    seen: list[dict[str, Any]] = []

    def done() -> bool:
        seen.append(browser.run())
        return bool(seen[-1]["state"] == "done")

    wait_for(done, f"the end of the run, seen {seen[-1:]}", seconds)
    return seen

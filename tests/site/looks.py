"""What a browser says of the page that it shows, asked with scripts of the tests' own."""

from __future__ import annotations

import base64
import json
from typing import Any

from selenium.webdriver.common.keys import Keys

from tests.conftest import ROOT
from tests.site.chromium import DESKTOP, PHONE, Chromium
from tests.site.server import wait_for

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_SCAN = """
const done = arguments[arguments.length - 1];
// The colours of another scheme are there with the next frame.
const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
drawn().then(drawn).then(() => axe.run(document, {
  runOnly: %s,
  rules: {"target-size": {enabled: true}},
  resultTypes: ["violations"],
})).then(({violations}) => done(violations.flatMap(({id, help, nodes}) =>
  nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 200)} ${node.failureSummary}`))));
"""
_PLAIN = "document.documentElement.style.background = `var(${arguments[0]})`"
_LOADED = """
return document.readyState === "complete" &&
  [...document.images].every(({complete, loading}) => complete || loading === "lazy");
"""
# Observed from the start of the page on; what follows a key or a click within half a second is
# left out, as browsers do it.
_SHIFTS = """
const done = arguments[arguments.length - 1];
new PerformanceObserver((list) => done(list.getEntries().filter((e) => !e.hadRecentInput).map((e) =>
  [e.value, ...e.sources.map(({node}) => node?.outerHTML?.slice(0, 120))])
)).observe({type: "layout-shift", buffered: true});
setTimeout(() => done([]), 300);
"""
_WEIGHTS = """
const files = performance.getEntriesByType("resource")
  .filter(({name}) => /\\.(css|js|woff2)$/.test(name));
return [...performance.getEntriesByType("navigation"), ...files]
  .map(({name, encodedBodySize}) => [name, encodedBodySize]);
"""


def open_page(browser: Chromium, path: str) -> None:
    browser.open(path)
    wait_for(lambda: browser.driver.execute_script(_LOADED), f"the pictures of {path}")


def scan(browser: Chromium) -> list[str]:
    """What axe finds wrong with a page, at both widths, light and dark, with all drawers open."""
    browser.driver.execute_script(
        "for (const drawer of document.querySelectorAll('details')) drawer.open = true"
    )
    browser.driver.execute_script(AXE.read_text())
    found = []
    for width in (DESKTOP, PHONE):
        for dark in (False, True):
            browser.look(width, dark=dark, still=True)
            # Nothing can be said of text on a gradient; its end that is nearer to the text can.
            browser.driver.execute_script(_PLAIN, "--lit" if dark else "--wall")
            about = f"at {width} px, {'dark' if dark else 'light'}: "
            wrong = browser.driver.execute_async_script(_SCAN % json.dumps(_RULES))
            found += [about + each for each in wrong]
    browser.look()
    return found


def shifts(browser: Chromium) -> float:
    """How much of the page has jumped since it was opened; browsers call 0.1 good."""
    found: list[Any] = browser.driver.execute_async_script(_SHIFTS)
    return float(sum(value for value, *_ in found))


def weights(browser: Chromium) -> dict[str, int]:
    """The compressed size of the page and of what it has loaded, without pictures."""
    return dict(browser.driver.execute_script(_WEIGHTS))


# The stops of the Tab key, in the order of the page; of radio buttons with one name only one is.
_STOPS = """
const query = "a[href], button, input, select, summary, textarea, [tabindex='0']";
const all = [...document.querySelectorAll(query)].filter((e) =>
  !e.disabled && e.type !== "hidden" && e.tabIndex >= 0
  && e.checkVisibility({visibilityProperty: true}));
all.forEach((e, index) => e.setAttribute("data-stop", index));
return all.length;
"""
_FOCUSED = """
const e = document.activeElement;
e.scrollIntoView({block: "center"});
const {x, y, width, height} = e.closest("li, label, .hanging")?.getBoundingClientRect()
  ?? e.getBoundingClientRect();
return [Number(e.dataset.stop ?? -1), e.outerHTML.slice(0, 120),
  {x: x + scrollX - 12, y: y + scrollY - 12, width: width + 24, height: height + 24, scale: 0.5}];
"""


def reachable(browser: Chromium) -> list[int]:
    return list(range(browser.driver.execute_script(_STOPS)))


def walk(browser: Chromium, count: int) -> tuple[list[int], list[str]]:
    """Press Tab so many times; return the stops reached and those that look as without focus."""
    reached, unseen = [], []
    for _ in range(count):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        stop, told, clip = browser.driver.execute_script(_FOCUSED)
        reached.append(stop)
        focused = picture_of(browser, clip)
        browser.driver.execute_script("window.last = document.activeElement; last.blur()")
        if picture_of(browser, clip) == focused:
            unseen.append(told)
        browser.driver.execute_script("last.focus({preventScroll: true})")
    return reached, unseen


def picture_of(browser: Chromium, clip: dict[str, float]) -> bytes:
    wanted = {"format": "png", "clip": clip, "captureBeyondViewport": True}
    shot = browser.driver.execute_cdp_cmd("Page.captureScreenshot", wanted)
    return base64.b64decode(shot["data"])

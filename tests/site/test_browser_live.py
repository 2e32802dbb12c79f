"""What a page shows while something is painted, whatever comes between it and the site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from selenium.webdriver.common.by import By

from tests.site import chromium
from tests.site.chromium import Chromium
from tests.site.guest import Guest
from tests.site.server import Server, wait_for

pytestmark = chromium.NEEDED

LONG = {"size": "100", "steps": "9000", "scales": "1"}

# Notes which notices are shown, for all tabs to read, and shows them.
NOTICES = """
window.told = [];
window.Notification = class extends Notification {
  constructor(title, options) {
    super(title, options);
    if (!options) return;
    told.push([title, options.body]);
    localStorage.setItem("told", JSON.stringify(told));
  }
};
"""

# As behind a proxy that knows nothing of sockets. Up to an upgrade, 3 to 5 long requests are made.
NO_SOCKETS = """
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url.replace("/socket.io/", "/nowhere/"));
  }
};
"""
INTERRUPTED = "The live connection is interrupted."


@pytest.fixture(autouse=True)
def idle_afterwards(browser: Chromium, server: Server) -> Iterator[None]:
    """Leave the worker to the next test, however this one ends."""
    yield
    cookie = browser.driver.get_cookie("stransfer")
    visitor = Guest(server.url, cookie["value"] if cookie else None)
    mark = visitor.open().values["csrf_token"]
    for run in visitor.get("/api/v1/runs").json()["runs"]:
        path = f"{server.url}/runs/{run['id']}/delete"
        visitor.http.post(path, data={"csrf_token": mark}, timeout=30)


def start(browser: Chromium) -> str:
    """Start a run that goes on until it is stopped; return its id."""
    browser.open()
    browser.fill(**LONG)
    run_id = browser.start()
    wait_for(lambda: browser.run()["step"] > 2, "the first steps", 30)
    return run_id


def goes_on(browser: Chromium, seconds: float = 30) -> None:
    """Wait until there are more steps than now."""
    before = browser.run()["step"]
    wait_for(lambda: browser.run()["step"] > before, f"more than {before} steps", seconds)


def is_over(browser: Chromium, words: str = "Finished", seconds: float = 30) -> None:
    wait_for(lambda: browser.run()["words"] == words, f"{words}, at {browser.run()}", seconds)


def ends_well(browser: Chromium) -> None:
    browser.press("Stop and keep")
    is_over(browser)
    wait_for(lambda: browser.run()["result"], "the way to the result")


def requests(browser: Chromium, part: str) -> int:
    """How many addresses with this part in them the page has asked."""
    names = "return performance.getEntriesByType('resource').map(({name}) => name)"
    return sum(part in name for name in browser.driver.execute_script(names))


def first_loss(browser: Chromium) -> str:
    return browser.driver.find_element(By.CSS_SELECTOR, "[data-first=total]").text


@contextmanager
def somebody_painting(server: Server) -> Iterator[Callable[[], object]]:
    """Have another visitor keep the worker busy, until the function that is given is called."""
    other = Guest(server.url)
    run_id = other.start(steps=LONG["steps"])
    other.wait(run_id, lambda run: run["eta_seconds"] is not None)
    try:
        yield lambda: other.press(f"/runs/{run_id}/cancel")
    finally:
        other.press(f"/runs/{run_id}/delete")


@chromium.SCREENS
def test_who_waits_sees_for_how_long_and_cancels_when_painting_has_begun(
    browser: Chromium, server: Server
) -> None:
    with somebody_painting(server) as stop:
        browser.open()
        browser.fill(**LONG)
        browser.start()
        browser.until_it_says("Next in line")
        browser.until_it_says("starts in about ")
        assert browser.run()["words"] == "Waiting"
        browser.open("/gallery")
        browser.until_it_says("starts in about ")
        browser.driver.back()
        browser.until_it_says("Next in line")
        stop()
        wait_for(lambda: browser.run()["state"] == "running", "its turn", 30)
    goes_on(browser)
    browser.press("Cancel")
    browser.press("Keep painting")
    goes_on(browser)
    browser.press("Cancel")
    browser.press("Cancel the painting")
    browser.until_it_says("You stopped this one before it was finished.")
    is_over(browser, "Cancelled")
    # A page that is kept for who goes back gives up its socket.
    assert [one for one in browser.complaints() if "Back-Forward Cache" not in one] == []


def test_two_tabs_show_the_same_and_what_came_before_they_were_opened(browser: Chromium) -> None:
    run_id = start(browser)
    first = first_loss(browser)
    one = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.look()
    browser.open(f"/runs/{run_id}")
    goes_on(browser)
    browser.driver.refresh()
    goes_on(browser)
    # The chart begins with the first step, not with the first one that this tab has seen.
    assert first_loss(browser) == first
    browser.press("Stop and keep")
    is_over(browser)
    shown = [browser.run()[name] for name in ("step", "percent", "result")]
    browser.driver.switch_to.window(one)
    is_over(browser)
    assert [browser.run()[name] for name in ("step", "percent", "result")] == shown
    assert browser.complaints() == []


def test_a_tab_that_slept_wakes_to_what_is_true(browser: Chromium) -> None:
    run_id = start(browser)
    cookie = browser.driver.get_cookie("stransfer")
    assert cookie is not None
    elsewhere = Guest(browser.url, cookie["value"])
    browser.driver.execute_cdp_cmd("Page.setWebLifecycleState", {"state": "frozen"})
    mark = elsewhere.open(f"/runs/{run_id}").values["csrf_token"]
    path = f"{browser.url}/runs/{run_id}/finish"
    assert elsewhere.http.post(path, data={"csrf_token": mark}, timeout=30).ok
    elsewhere.wait(run_id, lambda run: run["state"] == "done")
    browser.driver.execute_cdp_cmd("Page.setWebLifecycleState", {"state": "active"})
    is_over(browser)


def test_a_page_without_a_network_says_so_and_goes_on_when_it_is_back(browser: Chromium) -> None:
    start(browser)
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    for offline in (True, False):
        conditions = {**network, "offline": offline}
        browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
        if offline:
            browser.until_it_says(INTERRUPTED)
    goes_on(browser)
    says = browser.driver.find_element(By.CSS_SELECTOR, "[data-connection]")
    wait_for(lambda: not says.is_displayed(), "no word of it any more")
    browser.press("Stop and keep")
    is_over(browser)


def test_a_page_stays_true_when_the_server_is_started_again(
    browser: Chromium, server: Server
) -> None:
    run_id = start(browser)
    cookie = browser.driver.get_cookie("stransfer")
    assert cookie is not None and server.stop() == 0
    browser.until_it_says(INTERRUPTED)
    server.start()
    step = Guest(server.url, cookie["value"]).run(run_id)["step"]
    wait_for(
        lambda: browser.run()["state"] == "running" and browser.run()["step"] > step + 5,
        f"more than {step} steps, at {browser.run()}",
    )
    browser.press("Stop and keep")
    is_over(browser)


def test_a_page_is_kept_informed_where_no_socket_gets_through(browser: Chromium) -> None:
    browser.before_each_page(NO_SOCKETS)
    start(browser)
    goes_on(browser)
    wait_for(lambda: requests(browser, "transport=polling") > 6, "long requests")
    # Before the first of them was answered, some short ones may have been made.
    short = requests(browser, "/api/v1/runs/")
    goes_on(browser)
    assert requests(browser, "/api/v1/runs/") == short
    ends_well(browser)


def test_a_page_is_kept_informed_without_any_live_connection(browser: Chromium) -> None:
    browser.block("*/socket.io/*")
    start(browser)
    goes_on(browser)
    wait_for(lambda: requests(browser, "/api/v1/runs/") > 0, "short requests")
    ends_well(browser)


@pytest.mark.parametrize("place", ["", "/gallery"], ids=["run", "gallery"])
def test_who_looks_elsewhere_is_told_if_they_wish(place: str, browser: Chromium) -> None:
    browser.allow_notices(True)
    browser.before_each_page(NOTICES)
    run_id = start(browser)
    button = "[data-notices]"

    def pressed() -> str | None:
        return browser.driver.find_element(By.CSS_SELECTOR, button).get_attribute("aria-pressed")

    assert pressed() == "false"
    browser.press("Notify me")
    wait_for(lambda: pressed() == "true", "the button to stay pressed")
    browser.open(place or f"/runs/{run_id}")
    assert pressed() == "true"
    goes_on(browser)
    browser.driver.switch_to.new_window("tab")
    browser.before_each_page(NOTICES)
    browser.open(f"/runs/{run_id}")
    browser.press("Stop and keep")
    is_over(browser)
    # Where one looks at it, nothing is said; the other tab does, as soon as it hears of it.
    expected = [["Cat in the manner of Fjord", "The painting is finished."]]
    told = "return JSON.parse(localStorage.getItem('told'))"
    wait_for(lambda: browser.driver.execute_script(told) == expected, "the notice")
    assert browser.driver.execute_script("return told") == []


def test_where_notices_are_not_allowed_nothing_is_offered(browser: Chromium) -> None:
    browser.allow_notices(False)
    start(browser)
    assert not browser.driver.find_element(By.CSS_SELECTOR, "[data-notices]").is_displayed()
    browser.press("Stop and keep")
    is_over(browser)
    assert browser.complaints() == []

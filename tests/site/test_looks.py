"""What a browser says of every page: usable by everybody, light to load, and nothing jumps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By

from tests.site import chromium
from tests.site.chromium import DESKTOP, PHONE, Chromium
from tests.site.every_state import EveryState
from tests.site.looks import AXE, open_page, reachable, scan, shifts, walk, weights
from tests.site.server import Server, wait_for
from webapp import words
from webapp.estimates import roughly

pytestmark = [
    chromium.NEEDED,
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed; run `make test`"),
]

# Those that only a new visitor sees, and those of a visitor with a run in every state.
FIRST = {
    "form": "/",
    "gallery, empty": "/gallery",
    "pictures, none": "/pictures",
    "nothing there": "/nothing",
}
STATES = (
    "gallery",
    "favourites, none",
    "run, queued",
    "run, running",
    "run, done",
    "run, failed",
    "run, cancelled",
    "form, filled in",
    "comparison",
    "comparison, to choose",
    "shared",
    "pictures",
    "you",
    "delete everything",
)

# In bytes, compressed: the page itself, its style sheets, scripts and the typeface.
HEAVIEST = 150 * 1024

# Where everything stands that is there from the start to the end.
_PLACES = """
const all = [...document.querySelectorAll(arguments[0])]
  .filter((e) => e.checkVisibility({visibilityProperty: true}))
  .map((e) => [e.classList[0] ?? e.localName, Math.round(e.getBoundingClientRect().top)]);
return all.map(([name, top], index) =>
  [`${name} ${all.slice(0, index).filter(([other]) => other === name).length}`, top]);
"""
STAYING = {
    "run": "h1, .state-line, .progress, .frame, .sources, .convergence, .made-with, .colophon",
    "gallery": "h2, h3, .progress, .frame, .easel-item > .either, .easel-text .actions, .colophon",
}

_FORMAT = """
const [values, done] = arguments;
const {href} = [...document.querySelectorAll("link")].find(({href}) => href.endsWith("/format.js"));
import(href).then(({duration, loss, wait}) =>
  done(values.map((value) => [duration(value), loss(value), wait(value)])));
"""

# The parts of a page that lie over another one.
_OVERLAPS = """
const parts = [...document.querySelectorAll("main > * > *")]
  .map((part) => [part.className, part.getBoundingClientRect()])
  .filter(([, {width, height}]) => width && height);
const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
return parts.flatMap(([name, place], index) => parts.slice(index + 1)
  .filter(([, other]) => over(place, other)).map(([other]) => `${name} and ${other}`));
"""


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site in which nothing goes on."""
    server = Server(tmp_path_factory.mktemp("still"), WORKERS="0")
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def visitor(still: Server) -> EveryState:
    return EveryState(still)


@pytest.fixture(scope="module")
def newcomer(still: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser of somebody who has done nothing yet."""
    browser = Chromium(still.url, tmp_path_factory.mktemp("newcomer"))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def regular(
    still: Server, visitor: EveryState, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    """The browser of somebody with a run in every state."""
    browser = Chromium(still.url, tmp_path_factory.mktemp("regular"))
    browser.be(visitor.cookie)
    yield browser
    browser.quit()


def check(browser: Chromium, path: str) -> None:
    for width in (PHONE, DESKTOP):
        browser.look(width)
        open_page(browser, path)
        assert shifts(browser) < 0.01, f"{path} jumps at {width} px"
    loaded = weights(browser)
    assert len(loaded) > 3 and sum(loaded.values()) < HEAVIEST, loaded
    assert scan(browser) == []


@pytest.mark.parametrize("page", FIRST)
def test_a_newcomer_finds_every_page_in_order(page: str, newcomer: Chromium) -> None:
    check(newcomer, FIRST[page])


@pytest.mark.parametrize("page", STATES)
def test_every_state_of_a_run_is_shown_in_order(
    page: str, regular: Chromium, visitor: EveryState
) -> None:
    check(regular, visitor.pages[page])


@pytest.mark.parametrize("page", ["run, done", "run, running", "run, cancelled"])
def test_nothing_lies_over_what_is_scrolled_to(
    page: str, regular: Chromium, visitor: EveryState
) -> None:
    for width in (PHONE, DESKTOP):
        regular.look(width)
        open_page(regular, visitor.pages[page])
        for share in (0.0, 0.5, 1.0):
            regular.driver.execute_script(
                "scrollTo(0, document.documentElement.scrollHeight * arguments[0])", share
            )
            assert regular.driver.execute_script(_OVERLAPS) == []


def test_all_pages_of_a_visitor_are_looked_at(visitor: EveryState) -> None:
    assert set(STATES) == set(visitor.pages)


def test_a_form_that_was_refused_is_in_order(newcomer: Chromium) -> None:
    newcomer.open("/")
    newcomer.driver.execute_script("document.querySelector('[data-create]').submit()")
    newcomer.until_it_says("Something needs another look")
    assert scan(newcomer) == []


def test_a_question_is_in_order(regular: Chromium, visitor: EveryState) -> None:
    open_page(regular, visitor.pages["run, queued"])
    regular.press("Cancel")
    regular.until_it_says("Keep painting")
    assert scan(regular) == []


def test_a_link_to_the_gallery_and_what_it_leads_to_are_in_order(
    regular: Chromium, newcomer: Chromium
) -> None:
    open_page(regular, "/you")
    regular.press("Make a link")
    regular.until_it_says("It works once")
    assert scan(regular) == []
    link = regular.driver.find_element(By.ID, "secret-link").get_attribute("value")
    assert link is not None
    open_page(newcomer, link.removeprefix(newcomer.url))
    newcomer.until_it_says("Open a gallery in this browser?")
    assert scan(newcomer) == []


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("page", ["run", "gallery"])
def test_nothing_jumps_from_waiting_to_the_end(
    page: str, width: int, newcomer: Chromium, visitor: EveryState
) -> None:
    person = visitor.somebody_else()
    newcomer.begin_anew()
    newcomer.be(visitor.cookie_of(person))
    newcomer.look(width)
    run_id = person.start()

    def places() -> dict[str, int]:
        return dict(newcomer.driver.execute_script(_PLACES, STAYING[page]))

    open_page(newcomer, f"/runs/{run_id}" if page == "run" else "/gallery")
    newcomer.until_it_says("Waiting")
    before = places()
    claim = visitor.painted(run_id)
    newcomer.until_it_says("Step 9 of")
    wait_for(lambda: newcomer.driver.find_elements(By.TAG_NAME, "canvas"), "the chart")
    assert places() == before
    if page == "run":
        visitor.finish(claim)
        newcomer.until_it_says("Finished")
        newcomer.until_it_says("Compare with the photograph")
        after = places()
        assert after == {name: before[name] for name in after} and len(after) == len(before) - 1
    assert shifts(newcomer) < 0.01
    newcomer.begin_anew()


def test_the_gallery_shows_the_losses_of_the_steps_before_it_was_opened(
    regular: Chromium, visitor: EveryState
) -> None:
    regular.look()
    open_page(regular, "/gallery")
    running = visitor.pages["run, running"].removeprefix("/runs/")
    chart = f"[data-run='{running}'] canvas"
    # Nothing has been painted since, so what is drawn came before.
    wait_for(lambda: regular.driver.find_elements(By.CSS_SELECTOR, chart), "its chart")


def test_numbers_are_said_alike_with_and_without_scripts(
    regular: Chromium, visitor: EveryState
) -> None:
    edges = (0, 0.4, 1, 4.4, 4.5, 9.96, 59.5, 60, 80, 299, 3599.4, 3599.6, 3605, 7500, 1e5, None)
    values = [*edges, *(10 ** (power / 7) for power in range(-40, 40))]
    open_page(regular, visitor.pages["run, done"])
    said = regular.driver.execute_async_script(_FORMAT, values)
    for value, (duration, loss, wait) in zip(values, said, strict=True):
        assert (words.duration(value), words.number(value)) == (duration, loss)
        if value is not None and value >= 1:
            assert wait == f"starts in about {roughly(value)}"


@pytest.mark.parametrize("page", ["gallery", "run, done", "run, running", "comparison"])
def test_whoever_has_no_pointer_gets_everywhere_and_sees_where(
    page: str, regular: Chromium, visitor: EveryState
) -> None:
    regular.look()
    open_page(regular, visitor.pages[page])
    stops = reachable(regular)
    assert len(stops) > 5
    reached, unseen = walk(regular, len(stops))
    assert reached == stops
    assert unseen == []

"""Makes the pictures of the pages in README: `python docs/screenshots.py`.

Starts an installation of its own, paints real pictures in it, and looks at the pages with a
browser, as wide as a laptop and as wide as a phone, light and dark. Prints for each page how soon a
browser that has never been there shows anything, and how many bytes it fetches besides pictures.
Needs what `make test` installs, and chromium with its driver.
"""

from __future__ import annotations

import base64
import io
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from PIL import Image
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from own_site import PATIENCE, served, until_answer
from stransfer import images

FOLDER = Path(__file__).with_name("screenshots")
WIDTHS = {"desktop": 1280, "phone": 390}
PAIRS = (
    ("peaks.jpg", "lily_pond.jpg"),
    ("astronaut.jpg", "golden_tree.jpg"),
    ("dahlia.jpg", "great_swell.jpg"),
    ("dogs.jpg", "poppies.jpg"),
    ("cat.jpg", "fjord.jpg"),
    ("pagoda.jpg", "night_wind.jpg"),
)
# What README shows, so that the repository stays light.
SHOWN = (
    "gallery-desktop-light",
    "live-desktop-dark",
    "create-phone-light",
    "painting-phone-light",
    "gallery-phone-dark",
)
LIVE = ("raccoon.jpg", "marbling.jpg")
WAITING = ("coffee.jpg", "harbour.jpg")

# So much of a page, next to its width, is shown.
_HEIGHTS = {"desktop": 0.72, "phone": 2.1}
_QUALITY = 80

_TOLD = """
const [page] = performance.getEntriesByType("navigation");
const files = performance.getEntriesByType("resource")
  .filter(({name}) => /\\.(css|js|woff2)$/.test(name));
const [paint] = performance.getEntriesByName("first-contentful-paint");
return {
  first_paint_ms: Math.round(paint.startTime),
  bytes: [page, ...files].reduce((sum, {encodedBodySize}) => sum + encodedBodySize, 0),
};
"""
_ORDER = """
const [given, done] = arguments;
const form = document.querySelector("[data-create]");
const body = new FormData(form);
for (const [name, value] of Object.entries(given)) body.set(name, value);
fetch(form.action, {method: "POST", body}).then(({url}) => done(new URL(url).pathname));
"""
_RUN = """
const [run, done] = arguments;
fetch(`/api/v1/runs/${run}`).then((answer) => answer.json()).then(done);
"""
_COMPLETE = """
const preview = document.querySelector("[data-draft]");
return (!preview || ["done", "empty", "failed"].includes(preview.dataset.state)) &&
  [...document.images].every((image) => image.naturalWidth > 0 || image.loading === "lazy");
"""


@click.command(help=__doc__)
@click.option("--size", default=500, help="The long side of the paintings, in px.")
@click.option("--steps", default=20, help="The updates at the final size.")
@click.option("--folder", default=FOLDER, type=click.Path(path_type=Path), help="Where they go.")
@click.option("--all", "whole", is_flag=True, help="Keep them all, not only those in README.")
def main(size: int, steps: int, folder: Path, whole: bool) -> None:
    """Paint, look, keep and print."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"size": size, "steps": steps}
    with tempfile.TemporaryDirectory() as place, served(Path(place)) as site:
        until_answer(site.url, site.started)
        visitor = Visitor(site.url, Path(place) / "profile")
        try:
            runs = [visitor.orders(pair, settings) for pair in PAIRS]
            for run in runs:
                visitor.waits(run, "done")
            pages = {
                "create": f"/?from={runs[-1]}",
                "gallery": "/gallery",
                "painting": f"/runs/{runs[-1]}",
                "compare": f"/compare?left={runs[-1]}&right={runs[-2]}",
            }
            for name, path in pages.items():
                _keep(visitor, name, path, folder, whole)
            # It has to last until the pages with it have been looked at.
            live = visitor.orders(LIVE, {**settings, "steps": 8 * steps})
            waiting = visitor.orders(WAITING, settings)
            visitor.waits(live, "running", 0.3)
            for name, run in (("live", live), ("waiting", waiting)):
                _keep(visitor, name, f"/runs/{run}", folder, whole)
        finally:
            visitor.leaves()


def _keep(visitor: Visitor, page: str, path: str, folder: Path, whole: bool) -> None:
    for screen, width in WIDTHS.items():
        for dark in (False, True):
            light = "dark" if dark else "light"
            picture, told = visitor.looks(path, screen, dark)
            name = f"{page}-{screen}-{light}"
            if whole or name in SHOWN:
                images.write(folder / f"{name}.webp", images.encode(picture, "WEBP", _QUALITY))
            about = ", ".join(f"{key} {value}" for key, value in told.items())
            click.echo(f"{page} at {width} px, {light}: {about}")


class Visitor:
    """Somebody with a browser, who orders paintings and looks at pages."""

    def __init__(self, url: str, profile: Path) -> None:
        """Open the browser."""
        program, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if program is None or driver is None:
            raise click.ClickException("chromium and chromedriver are needed; install them.")
        options = ChromeOptions()
        options.binary_location = program
        for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(option)
        options.add_argument(f"--user-data-dir={profile}")
        self._driver = Chrome(options=options, service=ChromeService(driver))
        self._url = url

    def leaves(self) -> None:
        """Close the browser."""
        self._driver.quit()

    def orders(self, pair: tuple[str, str], settings: Mapping[str, int]) -> str:
        """Send the form for a photo and an artwork; return the id of the run."""
        content, style = (f"sample:{name}" for name in pair)
        self._driver.get(self._url)
        given = {**settings, "content": content, "style": style}
        path: str = self._driver.execute_async_script(_ORDER, given)
        return path.removeprefix("/runs/")

    def waits(self, run: str, state: str, progress: float = 0.0) -> None:
        """Wait until a run is in a state, and so far."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            told = self._driver.execute_async_script(_RUN, run)
            if told["state"] == state and told["progress"] >= progress:
                return
            time.sleep(0.2)
        raise click.ClickException(f"Run {run} was not {state} in time.")

    def looks(self, path: str, screen: str, dark: bool) -> tuple[Image.Image, dict[str, int]]:
        """Return what a page looks like to a new browser, and what its opening cost."""
        width, height = WIDTHS[screen], round(WIDTHS[screen] * _HEIGHTS[screen])
        phone = screen == "phone"
        scale = 2 if phone else 1
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])
        self._tell("Network.clearBrowserCache")
        self._driver.get(self._url + path)
        deadline = time.monotonic() + 20
        while not self._driver.execute_script(_COMPLETE) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
        told: dict[str, int] = self._driver.execute_script(_TOLD)
        shot = self._tell("Page.captureScreenshot", format="png")
        return Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB"), told

    def _tell(self, command: str, **parameters: Any) -> Any:
        return self._driver.execute_cdp_cmd(command, parameters)


if __name__ == "__main__":
    main()

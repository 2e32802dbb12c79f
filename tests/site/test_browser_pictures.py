"""Pictures of one's own in a real browser: dropped, pasted, taken, made smaller, deleted."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from stransfer import images
from tests.conftest import file_bytes
from tests.site import chromium, corpus
from tests.site.chromium import Chromium
from tests.site.guest import Guest
from tests.site.person import CONTENT, STYLE
from tests.site.server import wait_for

pytestmark = chromium.NEEDED

MEBIBYTE = 2**20

# A page that wants to know of its end is not kept in the memory from which browsers bring one back.
_NOT_KEPT_IN_MEMORY = "addEventListener('unload', () => {})"
_COPY = """
const [address, done] = arguments;
fetch(address).then((found) => found.blob())
  .then((blob) => navigator.clipboard.write([new ClipboardItem({[blob.type]: blob})]))
  .then(() => done(null), (error) => done(String(error)));
"""
_FILE = """
const [file] = document.querySelector(`[name=${arguments[0]}_file]`).files;
return file ? [file.name, file.type, file.size] : null;
"""
_STAGE = "[data-picker={}] .stage img"


def file(browser: Chromium, role: str) -> tuple[str, str, int] | None:
    """The name, kind and size of the file that would be sent now."""
    found = browser.driver.execute_script(_FILE, role)
    return found and tuple(found)


def title(browser: Chromium, role: str) -> str:
    """What is said to be chosen, once it hangs on the stage."""
    if not browser.driver.find_elements(By.CSS_SELECTOR, _STAGE.format(role)):
        return ""
    return browser.driver.find_element(By.CSS_SELECTOR, f"[data-picker={role}] [data-chosen]").text


def shown(browser: Chromium, role: str, words: str) -> None:
    wait_for(lambda: title(browser, role) == words, f"{words!r} on the stage", 20)


def guest(browser: Chromium) -> Guest:
    """The same visitor, who asks without a browser."""
    cookie = browser.driver.get_cookie("stransfer")
    assert cookie is not None
    return Guest(browser.url, cookie["value"])


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str], Path]:
    """Make a file of one colour, which is its name."""

    def make(name: str) -> Path:
        path = tmp_path / name
        kind = {"bmp": "BMP"}.get(path.suffix[1:], "PNG")
        path.write_bytes(file_bytes(Image.new("RGB", (120, 90), path.stem), kind))
        return path

    return make


def test_pictures_are_dropped_and_pasted_and_started_with_the_keyboard(
    browser: Chromium, picture: Callable[[str], Path]
) -> None:
    driver = browser.driver
    browser.open()
    browser.type(size="100", steps="1", scales="1")
    browser.drop("[data-picker=content]", picture("red.png"))
    shown(browser, "content", "red")
    permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    driver.execute_cdp_cmd("Browser.grantPermissions", permissions)
    thumbnail = driver.find_element(By.CSS_SELECTOR, "#main .tile img").get_attribute("src")
    # Only PNG goes through a clipboard: the icon of a picture is drawn for that.
    assert driver.execute_async_script(_COPY.replace("found.blob()", _AS_PNG), thumbnail) is None
    body = driver.find_element(By.TAG_NAME, "body")
    ActionChains(driver).move_to_element(driver.find_element(By.TAG_NAME, "nav")).perform()
    body.send_keys(Keys.CONTROL, "v")
    # There is a photograph of one's own already, and the pointer is elsewhere: it is the artwork.
    shown(browser, "style", "image")
    browser.until_it_says("red, after image")
    body.send_keys(Keys.CONTROL, Keys.ENTER)
    browser.until_it_says("red in the manner of image")
    assert browser.complaints() == []


# The script that turns what was fetched into a PNG.
_AS_PNG = """found.blob().then((blob) => createImageBitmap(blob)).then((bitmap) => {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas.convertToBlob();
})"""


def test_a_phone_takes_a_photo_that_is_too_large_and_it_works(
    browser: Chromium, tmp_path: Path
) -> None:
    # As cameras write it: on its side, green on top when upright. What follows the picture in the
    # file makes it as large as a photo of so many pixels is.
    sideways = corpus.plain(5000, 3000, corpus.RED)
    sideways.paste(corpus.GREEN, (0, 0, 2500, 3000))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = tmp_path / "IMG 1234.jpg"
    photo.write_bytes(file_bytes(sideways, "JPEG", exif=exif) + bytes(15 * MEBIBYTE))

    browser.open()
    camera = browser.field("content_camera")
    label = browser.driver.find_element(By.CSS_SELECTOR, "[for=content-camera]")
    assert not label.is_displayed()
    browser.become_a_phone()
    assert label.is_displayed()
    assert camera.get_attribute("capture") == "environment"
    browser.pick("style", STYLE)
    browser.type(size="100", steps="1", scales="1")
    camera.send_keys(str(photo))
    # Nobody waits until it is ready.
    browser.start()
    browser.until_it_says("IMG 1234 in the manner of Fjord")
    page = guest(browser).open("/pictures")
    [thumbnail] = [one for one in page.pictures if "/images/" in one]
    whole = guest(browser).get(thumbnail.removesuffix("/thumbnail")).content
    kept = images.to_rgb(Image.open(io.BytesIO(whole)))
    assert kept.size == (2458, 4096)
    top, bottom = kept.getpixel((1200, 300)), kept.getpixel((1200, 3800))
    assert isinstance(top, tuple) and isinstance(bottom, tuple)
    assert top[1] > 250 > 5 > top[0] and bottom[0] > 250 > 5 > bottom[1]
    assert browser.complaints() == []


def test_what_the_server_does_not_read_is_turned_into_what_it_does_or_refused(
    browser: Chromium, picture: Callable[[str], Path], tmp_path: Path
) -> None:
    browser.open()
    field = browser.field("content_file")
    field.send_keys(str(picture("blue.bmp")))
    shown(browser, "content", "blue")
    browser.until_it_says("Sent as JPEG.")
    name, kind, _ = file(browser, "content") or ("", "", 0)
    assert (name, kind) == ("blue.jpg", "image/jpeg")

    for wrong, words in (
        ("photo.heic", "This browser cannot read the picture."),
        ("letter.pdf", "This file is not a picture we can read."),
    ):
        path = tmp_path / wrong
        path.write_bytes(b"ftypheic" * 99)
        field.send_keys(str(path))
        browser.until_it_says(words)
        # What was chosen before is still what the visitor sees, and what is sent.
        assert title(browser, "content") == "blue"
        assert (file(browser, "content") or ("",))[0] == "blue.jpg"

    # Transparency is kept also where the file has to be written anew.
    clear = tmp_path / "clear.png"
    clear.write_bytes(corpus.half_transparent() + bytes(11 * MEBIBYTE))
    field.send_keys(str(clear))
    shown(browser, "content", "clear")
    assert (file(browser, "content") or ("",))[:2] == ("clear.webp", "image/webp")
    # A sample in its place: nothing is said of the file any more.
    browser.pick("content", CONTENT)
    assert file(browser, "content") is None
    assert "Sent as" not in browser.driver.find_element(By.TAG_NAME, "main").text
    assert browser.complaints() == []


def test_a_file_that_the_browser_filled_in_again_is_chosen(
    browser: Chromium, picture: Callable[[str], Path]
) -> None:
    browser.open()
    browser.driver.execute_script(_NOT_KEPT_IN_MEMORY)
    browser.field("content_file").send_keys(str(picture("red.png")))
    shown(browser, "content", "red")
    browser.pick("style", STYLE)
    browser.follow("Gallery")
    browser.until_it_says("The walls are still bare.")
    browser.driver.back()
    shown(browser, "content", "red")
    how = "return performance.getEntriesByType('navigation')[0].type"
    assert browser.driver.execute_script(how) == "back_forward"
    assert (file(browser, "content") or ("",))[0] == "red.png"
    browser.until_it_says("red, after Fjord")
    assert browser.complaints() == []


def test_older_pictures_are_fetched_and_all_of_them_deleted(browser: Chromium) -> None:
    browser.open()
    visitor = guest(browser)
    for shade in range(14):
        content = file_bytes(corpus.plain(colour=(15 * shade, 90, 90)))
        sent = visitor.send({"content": (f"number {shade}.png", content)}, steps="0")
        assert sent.status_code == 422
    browser.open()
    own = "[data-picker=content] [data-tile][value^='image:']"

    def titles() -> list[str | None]:
        found = browser.driver.find_elements(By.CSS_SELECTOR, own)
        return [tile.get_attribute("data-title") for tile in found]

    assert titles() == [f"number {shade}" for shade in range(13, 1, -1)]
    browser.press("Older")
    wait_for(lambda: len(titles()) == 14, "older pictures", 20)
    assert titles()[-2:] == ["number 1", "number 0"]
    # The keyboard goes on with the first of them, and there are no more.
    assert browser.driver.switch_to.active_element.get_attribute("data-title") == "number 1"
    assert not browser.driver.find_elements(By.CSS_SELECTOR, "[data-older]")
    browser.driver.switch_to.active_element.send_keys(Keys.SPACE)
    shown(browser, "content", "number 1")

    browser.follow("All your pictures")
    browser.until_it_says("What you brought to paint from.")
    browser.press("Delete number 1")
    browser.press("Keep it")
    browser.press("Delete number 1")
    browser.press("Delete the picture")
    browser.until_it_says("Deleted.")
    text = browser.driver.find_element(By.TAG_NAME, "main").text
    assert "number 0" in text and "number 1\n" not in text
    browser.driver.find_element(By.XPATH, "(//a[starts-with(., 'Paint with it')])[last()]").click()
    shown(browser, "content", "number 0")
    assert browser.complaints() == []


def test_a_picture_is_brought_and_deleted_without_javascript(
    plain_browser: Chromium, picture: Callable[[str], Path]
) -> None:
    browser = plain_browser
    browser.become_a_phone()
    browser.open()
    browser.field("content_camera").send_keys(str(picture("red.png")))
    browser.pick("style", STYLE)
    browser.type(size="100", steps="1", scales="1")
    browser.start()
    browser.until_it_says("red in the manner of Fjord")
    browser.open()
    browser.follow("All your pictures")
    browser.until_it_says("What you brought to paint from.")
    browser.press("Delete red")
    browser.until_it_says("Deleted. The paintings made from it keep their copy.")
    browser.until_it_says("You have not brought any yet.")

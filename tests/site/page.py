"""An HTML page, read the way a person reads it: its form, its text, what it says is wrong."""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = {"meta", "link", "img", "input", "br", "source"}
_UNSEEN = {"script", "style", "svg"}


class Page(HTMLParser):
    """What a page shows. `values` has what each form field holds, `errors` a sentence by field.

    `chosen` has all that is ticked in a field of several choices, `values` the first of it;
    `pictures` where each picture is, `sources` what a browser may take instead.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.values: dict[str, str] = {}
        self.options: dict[str, list[str]] = {}
        self.chosen: dict[str, list[str]] = {}
        self.errors: dict[str, str] = {}
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    @property
    def text(self) -> str:
        """All that can be read, in one line."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "input":
            self._take_input(found)
        elif tag == "option":
            self._take_option(found)
        elif tag == "a":
            self.links.append(found.get("href", ""))
        elif tag == "img":
            self.pictures.append(found.get("src", ""))
            self.sources.append(found.get("srcset", ""))
        if tag not in _VOID:
            self._open.append((tag, found))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not data.strip() or any(tag in _UNSEEN for tag, _ in self._open):
            return
        self.words.append(data)
        for _, attributes in self._open:
            if attributes.get("id", "").endswith("-error"):
                name = attributes["id"].removeprefix("field-").removesuffix("-error")
                self.errors[name] = (self.errors.get(name, "") + data).strip()

    def _take_input(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        if attributes.get("type") not in ("radio", "checkbox"):
            self.values.setdefault(name, attributes.get("value", ""))
            return
        self.options.setdefault(name, []).append(attributes.get("value", "on"))
        if "checked" in attributes:
            self.values.setdefault(name, attributes["value"])
            self.chosen.setdefault(name, []).append(attributes["value"])

    def _take_option(self, attributes: dict[str, str]) -> None:
        selects = [found["name"] for tag, found in self._open if tag == "select"]
        if not selects:
            return  # a suggestion for a text field
        self.options.setdefault(selects[-1], []).append(attributes["value"])
        if "selected" in attributes:
            self.values[selects[-1]] = attributes["value"]

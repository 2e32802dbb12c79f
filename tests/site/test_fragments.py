"""Parts of pages that are written once."""

from __future__ import annotations

import jinja2
import pytest

from webapp.fragments import Fragments

SOURCE = """{% macro show(value, more=()) -%}
{% set _ = written.append(value) %}<b>{{ value }}</b>{{ more | join }}
{%- endmacro %}"""


@pytest.fixture
def written() -> list[object]:
    """What the macro was asked to write, each time it was."""
    return []


@pytest.fixture
def macro(written: list[object]) -> jinja2.runtime.Macro:
    """A macro that notes what it is asked for."""
    environment = jinja2.Environment(autoescape=True)
    environment.globals["written"] = written
    found: jinja2.runtime.Macro = environment.from_string(SOURCE).module.show  # type: ignore[attr-defined]
    return found


def test_the_same_is_written_once_and_something_else_anew(
    macro: jinja2.runtime.Macro, written: list[object]
) -> None:
    once = Fragments().once
    for _ in range(3):
        assert once(macro, "<a>", ["x", "y"]) == "<b>&lt;a&gt;</b>xy"
    assert once(macro, "<a>", ["y", "x"]) == "<b>&lt;a&gt;</b>yx"
    assert once(macro, "<a>", {"z": 1}) == "<b>&lt;a&gt;</b>z"
    assert written == ["<a>"] * 3


def test_what_is_equal_but_written_otherwise_is_not_mixed_up(macro: jinja2.runtime.Macro) -> None:
    once = Fragments().once
    assert [str(once(macro, value)) for value in (1, True, 1.0)] == [
        "<b>1</b>",
        "<b>True</b>",
        "<b>1.0</b>",
    ]


def test_a_fragment_is_not_escaped_again_where_it_is_shown(macro: jinja2.runtime.Macro) -> None:
    shown = jinja2.Environment(autoescape=True).from_string("{{ part }}")
    assert shown.render(part=Fragments().once(macro, "&")) == "<b>&amp;</b>"


def test_neither_very_long_nor_very_many_are_kept(
    macro: jinja2.runtime.Macro, written: list[object]
) -> None:
    fragments = Fragments()
    for _ in range(2):
        fragments.once(macro, "x" * 100_000)
    assert len(written) == 2
    for number in range(1000):
        fragments.once(macro, number)
    assert len(fragments._known) <= 256

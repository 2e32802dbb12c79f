"""Presets and estimates, on the form and in the API, with a real database behind them."""

from __future__ import annotations

import pytest

from stransfer import presets
from stransfer.settings import Settings
from stransfer.speed import Speed
from tests.site.finished import finish
from tests.site.page import Page
from tests.site.person import Person
from webapp.estimates import compared, roughly
from webapp.runs.abilities import Abilities
from webapp.runs.roster import Roster

API = "/api/v1"
CAT = (451, 300)
SMALL = Settings(size=100)


def size_and_steps(person: Person, run_id: str) -> tuple[int, int]:
    settings = person.site.runs.find(person.id, run_id).settings
    return settings["size"], settings["steps"]


def paint(person: Person, pace: float, preparation: float = 0, part: float = 1.0) -> str:
    """Have a part of a run painted at so many seconds a megapixel."""
    seconds = preparation + pace * part * presets.cost(SMALL, *CAT) / 1e6
    return finish(person.app, person.start(), seconds, part, pace * 100 * 67 / 1e6)


def test_the_untouched_form_offers_three_presets_of_which_standard_is_chosen(
    person: Person,
) -> None:
    page = person.open()
    assert page.options["preset"] == ["draft", "standard", "fine"]
    assert page.chosen["preset"] == ["standard"]
    assert "Custom" not in page.text
    for words in ("Draft a sixth of", "Standard the usual time", "Fine 3.7 times"):
        assert words in page.text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"preset": "draft"}, (300, 8)),
        ({"preset": "fine"}, (800, 30)),
        ({"preset": "draft", "steps": "9"}, (300, 9)),
        ({"preset": "draft", "size": "120"}, (120, 8)),
        ({"preset": "draft", "size": " ", "steps": ""}, (300, 8)),
        ({"preset": "-", "size": "120"}, (120, 20)),
        ({"preset": "draft", "before:size": "-", "before:steps": "-"}, (300, 8)),
    ],
)
def test_the_preset_counts_where_nothing_else_was_typed(
    fields: dict[str, str], expected: tuple[int, int], person: Person
) -> None:
    run_id = person.start(**{"size": "500", **fields})
    assert size_and_steps(person, run_id) == expected


def test_a_form_filled_in_from_a_run_shows_its_preset_and_another_can_be_chosen(
    person: Person,
) -> None:
    draft = person.start(preset="draft", size="500")
    page = person.open(f"/?from={draft}")
    assert page.chosen["preset"] == ["draft"]
    # Without scripts the fields still show those of the draft.
    sent = {name: page.values[name] for name in ("before:size", "before:steps", "size", "steps")}
    assert size_and_steps(person, person.start(**sent, preset="standard")) == (500, 20)

    own = person.start(size="640")
    page = person.open(f"/?from={own}")
    assert "preset" not in page.chosen and "Settings Custom" in page.text
    kept = {name: page.values[name] for name in ("before:size", "size")}
    assert size_and_steps(person, person.start(**kept, preset="fine")) == (800, 30)
    assert size_and_steps(person, person.start(**kept, preset="-")) == (640, 20)


def test_an_unknown_preset_is_named_and_what_was_typed_is_kept(person: Person) -> None:
    response = person.send(preset="best", size="640")
    assert response.status_code == 422
    page = Page(response.text)
    assert set(page.errors) == {"preset"} and "draft, standard, fine" in page.errors["preset"]
    assert page.values["size"] == "640"


def test_after_an_error_the_form_shows_what_the_preset_stands_for(person: Person) -> None:
    page = Page(person.send(preset="draft", size="500", seed="x").text)
    assert page.chosen["preset"] == ["draft"]
    assert (page.values["size"], page.values["steps"]) == ("300", "8")


def test_the_api_takes_a_preset_and_what_is_given_beside_it_wins(person: Person) -> None:
    token = person.client.post(f"{API}/sessions").json["token"]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {token}"}
    run = {"content": "cat.jpg", "style": ["fjord.jpg"]}
    for sent, expected in (
        ({"preset": "draft"}, (300, 8)),
        ({"preset": "draft", "settings": {"steps": 3, "size": None}}, (300, 3)),
        ({"preset": "standard", "settings": {"size": 120}}, (120, 20)),
        ({"preset": None}, (500, 20)),
    ):
        answer = person.client.post(f"{API}/runs", json={**run, **sent}, headers=headers)
        assert answer.status_code == 201 and answer.json is not None
        settings = answer.json["settings"]
        assert (settings["size"], settings["steps"]) == expected
    for unknown in ("best", "", 3, ["draft"]):
        answer = person.client.post(f"{API}/runs", json={**run, "preset": unknown}, headers=headers)
        assert answer.status_code == 422 and answer.json is not None
        assert list(answer.json["error"]["fields"]) == ["preset"]


def test_until_a_run_has_finished_presets_have_a_cost_and_no_seconds(person: Person) -> None:
    person.start()
    listed = person.client.get(f"{API}/presets").json
    assert listed is not None and [row["name"] for row in listed] == ["draft", "standard", "fine"]
    assert listed[0]["settings"] == {"size": 300, "steps": 8}
    assert [row["seconds"] for row in listed] == [None, None, None]
    assert listed[1]["relative_cost"] == 1 < listed[2]["relative_cost"]


def test_seconds_are_the_median_of_what_finished_runs_of_that_model_took(person: Person) -> None:
    # Five times as fast, and twice as slow, as the one between them.
    for pace in (1, 5, 10):
        paint(person, pace)
    asked = {"width": CAT[0], "height": CAT[1], "size": 100, "steps": 40}
    found = person.client.get(f"{API}/estimate", query_string=asked).json
    assert found is not None
    assert found["seconds"] == pytest.approx(2 * 5e-6 * presets.cost(SMALL, *CAT))
    standard = found["presets"][1]
    assert standard["seconds"] == pytest.approx(5e-6 * presets.cost(Settings(), *CAT))
    # The form knows no photo yet, and takes the proportions of most.
    usual = roughly(5e-6 * presets.cost(Settings()))
    assert f"Standard about {usual} here" in person.open().text
    chosen = Page(person.send(seed="x").text)
    assert f"Standard about {roughly(standard['seconds'])} here" in chosen.text
    assert usual != roughly(standard["seconds"])
    # Of another model nothing is known.
    other = person.client.get(f"{API}/estimate", query_string={**asked, "model": "vgg19"}).json
    assert other is not None and other["seconds"] is None
    assert other["relative_cost"] == found["relative_cost"]


def test_what_workers_measured_counts_for_a_network_until_a_run_with_it_has_finished(
    person: Person,
) -> None:
    services = person.site.services
    roster = Roster(services.database, services.config)
    nothing = Abilities(None, frozenset())
    for name, pace in (("slow", 4e-6), ("fast", 2e-6)):
        roster.sign(name, nothing, "a processor", {"vgg16": Speed(1.5, pace)})
    roster.sign("new", nothing, "a processor")
    usual = roughly(1.5 + 3e-6 * presets.cost(Settings()))
    assert f"Standard about {usual} here" in person.open().text
    paint(person, 5)
    [speed] = person.site.speeds.by_model().values()
    assert speed == pytest.approx((0, 5e-6))


def test_what_comes_before_the_first_step_counts_once_whatever_is_painted(person: Person) -> None:
    paint(person, 2, preparation=4)
    found = person.client.get(f"{API}/presets").json
    assert found is not None
    for row in found:
        settings = Settings.parse(row["settings"])
        assert row["seconds"] == pytest.approx(4 + 2e-6 * presets.cost(settings))


def test_a_run_that_was_stopped_and_kept_counts_by_the_part_that_was_painted(
    person: Person,
) -> None:
    paint(person, 2, preparation=1, part=0.25)
    [speed] = person.site.speeds.by_model().values()
    assert speed == pytest.approx((1, 2e-6))


def test_a_run_too_short_to_have_a_pace_says_nothing(person: Person) -> None:
    finish(person.app, person.start(steps="1"), pace=None)
    assert person.site.speeds.by_model() == {}


def test_the_newest_runs_tell_how_fast_this_server_is(person: Person) -> None:
    found = []
    for pace in (100, 1):
        for _ in range(61):
            paint(person, pace)
        found.append(person.site.speeds.by_model()["vgg16"].seconds_per_cost)
    assert found == pytest.approx([1e-4, 1e-6])


def test_the_estimate_follows_the_photo_and_all_that_costs_time(person: Person) -> None:
    def estimate(**asked: object) -> float:
        found = person.client.get(f"{API}/estimate", query_string=asked).json
        assert found is not None
        return float(found["relative_cost"])

    assert estimate() == estimate(width=400, height=300) == 1
    assert estimate(scales=1) < 1 < 4 < estimate(output_size=2000)
    # Of the same long side, a narrow photo has fewer pixels, and is compared with itself.
    assert estimate(width=100, height=300) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("size=99", "size"),
        ("sice=300", "sice"),
        ("width=0&height=3", "width"),
        ("width=4", "width"),
        ("width=4&height=9999999999", "height"),
        ("width=4&height=²", "height"),
    ],
)
def test_what_cannot_be_estimated_is_refused_by_field(
    query: str, field: str, person: Person
) -> None:
    for path in ("estimate", "presets"):
        answer = person.client.get(f"{API}/{path}?{query}")
        assert answer.status_code == 422 and answer.json is not None
        assert list(answer.json["error"]["fields"]) == [field]


def test_a_preset_that_does_not_go_with_the_rest_has_no_estimate(person: Person) -> None:
    answer = person.client.get(f"{API}/presets?output_size=600").json
    assert answer is not None
    assert [row["seconds"] or row["relative_cost"] for row in answer][2] is None
    assert answer[2]["about"] == "" != answer[0]["about"]
    narrow = person.client.get(f"{API}/estimate?width=2000&height=100")
    assert narrow.status_code == 422


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (4.4, "4 s"),
        (38, "40 s"),
        (58, "1 min"),
        (74, "1 min 15 s"),
        (299, "5 min"),
        (1000, "17 min"),
        (3599, "1 h"),
        (8000, "2 h 10 min"),
    ],
)
def test_seconds_are_said_with_the_digits_an_estimate_deserves(seconds: float, words: str) -> None:
    assert roughly(seconds) == words


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (0.01, "a tenth or less"),
        (0.104, "a tenth or less"),
        (0.11, "a ninth"),
        (0.1231, "an eighth"),
        (0.14, "a seventh"),
        (0.5, "half"),
        (0.6, "60 %"),
        (1.6, "1.6 times the"),
        (3.836, "3.8 times the"),
        (123.4, "120 times the"),
    ],
)
def test_a_cost_is_compared_with_the_usual_one(cost: float, words: str) -> None:
    assert compared(cost).startswith(words)
    assert compared(cost).endswith("the usual time")


def test_the_usual_cost_is_the_usual_time() -> None:
    assert compared(1.0) == compared(1.02) == "the usual time"

"""Whose concern everything is: each address and event is marked, and tried by a stranger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.site.owner import ORDER, Owner, visitor
from tests.site.person import CONTENT, STYLE
from tests.site.server import UNLIMITED
from webapp import access, create_app, renditions
from webapp.access import IMAGE, RUN, Audience
from webapp.config import Config
from webapp.errors import NotFoundError
from webapp.openapi.operations import OPERATIONS
from webapp.packets import EVENTS
from webapp.pictures import NAMED
from webapp.rates import limits_of

NOBODYS = "0" * 32
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}

# Flask's own, which gives files that everybody gets.
STATIC = "static"

# What else a request must have for what it names to be looked at. A `{}` is where the id stands.
FORM = {"content": CONTENT, "style": STYLE, "size": "100", "steps": "1"}
OTHER: dict[str, Any] = {"role": "content", "index": 0, "side": renditions.SIDES[0]}
_FORMS = ("create.start", "create.reuse", "drafts.order")
# Where a field does not hold the id alone.
REFERENCES = dict.fromkeys(
    [
        *((endpoint, name) for endpoint in _FORMS for name in NAMED),
        ("create.form", "content"),
        ("create.form", "style"),
    ],
    "{kind}:{id}",
)
MORE: Mapping[tuple[str, str], dict[str, Any]] = {
    **{(endpoint, name): FORM for endpoint in _FORMS for name in NAMED},
    **{(endpoint, "init_image"): {**FORM, "init": "result"} for endpoint in _FORMS},
    ("gallery.act", "run"): {"do": "delete"},
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    instance = tmp_path_factory.mktemp("access") / "instance"
    limits: dict[str, Any] = {**UNLIMITED, "max_running_per_visitor": 100}
    return create_app(Config(async_mode="threading", instance_path=str(instance), **limits))


@pytest.fixture(scope="module")
def owner(app: Flask) -> Owner:
    return visitor(app)


@pytest.fixture(scope="module")
def stranger(app: Flask) -> Owner:
    return visitor(app)


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every address that the site has, with each method that it takes."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield rule, method


def mark(app: Flask, rule: Rule) -> access.Access | None:
    return access.of(app.view_functions[rule.endpoint])


def handlers(app: Flask) -> dict[str, Callable[..., Any]]:
    """The handler of each event of Socket.IO, by its name."""
    live = app.extensions["stransfer-live"]
    names = app.extensions["socketio"].server.handlers["/"]
    return {name: getattr(live, name) for name in names}


def test_every_address_says_whose_concern_it_is(app: Flask) -> None:
    unmarked = {rule.endpoint for rule, _ in rules(app) if mark(app, rule) is None}
    assert unmarked == {STATIC}


def test_every_event_says_whose_concern_it_is(app: Flask) -> None:
    found = handlers(app)
    assert set(found) == {"connect", "disconnect", *EVENTS}
    assert [name for name, handler in found.items() if access.of(handler) is None] == []
    assert list(app.extensions["socketio"].server.handlers) == ["/"]


def test_whatever_an_address_names_is_covered_by_its_mark(app: Flask) -> None:
    harmless = {"role", "index", "name", "side"}
    for rule, _ in rules(app):
        found = mark(app, rule)
        if found is None:
            continue
        named = rule.arguments - harmless
        if found.audience is Audience.HOLDER:
            assert len(named) == 1 and named <= {"share", "secret"}, rule
        elif found.audience is Audience.OWNER:
            assert named <= set(found.names), rule
        else:
            assert not named, rule


def test_the_description_of_the_api_asks_for_a_token_wherever_something_is_anybodys(
    app: Flask,
) -> None:
    for endpoint, operation in OPERATIONS.items():
        found = access.of(app.view_functions[endpoint])
        assert found is not None
        assert (operation.access == "open") == (found.audience is Audience.EVERYBODY), endpoint


def owned_requests(app: Flask) -> Iterator[tuple[Rule, str, str, str]]:
    """Everything that names something of a visitor's: rule, method, field, and what it names."""
    for rule, method in rules(app):
        found = mark(app, rule)
        if found is not None and found.audience is Audience.OWNER:
            for name, kind in found.names.items():
                yield rule, method, name, kind


def test_a_stranger_is_answered_as_if_there_were_no_such_thing(
    app: Flask, owner: Owner, stranger: Owner
) -> None:
    tried = 0
    for rule, method, name, kind in owned_requests(app):
        id = owner.make(kind)
        theirs = ask(stranger, rule, method, name, kind, id)
        none = ask(stranger, rule, method, name, kind, NOBODYS)
        about = f"{method} {rule.rule} {name}={kind}"
        assert theirs.status_code == none.status_code < 500, about
        assert plain(theirs, id) == plain(none, NOBODYS), about
        assert headers(theirs, id) == headers(none, NOBODYS), about
        # The same request of its owner shows that it was a sensible one.
        if name == "unfavourite":
            owner.person.site.collection.cherish(owner.person.id, [id])
        before = kind == RUN and record(owner, id)
        own = ask(owner, rule, method, name, kind, id)
        told = own.status_code != none.status_code or plain(own, id) != plain(none, NOBODYS)
        assert told or record(owner, id) != before, about
        tried += 1
    assert tried > 50


def test_an_event_answers_a_stranger_as_if_there_were_no_such_thing(
    app: Flask, owner: Owner, stranger: Owner
) -> None:
    run = owner.make(RUN)
    for event, handler in handlers(app).items():
        found = access.of(handler)
        assert found is not None
        for name in found.names:
            own, theirs = (
                app.extensions["socketio"].test_client(app, auth={"token": who.token})
                for who in (owner, stranger)
            )
            assert theirs.emit(event, {name: run}, callback=True) == theirs.emit(
                event, {name: NOBODYS}, callback=True
            )
            assert own.emit(event, {name: run}, callback=True)["ok"] is True


def test_nothing_happened_to_what_a_stranger_named(
    app: Flask, owner: Owner, stranger: Owner
) -> None:
    run, image = owner.make(RUN), owner.make(IMAGE)
    before = record(owner, run)
    for rule, method, name, kind in owned_requests(app):
        if method in CHANGES:
            ask(stranger, rule, method, name, kind, run if kind == RUN else image)
    assert record(owner, run) == before
    assert owner.person.site.uploads.find(owner.person.id, image).id == image


def ask(who: Owner, rule: Rule, method: str, name: str, kind: str, id: str) -> TestResponse:
    """Make a request in which one field names something, and everything else is right."""
    address = place(rule, method, {name: id})
    program = rule.rule.startswith("/api/")
    if name in rule.arguments:
        field: dict[str, Any] = {}
    else:
        text = REFERENCES.get((rule.endpoint, name), "{id}").format(kind=kind, id=id)
        field = {name: [text] if program and name == "style" else text}
    more = ORDER if rule.endpoint == "api.start_run" else MORE.get((rule.endpoint, name), {})
    sent = {**more, **field}
    client: FlaskClient = who.person.client
    if method not in CHANGES:
        return client.open(
            address, method=method, query_string=sent, headers=who.headers if program else {}
        )
    if program:
        # Going on takes what it needs from the run; the others take what is sent.
        body = sent if sent or rule.endpoint != "api.go_on" else {"steps": 1}
        return client.open(address, method=method, json=body or None, headers=who.headers)
    marked = {"csrf_token": who.person.open("/you").values["csrf_token"]}
    return client.open(address, method=method, data={"title": "x", "steps": "1", **sent, **marked})


def place(rule: Rule, method: str, names: dict[str, str], rest: str = "x") -> str:
    """The address that a rule stands for; `rest` is what is named in it and not said here."""
    values = {**dict.fromkeys(rule.arguments, rest), **OTHER, **names}
    wanted = {argument: values[argument] for argument in rule.arguments}
    return rule.map.bind("localhost").build(rule.endpoint, wanted, method=method)


def plain(answer: TestResponse, id: str) -> str:
    """The body, but for what is different each time, and for the id itself."""
    text: str = answer.data.decode(errors="replace")
    for changing in (r'name="(csrf_token|submission)"[^>]*value="[^"]*"', r"\d+(\.\d)? s ago"):
        text = re.sub(changing, "", text)
    return text.replace(id, "ID")


def headers(answer: TestResponse, id: str) -> dict[str, str]:
    """The headers, but for the signed cookie, which is different each time."""
    told = {name: value.replace(id, "ID") for name, value in answer.headers.items()}
    told.pop("Set-Cookie", None)
    return told


def record(owner: Owner, run: str) -> dict[str, Any] | None:
    """Everything that is known of a run, or None if it is gone."""
    try:
        found = vars(owner.person.site.runs.find(owner.person.id, run)).copy()
    except NotFoundError:
        return None
    del found["_sa_instance_state"]
    return found


def test_whoever_shows_no_mark_changes_nothing(app: Flask, owner: Owner) -> None:
    run, image = owner.make(RUN), owner.make(IMAGE)
    before = record(owner, run)
    tried = 0
    for rule, method in rules(app):
        if method not in CHANGES:
            continue
        address = place(rule, method, {}, run)
        answer = owner.person.client.open(address, method=method, data={"run": run, "do": "delete"})
        found = mark(app, rule)
        assert found is not None
        if not rule.rule.startswith("/api/"):
            assert answer.status_code == 400, rule
            assert "did not come from" in answer.text or "came from this site" in answer.text, rule
        elif found.audience is not Audience.EVERYBODY:
            # A browser adds the cookie by itself, and the cookie is not enough.
            assert answer.status_code == 401, rule
        tried += 1
    assert tried > 20
    assert record(owner, run) == before
    assert owner.person.site.uploads.find(owner.person.id, image).id == image


def test_asking_for_something_changes_nothing(app: Flask, owner: Owner) -> None:
    run = owner.make(RUN)
    secret = owner.person.site.recoveries.offer(owner.person.id).secret
    before = record(owner, run)
    for rule, method in rules(app):
        if method in CHANGES or rule.endpoint == STATIC:
            continue
        address = place(rule, method, {"secret": secret}, run)
        owner.person.client.open(address, method=method, headers={"Accept": "*/*"})
    assert record(owner, run) == before
    assert owner.person.site.recoveries.look(secret)[0] == owner.person.id


def test_what_costs_the_site_something_is_limited(app: Flask) -> None:
    limited = {
        rule.endpoint: {limit.rate.key for limit in limits_of(app.view_functions[rule.endpoint])}
        for rule, method in rules(app)
        if method != "HEAD"
    }
    assert {endpoint: keys for endpoint, keys in limited.items() if keys} == {
        "create.start": {"runs_per_hour", "uploads_per_hour"},
        "create.reuse": {"uploads_per_hour"},
        "drafts.order": {"drafts_per_minute", "uploads_per_hour"},
        "runs.go_on": {"runs_per_hour"},
        "api.start_run": {"runs_per_hour"},
        "api.go_on": {"runs_per_hour"},
        "api.add_image": {"uploads_per_hour"},
        "api.start_session": {"sessions_per_hour"},
        "estimates.estimate": {"estimates_per_minute"},
        "estimates.list_presets": {"estimates_per_minute"},
        "you.link": {"recoveries_per_hour"},
        "you.look": {"recoveries_per_hour"},
        "you.take": {"recoveries_per_hour"},
    }

"""The JSON API, with a real database and media store behind it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from stransfer.settings import SETTINGS
from tests.conftest import file_bytes
from tests.site.corpus import WHITE, plain
from tests.site.finished import finish
from webapp import create_app
from webapp.config import Config

API = "/api/v1"
RUN = {"content": "cat.jpg", "style": ["fjord.jpg", "great_swell.jpg"]}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Config(instance_path=str(tmp_path), async_mode="threading"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def headers(client: FlaskClient) -> dict[str, str]:
    return new_session(client)


def new_session(client: FlaskClient) -> dict[str, str]:
    answer = client.post(f"{API}/sessions")
    assert answer.status_code == 201
    return {"Authorization": f"Bearer {answer.json['token']}"}  # type: ignore[index]


def error(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    found: dict[str, Any] = answer.json["error"]
    assert found["code"] == status and found["message"]
    return found


def test_a_run_is_accepted_with_samples_by_name_and_all_its_settings(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    body = {**RUN, "settings": {"steps": 3, "style_weights": [3, 1], "preserve_color": "luminance"}}
    answer = client.post(f"{API}/runs", json=body, headers=headers)
    assert answer.status_code == 201 and answer.json is not None
    assert answer.headers["Location"] == f"{API}/runs/{answer.json['id']}"
    run = client.get(answer.headers["Location"], headers=headers).json
    assert run is not None
    assert (run["state"], run["step"], run["queue_position"]) == ("queued", 0, 1)
    assert run["settings"]["steps"] == 3 and run["settings"]["style_weights"] == "3, 1"
    assert run["style"] == ["sample:fjord.jpg", "sample:great_swell.jpg"]
    listed = client.get(f"{API}/runs", headers=headers).json
    assert listed is not None and [one["id"] for one in listed["runs"]] == [run["id"]]
    assert listed["runs"][0]["queue_position"] == 1
    assert run["title"] == "Cat in the manner of Fjord and Great swell"


def test_a_picture_of_ones_own_can_be_used_by_its_id(
    client: FlaskClient, headers: dict[str, str], photo: Image.Image
) -> None:
    file = (io.BytesIO(file_bytes(photo)), "me.png")
    answer = client.post(f"{API}/images", data={"file": file}, headers=headers)
    assert answer.status_code == 201 and answer.json is not None
    assert (answer.json["width"], answer.json["height"]) == (120, 90)
    body = {"content": answer.json["id"], "style": ["fjord.jpg"]}
    assert client.post(f"{API}/runs", json=body, headers=headers).status_code == 201
    stranger = new_session(client)
    error(client.post(f"{API}/runs", json=body, headers=stranger), 404)


def test_masks_and_a_picture_to_begin_with_are_named_by_their_ids(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    photo, white = send(client, headers, plain()), send(client, headers, plain(colour=WHITE))
    body = {"content": photo, "style": [photo], "content_mask": white, "style_mask": white}
    answer = client.post(f"{API}/runs", json={**body, "init_image": photo}, headers=headers)
    assert answer.status_code == 201 and answer.json is not None
    run = client.get(answer.headers["Location"], headers=headers).json
    assert run is not None
    assert run["content_mask"] == run["style_mask"] == f"image:{white}"
    assert run["init_image"] == f"image:{photo}"
    # Who brings a picture to begin with has said that with it.
    assert run["settings"]["init"] == "result"
    clash = {**body, "init_image": photo, "settings": {"init": "noise"}}
    found = error(client.post(f"{API}/runs", json=clash, headers=headers), 422)
    assert list(found["fields"]) == ["init_image"]


@pytest.mark.parametrize(
    ("size", "colour", "sentence"),
    [((120, 90), (0, 0, 0), "black all over"), ((90, 90), WHITE, "photo's proportions")],
)
def test_a_mask_that_does_not_fit_is_refused_when_it_is_asked_for(
    size: tuple[int, int],
    colour: tuple[int, int, int],
    sentence: str,
    client: FlaskClient,
    headers: dict[str, str],
) -> None:
    photo = send(client, headers, plain())
    mask = send(client, headers, plain(*size, colour), role="mask")
    body = {"content": photo, "style": ["fjord.jpg"], "content_mask": mask}
    found = error(client.post(f"{API}/runs", json=body, headers=headers), 422)
    assert list(found["fields"]) == ["content_mask"]
    assert sentence in found["fields"]["content_mask"]


def test_a_picture_is_for_one_of_three_things(client: FlaskClient, headers: dict[str, str]) -> None:
    data = {"file": (io.BytesIO(file_bytes(plain())), "a.png"), "role": "frame"}
    found = error(client.post(f"{API}/images", data=data, headers=headers), 422)
    assert list(found["fields"]) == ["role"] and "content, style, mask" in found["message"]


def test_pictures_are_listed_page_by_page_and_removed(tmp_path: Path) -> None:
    config = Config(instance_path=str(tmp_path / "short"), async_mode="threading", page_size=2)
    app = create_app(config)
    client = app.test_client()
    headers = new_session(client)
    ids = [send(client, headers, plain(colour=(shade, 0, 0))) for shade in (0, 90, 180)]
    answer = client.get(f"{API}/images", headers=headers).json
    assert answer is not None and answer["pages"] == 2
    assert [one["id"] for one in answer["images"]] == [ids[2], ids[1]]
    newest = answer["images"][0]
    assert (newest["role"], newest["title"], newest["width"]) == ("content", "a", 120)
    last = client.get(f"{API}/images?page=2", headers=headers).json
    assert last is not None and [one["id"] for one in last["images"]] == ids[:1]
    error(client.get(f"{API}/images?page=3", headers=headers), 404)
    found = error(client.get(f"{API}/images?page=x", headers=headers), 422)
    assert "page of images" in found["message"]

    stranger = new_session(client)
    assert client.get(f"{API}/images", headers=stranger).json == {"images": [], "pages": 1}
    theirs = client.delete(f"{API}/images/{ids[0]}", headers=stranger)
    none = client.delete(f"{API}/images/{'0' * 32}", headers=headers)
    assert error(theirs, 404) == error(none, 404)
    body = {"content": ids[0], "style": ["fjord.jpg"]}
    run = client.post(f"{API}/runs", json=body, headers=headers).headers["Location"]
    assert client.delete(f"{API}/images/{ids[0]}", headers=headers).status_code == 204
    error(client.delete(f"{API}/images/{ids[0]}", headers=headers), 404)
    error(client.post(f"{API}/runs", json={**body, "style": [ids[0]]}, headers=headers), 404)
    # The run that was made from it goes on all the same, and so does one that continues it.
    finish(app, tail(run))
    assert client.post(f"{run}/continue", headers=headers).status_code == 201


def test_a_finished_run_goes_on_and_can_be_begun_with(
    app: Flask, client: FlaskClient, headers: dict[str, str]
) -> None:
    first = client.post(f"{API}/runs", json=RUN, headers=headers).headers["Location"]
    error(client.post(f"{first}/continue", json={"steps": 3}, headers=headers), 409)
    error(client.post(f"{API}/runs", json={**RUN, "init_image": tail(first)}, headers=headers), 409)
    finish(app, tail(first))
    answer = client.post(f"{first}/continue", json={"steps": 3}, headers=headers)
    assert answer.status_code == 201 and answer.json is not None
    assert answer.headers["Location"] == f"{API}/runs/{answer.json['id']}" != first
    assert (answer.json["steps"], answer.json["init_image"]) == (3, f"run:{tail(first)}")
    assert answer.json["style"] == ["sample:fjord.jpg", "sample:great_swell.jpg"]
    again = client.post(f"{API}/runs", json={**RUN, "init_image": tail(first)}, headers=headers)
    assert again.json is not None and again.json["init_image"] == f"run:{tail(first)}"
    found = error(client.post(f"{first}/continue", json={"steps": 0}, headers=headers), 422)
    assert list(found["fields"]) == ["steps"]
    error(client.post(f"{first}/continue", json=[3], headers=headers), 422)
    error(client.post(f"{first}/continue", headers=new_session(client)), 404)
    error(client.post(f"{first}/continue"), 401)


def send(client: FlaskClient, headers: dict[str, str], image: Image.Image, **fields: str) -> str:
    """Bring a picture and return its id."""
    data = {"file": (io.BytesIO(file_bytes(image)), "a.png"), **fields}
    answer = client.post(f"{API}/images", data=data, headers=headers)
    assert answer.status_code == 201 and answer.json is not None
    return str(answer.json["id"])


def tail(place: str) -> str:
    return place.rpartition("/")[2]


def test_a_run_can_be_cancelled_and_deleted_and_not_twice(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    place = client.post(f"{API}/runs", json=RUN, headers=headers).headers["Location"]
    error(client.post(f"{place}/finish", headers=headers), 409)
    answer = client.post(f"{place}/cancel", headers=headers)
    assert answer.json is not None and answer.json["state"] == "cancelled"
    error(client.post(f"{place}/cancel", headers=headers), 409)
    error(client.get(f"{place}/result", headers=headers), 404)
    assert client.delete(place, headers=headers).status_code == 204
    error(client.get(place, headers=headers), 404)


def test_a_strangers_run_answers_as_one_that_does_not_exist(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    place = client.post(f"{API}/runs", json=RUN, headers=headers).headers["Location"]
    stranger = new_session(client)
    for method, path in (("get", place), ("get", f"{place}/result"), ("delete", place)):
        theirs = getattr(client, method)(path, headers=stranger)
        none = getattr(client, method)(path.replace(place, f"{API}/runs/none"), headers=stranger)
        assert error(theirs, 404) == error(none, 404)
    for verb in ("cancel", "finish"):
        error(client.post(f"{place}/{verb}", headers=stranger), 404)
    assert client.get(place, headers=headers).status_code == 200


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}])
def test_without_a_token_nothing_is_given_or_changed(
    client: FlaskClient, given: dict[str, str]
) -> None:
    error(client.get(f"{API}/runs", headers=given), 401)
    error(client.post(f"{API}/runs", json=RUN, headers=given), 401)
    error(client.post(f"{API}/images", headers=given), 401)
    error(client.get(f"{API}/images", headers=given), 401)
    error(client.delete(f"{API}/runs/x", headers=given), 401)
    error(client.delete(f"{API}/images/x", headers=given), 401)


def test_a_cookie_is_enough_to_read_but_not_to_change(client: FlaskClient) -> None:
    client.get("/")
    assert client.get(f"{API}/runs").status_code == 200
    error(client.post(f"{API}/runs", json=RUN), 401)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"style": ["fjord.jpg"]}, 422, "content"),
        ({"content": "cat.jpg"}, 422, "style"),
        ({"content": "cat.jpg", "style": []}, 422, "style"),
        ({"content": "none.jpg", "style": ["fjord.jpg"]}, 404, "content"),
        ({"content": "../cat.jpg", "style": ["fjord.jpg"]}, 404, "content"),
        ({"content": "cat.jpg", "style": ["fjord.jpg", "none.jpg"]}, 404, "style"),
        ({"content": "cat.jpg", "style": ["fjord.jpg"] * 5}, 422, "style"),
        ({**RUN, "content_mask": "none"}, 404, "content_mask"),
        ({**RUN, "content_mask": "cat.jpg"}, 422, "content_mask"),
        ({**RUN, "style_mask": ["none"]}, 422, "style_mask"),
        ({**RUN, "init_image": "none"}, 404, "init_image"),
        ({**RUN, "init_image": "run:none"}, 404, "init_image"),
        ({**RUN, "init_image": ""}, 422, "init_image"),
        ({**RUN, "settings": {"init": "result"}}, 422, "init"),
        ({**RUN, "mask": "none"}, 422, "mask"),
        ({**RUN, "settings": {"steps": 0}}, 422, "steps"),
        ({**RUN, "settings": {"stepz": 1}}, 422, "stepz"),
        ({**RUN, "settings": {"style_weights": "1"}}, 422, "style_weights"),
        ({**RUN, "settings": [1]}, 422, "settings"),
        ([], 422, "body"),
    ],
)
def test_what_is_wrong_is_named_by_field(
    client: FlaskClient, headers: dict[str, str], body: Any, status: int, field: str | None
) -> None:
    found = error(client.post(f"{API}/runs", json=body, headers=headers), status)
    assert list(found["fields"]) == ([field] if field else [])


def test_what_is_no_json_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    error(client.post(f"{API}/runs", data="{", headers=headers), 415)
    bad = client.post(f"{API}/runs", data="{", headers=headers, content_type="application/json")
    error(bad, 400)
    error(client.post(f"{API}/images", data={"file": "text"}, headers=headers), 422)


def test_models_settings_and_samples_are_listed(client: FlaskClient) -> None:
    models = client.get(f"{API}/models").json
    assert models is not None and models[0]["name"] == "vgg16"
    settings = client.get(f"{API}/settings").json
    assert settings is not None and len(settings) == len(SETTINGS)
    samples = client.get(f"{API}/samples").json
    assert samples is not None
    assert "cat.jpg" in [sample["name"] for sample in samples["content"]]
    assert client.get(samples["style"][0]["thumbnail_url"]).status_code == 200


def test_only_hashes_of_tokens_are_kept(
    app: Flask, headers: dict[str, str], tmp_path: Path
) -> None:
    token = headers["Authorization"].removeprefix("Bearer ").encode()
    assert all(token not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

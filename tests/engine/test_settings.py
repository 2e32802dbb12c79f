"""The table of settings and what it accepts."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from stransfer.errors import SettingsError
from stransfer.setting import GROUPS
from stransfer.settings import BY_NAME, SETTINGS, Settings


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = Settings()
    assert (settings.model, settings.steps, settings.size) == ("vgg16", 20, 500)
    assert (settings.scales, settings.init, settings.seed) == ("auto", "content", 0)


def test_every_row_has_its_default_within_its_own_bounds_and_a_help_text() -> None:
    for setting in SETTINGS:
        assert setting.parse(setting.default) == setting.default
        assert setting.help.endswith(".") and setting.label and setting.values


def test_every_setting_belongs_to_a_group_and_every_choice_has_a_label() -> None:
    assert {setting.group for setting in SETTINGS} == set(GROUPS)
    assert [s.name for s in SETTINGS if s.group == "basic"] == ["model", "steps", "size"]
    for setting in SETTINGS:
        labels = [setting.shown(choice) for choice in setting.choices]
        assert all(labels) and len(set(labels)) == len(setting.choices)
    assert BY_NAME["init"].shown("style") == "The artwork"
    assert BY_NAME["preserve_color"].shown("luminance") == "Luminance"
    assert BY_NAME["content_weight"].shown(1.0) == "1"


def test_text_as_a_form_sends_it_becomes_numbers() -> None:
    settings = Settings.parse({"steps": " 7 ", "size": "300", "tv_weight": "0.5", "scales": "2"})
    assert (settings.steps, settings.size, settings.tv_weight, settings.scales) == (7, 300, 0.5, 2)
    assert isinstance(settings.steps, int)


def test_what_is_left_empty_takes_its_default() -> None:
    assert Settings.parse({"steps": "", "size": None, "scales": " "}) == Settings()


def test_settings_survive_json() -> None:
    settings = Settings(steps=3, style_layers="block1_conv1:2, block3_conv1")
    assert Settings.parse(json.loads(json.dumps(settings.as_dict()))) == settings


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("steps", "0", "a whole number from 1 to 10000"),
        ("steps", 10_001, "10001"),
        ("steps", "2.5", "'2.5'"),
        ("steps", "many", "'many'"),
        ("steps", True, "True"),
        ("steps", "1e400", "whole number"),
        ("steps", [20], r"\[20\]"),
        ("size", 99, "from 100 to 1000"),
        ("size", "1001", "from 100 to 1000"),
        ("content_weight", "nan", "a number from 0"),
        ("style_weight", -1, "a number from 0"),
        ("tv_weight", "inf", "a number from 0"),
        ("scales", "six", "auto, or a whole number from 1 to 5"),
        ("scales", 6, "auto, or a whole number"),
        ("model", "vgg11", "one of vgg16"),
        ("model", 16, "one of vgg16"),
        ("init", "photo", "content, noise"),
        ("style_weights", "3, -1", "above 0 for each artwork"),
        ("style_weights", "3; 1", "above 0 for each artwork"),
        ("style_weights", [1, "x"], "above 0 for each artwork"),
        ("preserve_color", "all", "none, luminance, histogram"),
        ("content_layers", "block9_conv1", "no layer 'block9_conv1'; choose from block1_conv1"),
        ("weights", "mine", "one of imagenet, untrained"),
        ("style_layers", "block1_conv1:-1", "above 0"),
        ("style_layers", "block1_conv1:x", "above 0"),
        ("style_layers", 5, "layer names"),
        ("seed", "x" * 500, "…"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(
    name: str, value: Any, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence) as refused:
        Settings.parse({name: value})
    assert list(refused.value.fields) == [name]
    assert len(refused.value.fields[name]) < 400


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.parse({"steps": 0, "size": 0, "model": "none"})
    assert set(refused.value.fields) == {"steps", "size", "model"}


def test_an_unknown_setting_is_refused_with_the_list_of_settings() -> None:
    with pytest.raises(SettingsError, match="settings are model, weights, steps"):
        Settings.parse({"stepz": 3})


def test_nothing_to_paint_is_refused() -> None:
    with pytest.raises(SettingsError, match="nothing to paint"):
        Settings(content_weight=0, style_weight=0)


def test_constructing_settings_checks_them_as_well() -> None:
    with pytest.raises(SettingsError):
        Settings(steps=0)
    with pytest.raises(SettingsError):
        dataclasses.replace(Settings(), size=5)


def test_layers_have_weights_and_the_models_own_are_the_default() -> None:
    settings = Settings(style_layers="block2_conv2:0.5, block1_conv1")
    assert settings.style_layer_weights == {"block2_conv2": 0.5, "block1_conv1": 1.0}
    assert settings.content_layer_weights == {"block4_conv2": 1.0}


def test_a_blend_is_a_number_for_each_artwork() -> None:
    assert Settings.parse({"style_weights": " 3,1.5 "}).style_blend == (3.0, 1.5)
    assert Settings.parse({"style_weights": [3, 1]}).style_blend == (3.0, 1.0)
    assert Settings().style_blend == ()

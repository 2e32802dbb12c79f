"""The one table of settings, from which every door to the engine is made.

The form, the command line, the API's schema, the README table and the validation all derive from
`SETTINGS`; a default, a bound or a help text stands here and nowhere else.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stransfer.errors import SettingsError
from stransfer.models import DEFAULT_MODEL, MODELS, LayerWeights

AUTO = "auto"
UNTRAINED = "untrained"

Kind = Literal["integer", "number", "choice", "layers"]


@dataclass(frozen=True)
class Setting:
    """One row of the table.

    `group` is "basic" for what everybody sees and "more" for the rest. `automatic` says that the
    word "auto" is accepted besides a number. `step` is the increment a form offers.
    """

    name: str
    default: Any
    kind: Kind
    label: str
    help: str
    group: Literal["basic", "more"] = "more"
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    automatic: bool = False

    @property
    def values(self) -> str:
        """What is accepted, as a phrase for a table or a message."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "layers":
            return "layer names with weights, such as block4_conv2:1"
        kind = "a whole number" if self.kind == "integer" else "a number"
        text = f"{kind} from {self.minimum} to {self.maximum}"
        return f"{AUTO}, or {text}" if self.automatic else text

    def parse(self, value: object) -> Any:
        """Return `value` in the setting's type; raise ValueError, as a sentence, if it is none."""
        return _PARSERS[self.kind](self, value)


def _row(default: Any, **row: Any) -> Any:
    return field(default=default, metadata=row)


@dataclass(frozen=True)
class Settings:
    """What one run is made with. Construct it directly, or from untrusted text with `parse`.

    Raises SettingsError, naming every field that is wrong.
    """

    model: str = _row(
        DEFAULT_MODEL,
        kind="choice",
        label="Model",
        group="basic",
        choices=tuple(MODELS),
        help="The pre-trained network whose layers measure content and style.",
    )
    weights: str = _row(
        "imagenet",
        kind="choice",
        label="Weights",
        choices=("imagenet", UNTRAINED),
        help="What the network has learnt: to tell a million photographs apart, or nothing. "
        "Untrained filters are drawn from the seed; they give textures, and need no weight file.",
    )
    steps: int = _row(
        20,
        kind="integer",
        label="Steps",
        group="basic",
        unit="updates",
        minimum=1,
        maximum=10_000,
        step=1,
        help="How many times the image is updated at its final size. More steps, stronger style.",
    )
    size: int = _row(
        500,
        kind="integer",
        label="Size",
        group="basic",
        unit="px",
        minimum=100,
        maximum=1000,
        step=10,
        help="The long side of the image while it is painted. The aspect ratio is kept.",
    )
    content_weight: float = _row(
        1.0,
        kind="number",
        label="Content weight",
        minimum=0,
        maximum=100,
        step=0.1,
        help="How much the objects and shapes of the photo count. Higher keeps more of the photo.",
    )
    style_weight: float = _row(
        1.0,
        kind="number",
        label="Style weight",
        minimum=0,
        maximum=100,
        step=0.1,
        help="How much the colours and textures of the artwork count. Higher paints more boldly.",
    )
    tv_weight: float = _row(
        1.0,
        kind="number",
        label="Total variation weight",
        minimum=0,
        maximum=100,
        step=0.1,
        help="How much neighbouring pixels are drawn together. Higher is smoother, 0 is off.",
    )
    scales: int | str = _row(
        AUTO,
        kind="integer",
        label="Scales",
        unit="levels",
        minimum=1,
        maximum=5,
        step=1,
        automatic=True,
        help="Coarse-to-fine levels, each half as large as the next: broad brush strokes first, "
        "details later. 1 paints at the final size only.",
    )
    style_scale: float = _row(
        1.0,
        kind="number",
        label="Style scale",
        minimum=0.25,
        maximum=2,
        step=0.05,
        help="The size of the artwork next to the photo. Smaller gives finer brush strokes.",
    )
    content_layers: str = _row(
        "",
        kind="layers",
        label="Content layers",
        help="Layers that measure content, with weights. Empty takes the model's own.",
    )
    style_layers: str = _row(
        "",
        kind="layers",
        label="Style layers",
        help="Layers that measure style, with weights. Empty takes the model's own.",
    )
    learning_rate: float = _row(
        0.03,
        kind="number",
        label="Learning rate",
        minimum=0.001,
        maximum=0.2,
        step=0.001,
        help="How far the first updates move a pixel, on a scale from black 0 to white 1. "
        "Later ones move it less.",
    )
    init: str = _row(
        "content",
        kind="choice",
        label="Start from",
        choices=("content", "noise"),
        help="What the first image is: the photo, or seeded noise.",
    )
    seed: int = _row(
        0,
        kind="integer",
        label="Seed",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        help="The number from which noise and untrained filters are drawn. The same seed gives the "
        "same picture.",
    )

    def __post_init__(self) -> None:
        """Bring every value into its type, or raise SettingsError for all that are wrong."""
        errors: dict[str, str] = {}
        for setting in SETTINGS:
            try:
                value = setting.parse(getattr(self, setting.name))
                object.__setattr__(self, setting.name, value)
            except ValueError as error:
                errors[setting.name] = str(error)
        if not errors:
            errors = self._layer_errors()
        if not errors and self.content_weight == self.style_weight == 0:
            errors["style_weight"] = (
                "Content weight and style weight are both 0, so there is nothing to paint; "
                "raise one of them."
            )
        if errors:
            raise SettingsError(errors)

    def _layer_errors(self) -> dict[str, str]:
        errors = {}
        for name in ("content_layers", "style_layers"):
            try:
                MODELS[self.model].parse_layers(getattr(self, name))
            except ValueError as error:
                errors[name] = str(error)
        return errors

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> Settings:
        """Return the settings for untrusted `values` by name; empty ones take their default.

        Raises SettingsError with a sentence for each unknown name and each wrong value.
        """
        unknown = {
            name: f"There is no such setting; the settings are {', '.join(BY_NAME)}."
            for name in values
            if name not in BY_NAME
        }
        if unknown:
            raise SettingsError(unknown)
        return cls(**{name: value for name, value in values.items() if not _empty(value)})  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """Return every setting by name, as plain values that JSON can hold."""
        return dataclasses.asdict(self)

    @property
    def untrained_seed(self) -> int | None:
        """The number from which the network's filters are drawn, or None if they are trained."""
        return self.seed if self.weights == UNTRAINED else None

    @property
    def minimum_size(self) -> int:
        """The shortest side of a picture, in pixels, that the chosen layers can see."""
        chosen = {**self.content_layer_weights, **self.style_layer_weights}
        return MODELS[self.model].minimum_size(chosen)

    @property
    def content_layer_weights(self) -> LayerWeights:
        """The chosen content layers, or the model's own."""
        model = MODELS[self.model]
        trained = self.untrained_seed is None
        own = model.content_layers if trained else model.untrained_content_layers
        return model.parse_layers(self.content_layers) or own

    @property
    def style_layer_weights(self) -> LayerWeights:
        """The chosen style layers, or the model's own."""
        model = MODELS[self.model]
        trained = self.untrained_seed is None
        own = model.style_layers if trained else model.untrained_style_layers
        return model.parse_layers(self.style_layers) or own


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _parse_number(setting: Setting, value: object) -> Any:
    if setting.automatic and isinstance(value, str) and value.strip().lower() == AUTO:
        return AUTO
    number = _finite(value)
    whole = setting.kind == "integer"
    assert setting.minimum is not None and setting.maximum is not None
    in_range = number is not None and setting.minimum <= number <= setting.maximum
    if number is None or not in_range or (whole and number != int(number)):
        raise ValueError(
            f"{setting.label} must be {setting.values}, but {_shown(value)} was given."
        )
    return int(number) if whole else number


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _parse_choice(setting: Setting, value: object) -> str:
    if isinstance(value, str) and value.strip() in setting.choices:
        return value.strip()
    raise ValueError(f"{setting.label} must be one of {setting.values}, not {_shown(value)}.")


def _parse_layers(setting: Setting, value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_LAYERS:
        raise ValueError(f"{setting.label} must be {setting.values}.")
    return ", ".join(filter(None, (part.strip() for part in value.split(","))))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN = 40
_LONGEST_LAYERS = 2000

_PARSERS: dict[Kind, Callable[[Setting, object], Any]] = {
    "integer": _parse_number,
    "number": _parse_number,
    "choice": _parse_choice,
    "layers": _parse_layers,
}

SETTINGS: tuple[Setting, ...] = tuple(
    Setting(name=row.name, default=row.default, **row.metadata)
    for row in dataclasses.fields(Settings)
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}

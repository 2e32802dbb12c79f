"""The one table of settings, from which every door to the engine is made.

The form, the command line, the API's schema, the README table and the validation all derive from
`SETTINGS`; a default, a bound or a help text stands here and nowhere else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stransfer.consistency import inconsistencies
from stransfer.errors import SettingsError
from stransfer.models import DEFAULT_MODEL, MODELS, LayerWeights
from stransfer.precision import BFLOAT16, FLOAT32
from stransfer.setting import AUTO, Setting, empty

UNTRAINED = "untrained"


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
        choice_labels=tuple(model.title for model in MODELS.values()),
        help="The pre-trained network whose layers measure content and style.",
    )
    weights: str = _row(
        "imagenet",
        kind="choice",
        label="Weights",
        group="network",
        choices=("imagenet", UNTRAINED),
        choice_labels=("ImageNet", "Untrained"),
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
    output_size: int | str = _row(
        AUTO,
        kind="integer",
        label="Output size",
        group="detail",
        unit="px",
        minimum=100,
        maximum=4000,
        step=100,
        automatic=True,
        help="The long side of the finished picture. Auto is the size above; larger is painted on "
        "from there, piece by piece, which takes many times longer.",
    )
    content_weight: float = _row(
        1.0,
        kind="number",
        label="Content weight",
        group="balance",
        minimum=0,
        maximum=100,
        step=0.1,
        help="How much the objects and shapes of the photo count. Higher keeps more of the photo.",
    )
    style_weight: float = _row(
        1.0,
        kind="number",
        label="Style weight",
        group="balance",
        minimum=0,
        maximum=100,
        step=0.1,
        help="How much the colours and textures of the artwork count. Higher paints more boldly.",
    )
    tv_weight: float = _row(
        1.0,
        kind="number",
        label="Total variation weight",
        group="balance",
        minimum=0,
        maximum=100,
        step=0.1,
        help="How much neighbouring pixels are drawn together. Higher is smoother, 0 is off.",
    )
    scales: int | str = _row(
        AUTO,
        kind="integer",
        label="Scales",
        group="detail",
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
        group="manner",
        minimum=0.25,
        maximum=2,
        step=0.05,
        help="The size of the artwork next to the photo. Smaller gives finer brush strokes.",
    )
    style_weights: str = _row(
        "",
        kind="blend",
        label="Style blend",
        group="manner",
        help="How much each of several artworks counts. Empty is the same for all.",
    )
    preserve_color: str = _row(
        "none",
        kind="choice",
        label="Keep colours",
        group="manner",
        choices=("none", "luminance", "histogram"),
        help="Whether the photo keeps its colours: luminance paints only light and dark, histogram "
        "gives the artwork the photo's palette first.",
    )
    content_layers: str = _row(
        "",
        kind="layers",
        label="Content layers",
        group="network",
        help="Layers that measure content, with weights. Empty takes the model's own.",
    )
    style_layers: str = _row(
        "",
        kind="layers",
        label="Style layers",
        group="network",
        help="Layers that measure style, with weights. Empty takes the model's own.",
    )
    optimizer: str = _row(
        "adam",
        kind="choice",
        label="Optimizer",
        group="computing",
        choices=("adam", "lbfgs"),
        choice_labels=("Adam", "L-BFGS"),
        help="How the image is updated: adam is quick from the first step on, lbfgs gets closer in "
        "a long run.",
    )
    learning_rate: float = _row(
        0.04,
        kind="number",
        label="Learning rate",
        group="computing",
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
        group="beginning",
        choices=("content", "noise", "style", "result"),
        choice_labels=("The photo", "Noise", "The artwork", "An earlier result"),
        help="What the first image is: the photo, seeded noise, the artwork, or an earlier result.",
    )
    seed: int = _row(
        0,
        kind="integer",
        label="Seed",
        group="beginning",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        help="The number from which noise and untrained filters are drawn. The same seed gives the "
        "same picture.",
    )
    precision: str = _row(
        AUTO,
        kind="choice",
        label="Precision",
        group="computing",
        choices=(AUTO, FLOAT32, BFLOAT16),
        choice_labels=("Auto", FLOAT32, BFLOAT16),
        help="How many digits convolutions are computed with. auto measures once which of the two "
        "is faster on this machine.",
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
        if errors := errors or inconsistencies(self):
            raise SettingsError(errors)

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
        return cls(**{name: value for name, value in values.items() if not empty(value)})  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """Return every setting by name, as plain values that JSON can hold."""
        return dataclasses.asdict(self)

    @property
    def output_long_side(self) -> int:
        """The long side of the finished picture, in pixels."""
        return self.size if self.output_size == AUTO else int(self.output_size)

    @property
    def style_blend(self) -> tuple[float, ...]:
        """How much each artwork counts, in order, or nothing if all count the same."""
        return tuple(float(part) for part in self.style_weights.split(",") if part)

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


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(name=row.name, default=row.default, **row.metadata)
    for row in dataclasses.fields(Settings)
)
BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in SETTINGS}

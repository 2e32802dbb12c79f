"""`stransfer render`: paints one picture."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from stransfer import devices, files, images, loading, precision, presets, results, weights
from stransfer import timelapse as film
from stransfer.errors import DivergedError, ImageError
from stransfer.footprint import peak_memory_mb
from stransfer.models import MODELS
from stransfer.options import setting_options
from stransfer.setting import AUTO
from stransfer.settings import Settings
from stransfer.subject import Subject

if TYPE_CHECKING:
    from stransfer.step import Step
    from stransfer.transfer import Transfer

_BAR = "{percentage:3.0f}%|{bar}| {desc}"

_PICTURE = click.Path(path_type=Path)

_PRESET_HELP = (
    f"One of {', '.join(presets.BY_NAME)}, see `stransfer settings`. It wins over --like, and "
    "each option below wins over it."
)

_DEVICE_HELP = f"What to compute on: {devices.FORMS}."

_LIKE_HELP = (
    "Take the settings of this earlier result. Each option below wins over it; an empty one, such "
    'as --style-layers "", takes the default again.'
)


@click.command()
@click.argument("content", type=_PICTURE)
@click.argument("style", nargs=-1, required=True, type=_PICTURE)
@click.option("-o", "--output", required=True, type=_PICTURE, help="The result: PNG, JPEG, WebP.")
@click.option("--like", type=_PICTURE, help=_LIKE_HELP)
@click.option("--preset", metavar="NAME", help=_PRESET_HELP)
@click.option("--timelapse", type=_PICTURE, help="Also write how it came about: WebP, GIF, MP4.")
@click.option("--content-mask", type=_PICTURE, help="White is painted, black stays photo.")
@click.option("--style-mask", type=_PICTURE, help="Only what is white here counts as style.")
@click.option("--init-image", type=_PICTURE, help="The earlier result, for --init result.")
@click.option("--device", default=AUTO, metavar="DEVICE", help=_DEVICE_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object about the run.")
@setting_options
def render(
    content: Path,
    style: tuple[Path, ...],
    output: Path,
    like: Path | None,
    preset: str | None,
    timelapse: Path | None,
    content_mask: Path | None,
    style_mask: Path | None,
    init_image: Path | None,
    device: str,
    as_json: bool,
    **given: str | None,
) -> None:
    """Paint CONTENT in the manner of one STYLE or several, and write the picture to a file."""
    devices.check(device)
    settings = _settings(like, preset, given)
    for path, format_of in ((output, results.format_of), (timelapse, film.format_of)):
        if path is not None:
            format_of(path)
            _check_folder(path)
    _check_distinct(output, timelapse, (content, *style, content_mask, style_mask, init_image))
    subject = Subject.read(
        content, style, content_mask=content_mask, style_mask=style_mask, init_image=init_image
    )
    subject.check(settings)
    report = _render(subject, output, timelapse, settings, device)
    if as_json:
        click.echo(json.dumps(report))
    else:
        used = f"{MODELS[settings.model].title}, {report['weights']}"
        click.echo(f"{output}: {report['width']} × {report['height']}, {used}")


def _settings(like: Path | None, preset: str | None, given: dict[str, str | None]) -> Settings:
    """Return the settings of an earlier result, changed by a preset, changed by what was given.

    What was given empty is the default again, whatever the earlier result had.
    """
    changes = presets.applied(preset, given)
    earlier = results.read_settings(like).as_dict() if like else {}
    kept = {name: value for name, value in earlier.items() if given[name] is None}
    return Settings.parse(kept | changes)


def _render(
    subject: Subject, output: Path, timelapse: Path | None, settings: Settings, device: str
) -> dict[str, Any]:
    started = time.monotonic()
    # TensorFlow is imported here and not above, so that mistakes are answered at once.
    loading.load(device)
    from stransfer.transfer import Transfer

    transfer = Transfer(subject, settings)
    level = transfer.levels[-1]
    frames = film.Timelapse(level.width, level.height) if timelapse else None

    def write(picture: images.Picture) -> None:
        kind, alpha = results.format_of(output), subject.alpha_at(level)
        images.write(output, results.encode(picture, settings, kind, alpha))

    first_frame = None
    try:
        for step in _with_progress(transfer, frames):
            first_frame = first_frame or time.monotonic() - started
            last = step
    except DivergedError as error:
        write(images.resize(error.picture, level.width, level.height))
        raise
    write(last.image)
    if timelapse and frames:
        images.write(timelapse, frames.encode(film.format_of(timelapse), last.image))
    seconds = time.monotonic() - started
    return {
        "output": str(output),
        "width": level.width,
        "height": level.height,
        "model": settings.model,
        "weights": weights.label(settings),
        "steps": transfer.steps,
        "seconds": seconds,
        "seconds_per_step": last.seconds_per_step or seconds / transfer.steps,
        "first_frame_seconds": first_frame,
        "precision": precision.chosen(settings.precision),
        "loss": vars(last.loss),
        "peak_memory_mb": peak_memory_mb(),
        "settings": settings.as_dict(),
    }


def _with_progress(transfer: Transfer, frames: film.Timelapse | None) -> Iterator[Step]:
    """Yield the steps, and show a bar that moves by what they cost."""
    with tqdm(total=1, bar_format=_BAR, file=sys.stderr, disable=None) as bar:
        for step in transfer.start():
            if frames:
                frames.see(step)
            bar.set_description_str(_told(step), refresh=False)
            bar.update(step.progress - bar.n)
            yield step


def _told(step: Step) -> str:
    left = "" if step.seconds_left is None else f", {tqdm.format_interval(step.seconds_left)} left"
    scale = f"scale {step.scale} of {step.scales}"
    return f"step {step.step} of {step.steps}, {scale}, loss {step.loss.total:.4f}{left}"


def _check_distinct(output: Path, timelapse: Path | None, inputs: tuple[Path | None, ...]) -> None:
    """Raise ImageError if one of the files would be written over another."""
    taken = {path.resolve() for path in inputs if path is not None}
    for path in filter(None, (output, timelapse)):
        if path.resolve() in taken:
            raise ImageError(
                f"{path} would be written over another of the pictures named; choose another name."
            )
        taken.add(path.resolve())


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise ImageError(f"The folder {path.parent} does not exist; make it, or name another.")
    with images.writable(path):
        files.probe(path)

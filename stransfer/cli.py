"""The engine's command line: `render`, `models`, `settings`.

What a person can mend ends with one sentence on standard error and exit code 2, anything else
with exit code 1; a traceback is never shown.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from stransfer import images, loading, weights
from stransfer.errors import ImageError, SettingsError, StransferError
from stransfer.models import MODELS
from stransfer.options import setting_options, shown_default
from stransfer.settings import SETTINGS, Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Stransfer turns a photo into a painting."""


def run_command_line(group: click.Group) -> None:
    """Run a command line, and exit with 0, 1 or 2 and at most one sentence of error."""
    try:
        group(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        _fail("Stopped.", 1)
    except click.ClickException as error:
        _fail(error.format_message(), 2)
    except StransferError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        sys.exit(1)


def _fail(sentence: str, code: int) -> None:
    click.echo(f"stransfer: {sentence}", err=True)
    sys.exit(code)


@cli.command()
@click.argument("content", type=click.Path(path_type=Path))
@click.argument("style", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The result.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object about the run.")
@setting_options
def render(content: Path, style: Path, output: Path, as_json: bool, **given: str | None) -> None:
    """Paint CONTENT in the manner of STYLE, and write the picture to the output file."""
    settings = Settings.parse(given)
    _check_output(output)
    pictures = images.read(content), images.read(style)
    report = _render(*pictures, output, settings, quiet=as_json)
    if as_json:
        click.echo(json.dumps(report))


def _render(
    content: images.Picture, style: images.Picture, output: Path, settings: Settings, quiet: bool
) -> dict[str, Any]:
    started = time.monotonic()
    # TensorFlow is imported here and not above, so that mistakes are answered at once.
    loading.load()
    from stransfer.transfer import Transfer

    transfer = Transfer(content, style, settings)
    first_frame = None
    with tqdm(total=transfer.steps, unit="step", file=sys.stderr, disable=None) as bar:
        for step in transfer.start():
            first_frame = first_frame or time.monotonic() - started
            bar.update()
            bar.set_postfix_str(
                f"scale {step.scale}/{step.scales} loss {step.loss.total:.4f}", refresh=False
            )
    images.write(output, images.encode(images.to_image(step.image), "PNG"))
    seconds = time.monotonic() - started
    if not quiet:
        last = transfer.levels[-1]
        used = f"{MODELS[settings.model].title}, {weights.label(settings)}"
        click.echo(f"{output}: {last.width} × {last.height}, {used}")
    return {
        "output": str(output),
        "width": transfer.levels[-1].width,
        "height": transfer.levels[-1].height,
        "model": settings.model,
        "weights": weights.label(settings),
        "steps": transfer.steps,
        "seconds": seconds,
        "seconds_per_step": step.seconds_per_step or seconds / transfer.steps,
        "first_frame_seconds": first_frame,
        "precision": "float32",
        "loss": vars(step.loss),
        "peak_memory_mb": _peak_memory_mb(),
        "settings": settings.as_dict(),
    }


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def models(as_json: bool) -> None:
    """List the networks, and whether their weights are here."""
    rows = [
        {
            "name": model.name,
            "title": model.title,
            "weights": weights.state(model),
            "download_mb": model.download_mb,
            "credit": model.weights_credit,
            "content_layers": dict(model.content_layers),
            "style_layers": dict(model.style_layers),
            "layers": list(model.layers),
            "minimum_size": model.minimum_size({**model.content_layers, **model.style_layers}),
        }
        for model in MODELS.values()
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for model in MODELS.values():
        click.echo(f"{model.name:13} {weights.describe(model):24} {model.weights_credit}")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def settings(as_json: bool) -> None:
    """List every setting with its default, its values and what it does."""
    if as_json:
        click.echo(json.dumps([vars(setting) for setting in SETTINGS]))
        return
    for setting in SETTINGS:
        click.echo(f"{setting.name}  (default {shown_default(setting)}; {setting.values})")
        click.echo(f"    {setting.help}")


def _check_output(output: Path) -> None:
    if output.suffix.lower() != ".png":
        raise SettingsError({"output": f"The result is a PNG file; name it so, not {output.name}."})
    if not output.parent.is_dir():
        raise ImageError(f"The folder {output.parent} does not exist; make it, or name another.")


def _peak_memory_mb() -> float:
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit

"""`stransfer settings`: what can be set, and the presets."""

from __future__ import annotations

import json

import click

from stransfer import presets
from stransfer.options import shown_default
from stransfer.settings import SETTINGS, Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def settings(as_json: bool) -> None:
    """List every setting with its default, its values and what it does, and the presets."""
    if as_json:
        click.echo(json.dumps([vars(setting) for setting in SETTINGS]))
        return
    for setting in SETTINGS:
        click.echo(f"{setting.name}  (default {shown_default(setting)}; {setting.values})")
        click.echo(f"    {setting.help}")
    click.echo()
    for preset in presets.PRESETS:
        part = presets.relative_cost(preset.over(Settings()))
        click.echo(f"--preset {preset.name}  ({preset.values}; relative cost {part:.2g})")
        click.echo(f"    {preset.help}")

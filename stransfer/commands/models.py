"""`stransfer models`: which networks there are."""

from __future__ import annotations

import json

import click

from stransfer import weights
from stransfer.catalogue import model_values
from stransfer.models import MODELS


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def models(as_json: bool) -> None:
    """List the networks, and whether their weights are here."""
    if as_json:
        click.echo(json.dumps(model_values()))
        return
    for model in MODELS.values():
        click.echo(f"{model.name:13} {weights.describe(model):24} {model.weights_credit}")

"""The whole command line: the engine's commands, and those that serve the site."""

from __future__ import annotations

import os
import sys

import click

from stransfer import folders
from stransfer.cli import cli, run_command_line
from webapp import config as configuration
from webapp import logs
from webapp.config import Config


def main() -> None:
    """Run the command line and exit with its status."""
    run_command_line(cli)


@cli.command()
def serve() -> None:
    """Serve the site and its workers, and start again whichever dies."""
    from webapp.supervisor import Supervisor

    config = _prepared()
    click.echo(f"Stransfer is at http://{config.host}:{config.port} (Ctrl-C ends it)")
    Supervisor(config).run()


@cli.command()
def web() -> None:
    """Serve the site alone, without workers."""
    config = configuration.load()
    # A fresh interpreter: eventlet must patch the standard library before anything uses it.
    environment = {**os.environ, **config.as_environment()}
    os.execve(sys.executable, [sys.executable, str(folders.ROOT / "wsgi.py")], environment)


@cli.command()
def worker() -> None:
    """Paint what is queued, as one worker process."""
    from webapp.runs.worker import Worker
    from webapp.services import Services

    services = Services.of(_prepared())
    services.database.migrate()
    Worker(services).run()


def _prepared() -> Config:
    logs.configure()
    return configuration.load()

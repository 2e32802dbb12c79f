"""The whole command line: the engine's commands, and those that serve the site."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from stransfer import devices, folders, loading
from stransfer.cli import cli, run_command_line
from stransfer.setting import AUTO
from webapp import config as configuration
from webapp import logs
from webapp.config import Config
from webapp.errors import ConfigError

__all__ = ["cli", "main"]

# Says to a worker that it takes the place of one that could start, and was there since then.
_THERE_SINCE = "STRANSFER_THERE_SINCE"

# Of a process that nobody waits for.
_NICENESS = 10


def main() -> None:
    """Run the command line and exit with its status."""
    run_command_line(cli)


@cli.command()
def serve() -> None:
    """Serve the site and its workers, and start again whichever dies."""
    from webapp import preflight
    from webapp.supervisor import Supervisor

    config = _configured()
    preflight.check(config)
    click.echo(f"Stransfer is at http://{config.host}:{config.port} (Ctrl-C ends it)")
    raise click.exceptions.Exit(Supervisor(config).run())


@cli.command()
def web() -> None:
    """Serve the site alone, without workers."""
    from webapp import preflight

    config = _configured()
    preflight.check_address(config)
    # A fresh interpreter: eventlet must patch the standard library before anything uses it.
    environment = {**os.environ, **config.as_environment()}
    os.execve(sys.executable, [sys.executable, str(folders.ROOT / "wsgi.py")], environment)


@cli.command()
@click.option(
    "--device",
    metavar="DEVICE",
    help=f"What to compute on, instead of what the configuration says: {devices.FORMS}.",
)
def worker(device: str | None) -> None:
    """Paint what is queued, as one worker process."""
    from webapp import preflight
    from webapp.lifeline import follow_supervisor
    from webapp.runs.worker import Worker

    follow_supervisor()
    if device is not None:
        # Also for the fresh process that takes the place of this one.
        os.environ["DEVICE"] = device
    config = _configured()
    if config.device not in (AUTO, devices.CPU):
        # A graphics card that is not there would be refused by each run otherwise.
        loading.load(config.device)
    try:
        services = preflight.prepare(config)
    except ConfigError as error:
        if _THERE_SINCE in os.environ:
            # It went well before: whoever supervises this may try again.
            error.exit_code = 1
        raise
    there_since = os.environ.get(_THERE_SINCE)
    painting = Worker(services, None if there_since is None else float(there_since))
    if painting.run():
        os.environ[_THERE_SINCE] = repr(painting.since)
        os.execv(sys.executable, [sys.executable, "-m", "webapp", "worker"])
    # TensorFlow aborts where Python ends while a draft's network is still being prepared.
    logging.shutdown()
    os._exit(0)


@cli.command()
def check() -> None:
    """Try everything the site needs, and say what does not work."""
    from webapp.doctor import examine
    from webapp.services import Services

    broken = False
    for finding in examine(Services.of(configuration.load())):
        broken = broken or not finding.works
        click.echo(f"{'ok ' if finding.works else 'BAD'}  {finding.part}: {finding.seen}")
    if broken:
        raise click.exceptions.Exit(2)


@cli.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option(
    "--careful",
    is_flag=True,
    help="Remove only what interruptions left behind, and log what else is amiss; "
    "`serve` does so after it has started.",
)
def prune(dry_run: bool, careful: bool) -> None:
    """Remove what nobody needs any more; the site may go on meanwhile."""
    from webapp import preflight
    from webapp.lifeline import follow_supervisor
    from webapp.pruning import Kind, Pruning, reconcile, told

    follow_supervisor()
    services = preflight.prepare(_configured())
    if careful and not dry_run:
        # Whoever waits for a page or a picture comes first.
        os.nice(_NICENESS)
        reconcile(services)
        return
    found: dict[Kind, list[int]] = {}
    for leftover in Pruning(services).leftovers():
        found.setdefault(leftover.kind, []).append(leftover.size)
        if dry_run:
            click.echo(f"{leftover.name}: {told(leftover.size)} of {leftover.kind}")
        else:
            leftover.remove()
    for kind, sizes in found.items():
        verb = "would go" if dry_run else "removed"
        click.echo(f"{verb}: {len(sizes)} {kind}, {told(sum(sizes))}")
    if not found:
        click.echo("There is nothing to remove.")


@cli.command()
@click.option(
    "--to",
    metavar="NUMBER",
    help="The migration whose tables an earlier version has: what later ones added is lost. "
    "Default: the newest.",
)
@click.option("--dry-run", is_flag=True, help="Say how the tables are, and change nothing.")
def migrate(to: str | None, dry_run: bool) -> None:
    """Bring the tables up to date, as every start does, or back for an earlier version."""
    from webapp import migration
    from webapp.services import Services

    config = _configured()
    database = Services.of(config).database
    if dry_run:
        click.echo(migration.plan(database, to).told)
        return
    planned = migration.migrate(database, to, config.lease_seconds)
    click.echo(f"The tables are as of {planned.wanted}.")


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write everything that cannot be made again into FILE; the site may go on meanwhile."""
    from webapp import preflight
    from webapp.backup import back_up

    contents = back_up(preflight.prepare(_configured()), file.resolve())
    click.echo(f"{file}: {contents.runs} runs and {contents.uploads} uploads")
    if contents.lost:
        click.echo(
            f"{contents.lost} files of theirs are not there; `stransfer prune --dry-run` says whose"
        )


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Write over the installation that there is.")
def restore(file: Path, replace: bool) -> None:
    """Bring back the installation that `stransfer backup` wrote into FILE."""
    from webapp.restoration import restore as brought_back

    runs = brought_back(file, replace)
    click.echo(f"{runs} runs are back; start the site with `stransfer serve`")


@cli.command()
@click.option("--forget", is_flag=True, help="Believe no earlier key: every visitor becomes new.")
def rotate_key(forget: bool) -> None:
    """Sign cookies with a new key, and still believe those that earlier ones signed."""
    from webapp import secret

    config = _configured()
    if config.secret_key:
        raise ConfigError(
            "SECRET_KEY is configured, so there is no key in the instance folder to replace; "
            "set SECRET_KEY to a new one, and SECRET_KEY_FALLBACKS to the one it replaces."
        )
    earlier = secret.rotate(config.instance, config.cookie_days, forget)
    kept = "one earlier key is" if earlier == 1 else f"{earlier} earlier keys are"
    click.echo(f"There is a new key, and {kept} still believed. Start the site again to use it.")


def _configured() -> Config:
    config = configuration.load()
    logs.configure(config.log_format)
    return config

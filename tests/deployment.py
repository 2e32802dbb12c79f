"""Does what docs/deploy says, without a container engine: `make deployment-check`.

The container file is carried out in an empty folder: what it copies is copied there, and its
commands run there, but for those that make an account. What comes of it then paints a picture with
the commands of the compose file; and again, where that is possible, under what the units of systemd
forbid, as root, who gives up all rights. Needs the package registries, and takes some minutes.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import requests

from tests.confined import ACCOUNT, confined
from tests.conftest import ROOT
from tests.deployment_files import (
    FOLDER,
    INSTALLED,
    KEPT,
    Instruction,
    command,
    compose,
    stages,
    unit,
    variables,
)
from tests.site.server import free_port, wait_for

_SKIPPED = ("groupadd", "useradd")
_ORDER = {
    "content": "cat.jpg",
    "style": ["fjord.jpg"],
    "settings": {"size": 100, "scales": 1, "steps": 3},
}
# What none of the units lets its program do; that it does paint says little without that.
_PROBE = """
import ctypes, os, socket
def refused(what, attempt):
    try:
        attempt()
    except OSError:
        return
    raise SystemExit(f"It may {what}.")
refused("write where it is installed", lambda: open("README.md", "a"))
refused("write where the system is", lambda: open("/usr/x", "w"))
refused("see who lives here", lambda: os.stat("/root/.bashrc"))
refused("ask the kernel for its network", lambda: socket.socket(socket.AF_NETLINK))
refused("become root", lambda: os.setuid(0))
refused("see the disks", lambda: os.stat("/dev/vda"))
call = ctypes.CDLL(None, use_errno=True)
def unshare():
    if call.unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "unshare")
refused("have users of its own", unshare)
def mount():
    if call.mount(b"none", b"/tmp", b"tmpfs", 0, None):
        raise OSError(ctypes.get_errno(), "mount")
refused("mount", mount)
open("/tmp/x", "w").close()
open("/var/lib/stransfer/x", "w").close()
"""
# Of the programs by which units are carried out without systemd.
_NEEDED = ("unshare", "setpriv", "systemd-analyze")
_PATIENCE = 120.0
_STOP_SECONDS = 75.0


class Image:
    """What the container file makes, in folders of this machine instead of layers."""

    def __init__(self, folder: Path) -> None:
        """Carry it out."""
        self._folder = folder
        self._stages: dict[str, Path] = {}
        kept = (FOLDER / "Containerfile.dockerignore").read_text().splitlines()
        self._left_out = [line for line in kept if line and line[0] not in "#!*"] + ["__pycache__"]
        for stage in stages():
            name = stage[0].rest.split(" AS ")[1]
            self.tree = self._stages[name] = folder / name
            self.tree.mkdir()
            for each in stage[1:]:
                self._do(each)

    def _do(self, each: Instruction) -> None:
        if each.name == "COPY":
            self._copy(each.rest.split())
        elif each.name == "RUN" and not each.rest.startswith(_SKIPPED):
            click.echo(f"RUN {each.rest}")
            path = f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}"
            words = ["bash", "-euo", "pipefail", "-c", each.rest]
            subprocess.run(words, cwd=self.tree, env={**_without_venv(), "PATH": path}, check=True)

    def _copy(self, words: Sequence[str]) -> None:
        origin = ROOT
        if words[0].startswith("--from="):
            origin = self._stages[words[0].partition("=")[2]]
            words = [word.removeprefix("/opt/stransfer/") for word in words[1:]]
        *sources, target = words
        for source in sources:
            place = self.tree / target
            if (origin / source).is_dir():
                left_out = self._ignoring(origin)
                shutil.copytree(origin / source, place, ignore=left_out, dirs_exist_ok=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(origin / source, place)

    def _ignoring(self, origin: Path) -> Callable[[str, list[str]], set[str]]:
        def ignored(folder: str, names: list[str]) -> set[str]:
            place = Path(folder).relative_to(origin)
            return {
                name
                for name in names
                for pattern in self._left_out
                if origin == ROOT and fnmatch.fnmatch(str(place / name), f"*{pattern}")
            }

        return ignored


def _without_venv() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


@contextlib.contextmanager
def running(words: Sequence[str], keys: dict[str, str], log: Path, where: Path) -> Iterator[None]:
    """Run a program meanwhile, and see that it ends in time and well when it is told to."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            words, cwd=where, env={**_without_venv(), **keys}, stdout=file, stderr=file
        )
    try:
        yield
        if process.poll() is not None:
            raise click.ClickException("It ended by itself.")
    except Exception:
        click.echo(log.read_text())
        raise
    finally:
        process.terminate()
        started = time.monotonic()
        status = process.wait(_STOP_SECONDS)
    click.echo(f"stopped after {time.monotonic() - started:.1f} s with {status}")
    text = log.read_text()
    if status or "Traceback" in text:
        raise click.ClickException(text)


def paint(url: str) -> None:
    """Bring a photo, have it painted, and look at the picture."""
    wait_for(lambda: _answers(f"{url}/readyz"), "the site", _PATIENCE)
    token = requests.post(f"{url}/api/v1/sessions", timeout=10).json()["token"]
    visitor = requests.Session()
    visitor.headers["Authorization"] = f"Bearer {token}"
    photo = (ROOT / "data/content/cat.jpg").open("rb")
    brought = visitor.post(f"{url}/api/v1/images", files={"file": photo}, timeout=60)
    brought.raise_for_status()
    order = {**_ORDER, "content": brought.json()["id"]}
    run = visitor.post(f"{url}/api/v1/runs", json=order, timeout=10).json()
    address = f"{url}/api/v1/runs/{run['id']}"
    wait_for(
        lambda: visitor.get(address, timeout=10).json()["state"] == "done",
        "the painting",
        _PATIENCE,
    )
    picture = visitor.get(f"{address}/result", timeout=10).content
    if not picture.startswith(b"\x89PNG"):
        raise click.ClickException("The result is no picture.")
    click.echo(f"painted a picture of {len(picture)} bytes")


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(url, timeout=10).ok
    return False


def as_composed(image: Image, folder: Path) -> None:
    """Paint with the commands of the compose file, in the image, with SQLite."""
    port, log = free_port(), folder / "composed.log"
    keys = {name: value for name, value in variables().items() if name != "PATH"}
    keys |= {"INSTANCE_PATH": str(folder / "instance"), "HOST": "127.0.0.1", "PORT": str(port)}
    program = str(image.tree / ".venv/bin/stransfer")
    services = compose()["services"]
    with (
        running([program, *services["web"]["command"]], keys, log, image.tree),
        running([program, *services["worker"]["command"]], keys, log, image.tree),
    ):
        paint(f"http://127.0.0.1:{port}")
        _, interpreter, *asked = services["web"]["healthcheck"]["test"]
        asked = [word.replace(":5000", f":{port}") for word in asked]
        subprocess.run([image.tree / ".venv/bin" / interpreter, *asked], check=True)
        click.echo("it says that it is healthy")


def as_units(image: Image, folder: Path) -> None:
    """Paint under what each unit forbids."""
    worker = "stransfer-worker@.service"
    for names in (
        ["stransfer.service"],
        ["stransfer-web.service", worker],
        ["stransfer-web@.service", worker],
    ):
        state, log = folder / f"state-of-{names[0]}", folder / f"{names[0]}.log"
        for place in ("stransfer", "stransfer-backup"):
            (state / place).mkdir(parents=True)
            shutil.chown(state / place, ACCOUNT, ACCOUNT)
        port = free_port()
        with contextlib.ExitStack() as stack:
            for name in names:
                _run_once(name, image, state, [f"{INSTALLED}/.venv/bin/python", "-c", _PROBE])
                words = [word.replace("%i", str(port)) for word in command(FOLDER / name)]
                click.echo(f"as {name}: {shlex.join(words)}")
                keys = {**_given(name), "PORT": str(port)}
                words = [*confined(name, image.tree, state), *words]
                stack.enter_context(running(words, keys, log, ROOT))
            paint(f"http://127.0.0.1:{port}")
            for name in ("stransfer-prune.service", "stransfer-backup.service"):
                _run_once(name, image, state, command(FOLDER / name))
        [backup] = (state / "stransfer-backup").iterdir()
        if not backup.stat().st_size or backup.stat().st_mode & 0o077:
            raise click.ClickException(f"{backup.name} is no backup for its owner alone.")


def _run_once(name: str, image: Image, state: Path, words: Sequence[str]) -> None:
    click.echo(f"as {name}: {shlex.join(words) if words[-1] != _PROBE else 'what is forbidden'}")
    keys = {**_without_venv(), **_given(name)}
    subprocess.run([*confined(name, image.tree, state), *words], cwd=ROOT, env=keys, check=True)


def _given(name: str) -> dict[str, str]:
    words = unit(FOLDER / name)["Environment"][0].split()
    return {**dict(word.split("=", 1) for word in words), "HOME": KEPT}


@click.command(help=__doc__)
def main() -> None:
    """Check, and say what was done."""
    with tempfile.TemporaryDirectory(prefix="stransfer-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        image = Image(folder)
        as_composed(image, folder)
        missing = [
            name for name in ("unshare", "setpriv", "systemd-analyze") if not shutil.which(name)
        ]
        if os.geteuid() or missing:
            click.echo(f"not tried: the units, which needs root and {missing or 'nothing else'}")
        else:
            as_units(image, folder)
    click.echo("All of it works.")


if __name__ == "__main__":
    main()

"""The files in docs/deploy fit the program: its commands, keys, ports, folders and times.

`make deployment-check` goes further, and takes minutes: it does what the container file says.
"""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from tests.conftest import ROOT
from tests.deployment_files import (
    FOLDER,
    INSTALLED,
    KEPT,
    UNITS,
    command,
    compose,
    environment,
    instructions,
    seconds,
    stages,
    unit,
    variables,
)
from webapp import config, serving, supervisor
from webapp.cli import cli
from webapp.config import KEYS, Config
from webapp.pages import health

SERVICES = [path for path in UNITS if path.suffix == ".service"]
OURS = ("web", "worker")
ANALYZE = shutil.which("systemd-analyze")
# What is no key of the site: folders of Keras, and the bucket, as botocore reads them.
FOREIGN = {
    "KERAS_HOME",
    "AWS_ENDPOINT_URL",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
}


def commands() -> set[str]:
    return set(cli.list_commands(click.Context(cli)))


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed; apt-get install systemd")
def test_systemd_finds_nothing_wrong_with_the_units_and_little_exposed(tmp_path: Path) -> None:
    assert ANALYZE is not None
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for path in UNITS:
        shutil.copy(path, units)
    for program in (f"{INSTALLED}/.venv/bin/stransfer", "/bin/sh", "/usr/bin/env"):
        place = tmp_path / program.removeprefix("/")
        place.parent.mkdir(parents=True)
        place.write_text("#!/bin/sh\n")
        place.chmod(0o755)
    names = [path.name.replace("@", "@1") for path in UNITS]
    checked = ["verify", f"--root={tmp_path}", "--man=no", "--recursive-errors=no", *names]
    exposed = ["security", "--offline=true", "--threshold=25", "--no-pager"]
    for arguments in (checked, [*exposed, *(str(path) for path in SERVICES)]):
        ended = subprocess.run(
            [ANALYZE, *arguments], cwd=units, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert ended.stderr == ""


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_each_service_starts_a_command_that_there_is_with_keys_that_there_are(path: Path) -> None:
    found, words = unit(path), command(path)
    line = " ".join(words)
    assert found["WorkingDirectory"] == [INSTALLED]
    [started] = re.findall(r"\.venv/bin/stransfer ([a-z-]+)", line)
    assert started in commands()
    given = dict(word.split("=", 1) for word in found["Environment"][0].split())
    assert given["INSTANCE_PATH"] == KEPT and set(given) <= {*KEYS, *FOREIGN}
    # What it may write to is what it is told to write to, and nothing else.
    assert KEPT.removeprefix("/var/lib/") in found["StateDirectory"][0].split()
    assert found["ProtectSystem"] == ["strict"]
    # TensorFlow compiles while it runs, and decoders have to be able to confine themselves.
    assert "MemoryDenyWriteExecute" not in found
    if started in ("serve", "web"):
        assert "landlock_restrict_self" in " ".join(found["SystemCallFilter"])


def test_the_web_process_with_a_port_is_the_one_without_but_for_that() -> None:
    one, several = (unit(FOLDER / f"stransfer-web{mark}.service") for mark in ("", "@"))
    [line], [alone] = several.pop("ExecStart"), one.pop("ExecStart")
    assert line == f"/usr/bin/env PORT=%i {alone}"
    assert several.pop("Description") != one.pop("Description") and several == one


def test_whoever_stops_a_service_waits_for_as_long_as_it_may_take() -> None:
    waits = {path.stem: unit(path).get("TimeoutStopSec") for path in SERVICES}
    assert seconds(waits["stransfer"][0]) > supervisor._STOP_SECONDS  # type: ignore[index]
    assert seconds(waits["stransfer-worker@"][0]) >= supervisor._STOP_SECONDS  # type: ignore[index]
    for web in ("stransfer-web", "stransfer-web@"):
        assert seconds(waits[web][0]) > 2 * serving._STOP_SECONDS  # type: ignore[index]
    # The supervisor tells its processes itself, and one that memory ran out for is not the end.
    serve = unit(FOLDER / "stransfer.service")
    assert (serve["KillMode"], serve["OOMPolicy"]) == (["mixed"], ["continue"])
    services = compose()["services"]
    assert seconds(services["worker"]["stop_grace_period"]) >= supervisor._STOP_SECONDS
    assert seconds(services["web"]["stop_grace_period"]) > 2 * serving._STOP_SECONDS


def test_each_timer_has_its_service_and_each_link_in_the_units_its_file() -> None:
    timers = [path for path in UNITS if path.suffix == ".timer"]
    assert [path.stem for path in timers] == ["stransfer-backup", "stransfer-prune"]
    for path in UNITS:
        assert path.suffix == ".service" or path.with_suffix(".service") in SERVICES
        for page in unit(path).get("Documentation", []):
            assert (ROOT / page.removeprefix(f"file:{INSTALLED}/")).is_file()


def test_the_example_of_an_environment_is_one() -> None:
    given = environment((FOLDER / "stransfer.env").read_text())
    assert set(given) <= {*KEYS, *FOREIGN}
    shown = {key: value for key, value in given.items() if value}
    assert config.load(shown, FOLDER / "none").workers == int(given["WORKERS"])


def test_hadolint_and_dclint_find_nothing_wrong() -> None:
    """Dclint also holds the compose file against the schema of compose files."""
    hadolint = ["hadolint", str(FOLDER / "Containerfile")]
    dclint = [str(ROOT / "node_modules/.bin/dclint"), "--quiet", str(FOLDER / "compose.yaml")]
    for words in (hadolint, dclint):
        program = shutil.which(words[0], path=f"{ROOT / '.venv/bin'}:/usr/bin")
        ended = subprocess.run(
            [program or words[0], *words[1:]], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_image_has_all_that_the_program_is_made_of_and_starts_it() -> None:
    kept = (FOLDER / "Containerfile.dockerignore").read_text().splitlines()
    taken: set[str] = set()
    for stage in stages():
        for each in stage:
            if each.name == "COPY" and not each.rest.startswith("--from"):
                taken |= set(each.rest.split()[:-1])
    for name in taken:
        assert (ROOT / name).exists(), name
        assert f"!{name.partition('/')[0]}" in kept, name
    assert {"stransfer", "webapp", "templates", "static", "data", "wsgi.py"} <= taken
    assert not fnmatch.filter(taken, "instance*")
    last = {each.name: each.rest for each in instructions()}
    assert json.loads(last["ENTRYPOINT"]) == ["stransfer"]
    assert json.loads(last["CMD"])[0] in commands()
    assert last["USER"] != "root" and last["VOLUME"] == KEPT
    given = variables()
    assert given.pop("PATH").startswith(f"{last['WORKDIR']}/.venv/bin:")
    assert set(given) <= {*KEYS, *FOREIGN}
    assert given["INSTANCE_PATH"] == KEPT and int(last["EXPOSE"]) == Config().port


def test_what_the_image_adds_to_the_lock_file_is_what_the_tests_run_with() -> None:
    def pinned(name: str) -> dict[str, str]:
        rows = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
        return dict(rows)

    servers, tested = pinned("requirements-servers.lock"), pinned("requirements-test.lock")
    assert {"peewee", "psycopg2-binary", "redis"} <= set(servers)
    assert {name: tested[name] for name in servers if name in tested}.items() <= servers.items()
    core = pinned("requirements.lock")
    assert {name: core[name] for name in servers if name in core}.items() <= servers.items()


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def test_the_composed_site_starts_commands_that_there_are_with_keys_that_there_are() -> None:
    found = services()
    assert set(found) == {*OURS, "database", "queue", "bucket"}
    for name in OURS:
        given = found[name]["environment"]
        assert found[name]["command"] == [name] and name in commands()
        assert set(given) <= {*KEYS, *FOREIGN}
        assert found[name]["volumes"] == [f"instance:{KEPT}"]
        assert found[name]["init"] and found[name]["read_only"]
        assert found[name]["cap_drop"] == ["ALL"]
        for key in ("DATABASE_URL", "QUEUE_URL", "RATE_LIMIT_URL"):
            host = re.split(r"//(?:.*@)?", given[key])[1].partition("/")[0]
            assert host in found, key
    build = found["web"]["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()


def test_what_the_composed_services_wait_for_can_be_healthy() -> None:
    found = services()
    for name in OURS:
        for other, told in found[name]["depends_on"].items():
            assert told["condition"] == "service_healthy" and found[other]["healthcheck"]
    *_, asked = found["web"]["healthcheck"]["test"]
    [(port, path)] = re.findall(r"127\.0\.0\.1:(\d+)(/\w+)", asked)
    assert int(port) == Config().port and health.ready.__doc__
    assert f'"{path}"' in Path(health.__file__).read_text()
    [published] = found["web"]["ports"]
    # For a proxy on this machine, and nobody else.
    assert published == f"127.0.0.1:${{PORT:-{port}}}:{port}"


def test_each_variable_and_volume_of_the_compose_file_is_told_of() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert asked == set(environment((FOLDER / "compose.env").read_text()))
    used = [volume for each in services().values() for volume in each.get("volumes", [])]
    assert {volume.partition(":")[0] for volume in used} == set(compose()["volumes"])
    images = [each["image"] for each in services().values() if "build" not in each]
    assert all(re.search(r":[\w.-]*\d[\w.-]*$", image) for image in images)


def test_what_the_pages_about_deployment_point_to_is_there() -> None:
    for page in ("docs/deploy/README.md", "docs/scaling.md"):
        text = (ROOT / page).read_text()
        for target in re.findall(r"\]\(((?!https?:|#)[^)#]+)", text):
            assert ((ROOT / page).parent / target).exists(), target
    text = (FOLDER / "README.md").read_text()
    for path in UNITS:
        assert path.stem in text, path.name
    assert set(re.findall(r"(?:bin/|`)stransfer ([a-z-]+)", text)) <= commands()

"""A backup is whole or refused, and brings back all that an installation has."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import ROOT, file_bytes
from tests.site import order
from tests.site.corpus import plain
from tests.site.order import ALICE
from webapp import backup, preflight, restoration, secret
from webapp.backup import back_up
from webapp.config import Config
from webapp.errors import ConfigError
from webapp.records import RunState
from webapp.restoration import restore
from webapp.runs.leases import Leases
from webapp.runs.reports import Reports
from webapp.runs.store import RunStore
from webapp.services import Services
from webapp.uploads import Uploads


@pytest.fixture
def services(config: Config) -> Services:
    """An installation with a key, a file of its operator's, a finished run and one that goes on."""
    services = preflight.prepare(config)
    (config.instance / "config.py").write_text("PAGE_SIZE = 7\n")
    leases = Leases(services.database, services.config)
    done = order.place(services)
    claim = order.claim(leases)
    for key in ("result-1.png", "frames/1-2.jpg", "checkpoints/1-1.npz"):
        services.media.write(f"runs/{done}/{key}", key.encode())
    Reports(services.database).progress(claim, [], f"runs/{done}/frames/1-2.jpg")
    Reports(services.database).done(claim, f"runs/{done}/result-1.png")
    going_on = order.place(services)
    claim = order.claim(leases)
    services.media.write(f"runs/{going_on}/checkpoints/1-1.npz", b"state")
    Reports(services.database).progress(claim, [], f"runs/{going_on}/frames/1-1.jpg")
    Uploads(services).add(ALICE, "content", "me.png", io.BytesIO(file_bytes(plain())))
    return services


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where backups are kept."""
    return tmp_path / "backup.tar"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of another installation, which commands now speak of."""
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere"


def tables(services: Services) -> dict[str, list[tuple[object, ...]]]:
    with services.database.reading() as session:
        return {
            name: [tuple(row) for row in session.execute(text(f"SELECT * FROM {name}"))]
            for name in ("visitors", "images", "losses", "runs")
        }


def run_ids(services: Services, state: str) -> list[str]:
    with services.database.reading() as session:
        chosen = text("SELECT id FROM runs WHERE state = :state")
        return [str(row[0]) for row in session.execute(chosen, {"state": state})]


def keys(services: Services) -> set[str]:
    return {file.key for file in services.media.files()}


def test_everything_is_there_again_in_an_empty_folder(
    services: Services, file: Path, elsewhere: Path
) -> None:
    told = back_up(services, file)
    assert (told.runs, told.uploads, told.lost) == (2, 1, 0)
    assert file.stat().st_mode & 0o777 == 0o600
    assert restore(file) == 2
    again = preflight.prepare(Config(instance_path=str(elsewhere)))
    after, going_on = tables(again), run_ids(services, "running")
    for name, rows in tables(services).items():
        kept = [row for row in rows if row[0] not in going_on]
        assert [row for row in after[name] if row[0] not in going_on] == kept
    [ended] = run_ids(services, "done")
    used = order.look(services, ended)
    samples = {used.content["key"], *(style["key"] for style in used.styles)}
    own = {key for key in keys(services) if not key.startswith("samples/")}
    assert keys(again) == samples | own - {f"runs/{ended}/checkpoints/1-1.npz"}
    for key in keys(again):
        assert again.media.read(key) == services.media.read(key)
    assert secret.load("", elsewhere) == secret.load("", services.config.instance)
    assert (elsewhere / secret.FILE).stat().st_mode & 0o777 == 0o600
    assert (elsewhere / "config.py").read_text() == "PAGE_SIZE = 7\n"


def test_a_run_that_goes_on_waits_for_a_worker_there_and_has_lost_no_attempt(
    services: Services, file: Path, elsewhere: Path
) -> None:
    [going_on] = run_ids(services, "running")
    back_up(services, file)
    restore(file)
    again = Services.of(Config(instance_path=str(elsewhere)))
    run = order.look(again, going_on)
    assert (run.state, run.attempts, run.lease_owner) == (RunState.QUEUED, 0, None)
    # Its picture was there only until it had another one.
    assert run.frame is None
    assert order.claim(Leases(again.database, again.config)).run_id == going_on
    # And here nothing has changed.
    assert order.look(services, going_on).state == RunState.RUNNING


def test_what_is_deleted_while_the_backup_is_written_is_not_in_it(
    services: Services, file: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = backup.copy_database
    [ended] = run_ids(services, "done")

    def copied(source: Path, target: Path) -> None:
        copy(source, target)
        RunStore(services).delete(ALICE, ended)

    monkeypatch.setattr(backup, "copy_database", copied)
    assert back_up(services, file).runs == 1
    assert restore(file) == 1


def test_a_file_that_is_gone_does_not_keep_the_rest_from_being_kept(
    services: Services, file: Path, elsewhere: Path
) -> None:
    [ended] = run_ids(services, "done")
    services.media.delete(f"runs/{ended}/result-1.png")
    told = back_up(services, file)
    assert (told.runs, told.lost) == (2, 1)
    assert restore(file) == 2


def test_its_digests_are_those_that_the_usual_program_checks(
    services: Services, file: Path, tmp_path: Path
) -> None:
    back_up(services, file)
    with tarfile.open(file) as archive:
        archive.extractall(tmp_path / "out", filter="data")
    rows = (tmp_path / "out" / "SHA256SUMS").read_text().splitlines()
    for row in rows:
        digest, name = row.split("  ")
        content = (tmp_path / "out" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    assert len(rows) == sum(path.is_file() for path in (tmp_path / "out").rglob("*")) - 1


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "half of it": lambda content: content[: len(content) // 2],
    "no end": lambda content: content[: content.index(b"SHA256SUMS")],
    "a bit": lambda content: flipped(content, content.index(b"SQLite format 3") + 5000),
    "a digest": lambda content: flipped(content, content.rindex(b"  database.sqlite") - 1),
    "nothing": lambda content: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_backup_is_refused_and_nothing_written(
    damage: Callable[[bytes], bytes], services: Services, file: Path, elsewhere: Path
) -> None:
    back_up(services, file)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ConfigError, match=r"^(The backup )?.*backup\.tar .*\.$"):
        restore(file)
    assert not elsewhere.exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../evil.txt", tarfile.REGTYPE),
        ("/etc/evil.txt", tarfile.REGTYPE),
        ("media/../../evil.txt", tarfile.REGTYPE),
        ("instance/evil.py", tarfile.REGTYPE),
        ("media/images/a.jpg", tarfile.SYMTYPE),
        ("media/images/a.jpg", tarfile.DIRTYPE),
    ],
)
def test_what_no_backup_has_is_refused(
    name: str, kind: bytes, file: Path, elsewhere: Path, tmp_path: Path
) -> None:
    with tarfile.open(file, "w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(ConfigError, match="no part of a backup"):
        restore(file)
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]


def test_an_installation_is_only_written_over_when_that_is_wanted(
    services: Services, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(services, file)
    instance = services.config.instance
    monkeypatch.setenv("INSTANCE_PATH", str(instance))
    (instance / "config.py").write_text("PAGE_SIZE = 8\n")
    later = order.place(services)
    with pytest.raises(ConfigError, match="--replace"):
        restore(file)
    with pytest.raises(ConfigError, match="is running; end it"):
        restore(file, replace=True)
    assert order.look(services, later)
    services.database.close()
    assert restore(file, replace=True) == 2
    assert later not in run_ids(services, "queued")
    assert (instance / "config.py").read_text() == "PAGE_SIZE = 8\n"


def test_files_go_where_the_configuration_in_the_backup_says(
    services: Services, file: Path, elsewhere: Path, tmp_path: Path
) -> None:
    media = tmp_path / "pictures"
    (services.config.instance / "config.py").write_text(f"MEDIA_URL = {str(media)!r}\n")
    back_up(services, file)
    restore(file)
    [ended] = run_ids(services, "done")
    assert (media / "runs" / ended / "result-1.png").exists()
    assert not (elsewhere / "media").exists()


def test_another_database_is_left_to_its_own_tools(services: Services, file: Path) -> None:
    other = dataclasses.replace(services.config, database_url="sqlite://")
    with pytest.raises(ConfigError, match="pg_dump"):
        back_up(Services.of(other), file)


def test_a_backup_that_cannot_be_written_leaves_the_one_before(
    services: Services, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(services, file)
    before = file.read_bytes()

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "digest", full)
    with pytest.raises(ConfigError, match="where there is room"):
        back_up(services, file)
    assert file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"backup.tar", "instance"}
    with pytest.raises(ConfigError, match="folder that exists"):
        back_up(services, tmp_path / "nowhere" / "backup.tar")


def test_a_restoration_that_is_cut_short_has_not_touched_the_records(
    services: Services, file: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(services, file)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoration, "copy_database", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(file)
    assert not (elsewhere / "stransfer.sqlite").exists()
    monkeypatch.undo()
    monkeypatch.setenv("INSTANCE_PATH", str(elsewhere))
    assert restore(file, replace=True) == 2


def test_the_commands_say_what_they_did_in_a_line(services: Services, tmp_path: Path) -> None:
    keys = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

    def say(instance: Path, command: str) -> str:
        ended = subprocess.run(
            [sys.executable, "-m", "webapp", command, "kept.tar"],
            cwd=tmp_path,
            env={**keys, "INSTANCE_PATH": str(instance)},
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.stdout + ended.stderr

    assert say(services.config.instance, "backup") == "kept.tar: 2 runs and 1 uploads\n"
    assert say(tmp_path / "new", "restore").startswith("2 runs are back")
    assert "--replace" in say(tmp_path / "new", "restore")

"""The media store: whole files under our own keys, or nothing."""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stransfer.files import make_folder
from webapp import media
from webapp.errors import NotFoundError, UnavailableError
from webapp.media import MediaStore

KEY = "runs/0a1b/frames/1-2.jpg"


@pytest.fixture(params=["folder", "memory", "bucket", "folder of a bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder, a place of fsspec's that is none, and a store as it is on a network."""
    if request.param == "folder":
        return str(tmp_path / "media")
    if request.param == "memory":
        return f"memory://{tmp_path.name}"
    bucket: str = request.getfixturevalue("bucket_url")
    return bucket if request.param == "bucket" else f"{bucket}/a/site/"


@pytest.fixture
def store(url: str) -> MediaStore:
    """The store in each of these places."""
    return MediaStore(url)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file of this process grow beyond `room` bytes."""
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_what_is_written_can_be_read(store: MediaStore) -> None:
    store.write(KEY, b"first")
    store.write(KEY, b"second")
    assert store.read(KEY) == b"second"
    assert store.exists(KEY)


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: MediaStore) -> None:
    store.write(KEY, b"picture")
    store.delete(KEY)
    store.delete(KEY)
    assert not store.exists(KEY)
    with pytest.raises(NotFoundError):
        store.read(KEY)


def test_a_folder_is_deleted_with_everything_in_it_and_nothing_beside_it(store: MediaStore) -> None:
    for key in (KEY, "runs/0a1b/result.png", "runs/0a1b2/result.png"):
        store.write(key, b"picture")
    store.delete_folder("runs/0a1b")
    store.delete_folder("runs/0a1b")
    assert not store.exists(KEY)
    assert not store.exists("runs/0a1b/result.png")
    assert store.exists("runs/0a1b2/result.png")


def test_what_one_process_writes_and_removes_another_one_sees_at_once(
    store: MediaStore, url: str
) -> None:
    another = MediaStore(url)
    for content in (b"picture", b"another picture"):
        assert store.files("runs/0a1b") == []
        assert not store.exists(KEY)
        another.write(KEY, content)
        [found] = store.files("runs/0a1b")
        assert (found.key, found.size, found.unfinished) == (KEY, len(content), False)
        assert store.files() == [found]
        assert store.read(KEY) == content
        another.delete_folder("runs/0a1b")


def test_a_file_is_forgotten_unless_it_was_written_since(store: MediaStore) -> None:
    store.forget(KEY, time.time())
    before = time.time()
    store.write(KEY, b"picture")
    modified = store.modified(KEY)
    assert modified is not None and before - 0.1 < modified < time.time() + 0.1
    store.forget(KEY, before - 1)
    assert store.exists(KEY)
    store.forget(KEY, time.time() + 0.1)
    assert not store.exists(KEY)
    assert store.modified(KEY) is None


def test_what_was_listed_can_be_discarded(store: MediaStore) -> None:
    store.write(KEY, b"picture")
    store.write("images/1.jpg", b"picture")
    for file in store.files("images"):
        store.discard(file)
        store.discard(file)
    assert [file.key for file in store.files()] == [KEY]


def test_a_write_that_fails_leaves_the_old_content_and_no_temporary(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path))
    store.write(KEY, b"old")
    with full_disk(1000), pytest.raises(UnavailableError):
        store.write(KEY, b"x" * 100_000)
    assert store.read(KEY) == b"old"
    assert files(tmp_path) == [KEY]


def test_a_first_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path))
    with full_disk(1000), pytest.raises(UnavailableError):
        store.write(KEY, b"x" * 100_000)
    assert not store.exists(KEY)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd.txt",
        "../secret.txt",
        "runs/../../secret.txt",
        "runs/./a.png",
        "runs//a.png",
        "runs/a b.png",
        "runs/A.png",
        "runs/no-ending",
        "runs/.hidden.png",
        "runs/a.png\n",
        "runs/a.png/",
        "runs\\a.png",
        "c:/a.png",
    ],
)
def test_a_key_that_is_not_one_of_ours_is_refused(key: str, tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path / "media"))
    for use in (store.read, store.exists, store.delete, lambda key: store.write(key, b"x")):
        with pytest.raises(ValueError, match="not a media key"):
            use(key)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_outside_the_store_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.png").write_bytes(b"x")
    for folder in ("../kept", "", ".."):
        with pytest.raises(ValueError, match="not a media key"):
            MediaStore(str(tmp_path / "media")).delete_folder(folder)
    assert (tmp_path / "kept" / "a.png").exists()


def test_a_file_is_flushed_to_the_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[tuple[str, bool]] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        flushed.append((path.name.rpartition(".")[2], (tmp_path / KEY).exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    MediaStore(str(tmp_path)).write(KEY, b"picture")
    # The folders that hold new folders, then the file, and last the folder that holds its name.
    above = [(tmp_path.name, False), ("runs", False), ("0a1b", False)]
    assert flushed == [*above, ("tmp", False), ("frames", True)]


def test_a_folder_that_is_removed_while_something_is_written_there_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(folder: Path) -> None:
        make_folder(folder)
        if not removed:
            shutil.rmtree(tmp_path / "runs")
            removed.append(folder)

    removed: list[Path] = []
    store = MediaStore(str(tmp_path))
    monkeypatch.setattr(media, "make_folder", made)
    store.write(KEY, b"picture")
    assert removed and store.read(KEY) == b"picture"

"""The sample pictures: whatever lies in the folders `content` and `style` under `data`.

A file dropped into a folder shows up with the next request, without a restart. It is decoded apart
like an upload, once for each version of it, and only what is made from it then is painted or shown.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import stat
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stransfer import header, images
from webapp.decoder import Wish
from webapp.decoding import Decoded
from webapp.errors import NotFoundError, TooLargeError, UnavailableError, UnusableError
from webapp.services import Services

log = logging.getLogger(__name__)

Role = Literal["content", "style"]
ROLES: tuple[Role, ...] = ("content", "style")

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_LONGEST_SHOWN = 60

PREVIEW_SIDE = 1024

# A picture of one's own, be it a sample or an upload, is kept no longer than the longest result.
KEPT_SIDE = 4096

# So much is decoded by one process: enough for all samples of an installation that is set up.
_MOST_AT_ONCE = 64 * 2**20


@dataclass(frozen=True)
class Sample:
    """One sample picture; `version` changes with the file, `key` names what is painted from it."""

    role: Role
    name: str
    width: int
    height: int
    version: str
    key: str

    @property
    def title(self) -> str:
        """The name as a person would write it: `night_wind.jpg` is "Night wind"."""
        return Path(self.name).stem.replace("_", " ").replace("-", " ").strip().capitalize()


@dataclass(frozen=True)
class _File:
    """One version of a file in a sample folder."""

    role: Role
    path: Path
    modified: int
    size: int

    @property
    def version(self) -> str:
        told = f"{self.path}:{self.modified}:{self.size}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]


class Samples:
    """Reads the sample folders, and keeps what is made of their files in the media store."""

    def __init__(self, folder: Path, services: Services) -> None:
        """Look for samples in the folders `content` and `style` of `folder`."""
        self._folder = folder
        self._media = services.media
        self._decoders = services.decoders
        self._most = services.config.max_upload_mb
        # None is for a file that cannot be used.
        self._known: dict[_File, Sample | None] = {}
        self._examining = threading.Lock()

    def all(self, role: Role) -> list[Sample]:
        """Return the samples of a role by name; files that cannot be used are left out."""
        return self.by_role()[role]

    def by_role(self) -> dict[Role, list[Sample]]:
        """Return the samples of every role by name, like `all`."""
        # All of them together, because starting a process for each role takes longer.
        files = {role: _files(role, sorted(_listed(self._folder / role))) for role in ROLES}
        self._learn([file for found in files.values() for file in found])
        return {
            role: [sample for file in found if (sample := self._known.get(file)) is not None]
            for role, found in files.items()
        }

    def find(self, role: Role, name: str) -> Sample:
        """Return a sample by its file name; raise NotFoundError if there is none."""
        # Only names that the folder itself lists: a path made of a name could lead elsewhere.
        paths = [path for path in _listed(self._folder / role) if path.name == name]
        for file in _files(role, paths):
            self._learn([file])
            if (sample := self._known.get(file)) is not None:
                return sample
        shown = ascii(name[:_LONGEST_SHOWN])
        raise NotFoundError(f"There is no sample {shown} among the {role} pictures; take another.")

    def preview(self, sample: Sample) -> bytes:
        """Return a sample as a JPEG file of at most PREVIEW_SIDE."""
        return self._media.read(preview_key(sample.version))

    def thumbnail(self, sample: Sample) -> bytes:
        """Return a sample as a small JPEG file."""
        return self._media.read(_thumbnail_key(sample.version))

    def _learn(self, files: Sequence[_File]) -> None:
        """Examine each version of a file once."""
        if any(file not in self._known for file in files):
            # Others who ask meanwhile wait, and find it done.
            with self._examining:
                try:
                    self._examine([file for file in files if file not in self._known])
                except UnavailableError as error:
                    log.warning("samples are left for the next time: %s", error)

    def _examine(self, files: Sequence[_File]) -> None:
        """Make known what is new. Raises UnavailableError for what cannot be examined now."""
        batch: dict[_File, bytes] = {}
        for file in files:
            try:
                if self._recall(file):
                    continue
                content = self._content(file)
            except UnavailableError:
                raise
            except Exception as error:
                self._leave_out(file, error)
                continue
            if batch and sum(map(len, batch.values())) + len(content) > _MOST_AT_ONCE:
                self._decode(batch)
                batch = {}
            batch[file] = content
        if batch:
            self._decode(batch)

    def _recall(self, file: _File) -> bool:
        """Return whether a file is known from an earlier process, or is not meant as a sample."""
        if file.path.suffix.lower() not in _ENDINGS or file.path.name.startswith("."):
            self._known[file] = None
            return True
        try:
            told = json.loads(self._media.read(_record_key(file.version)))
        except NotFoundError:
            return False
        sample = Sample(role=file.role, name=file.path.name, **told)
        if not self._media.exists(sample.key):
            return False
        self._known[file] = sample
        return True

    def _content(self, file: _File) -> bytes:
        if file.size > self._most * 2**20:
            raise TooLargeError(f"it has more than {self._most} MiB")
        content = images.read_file(file.path)
        if header.kind_of(content) is None:
            raise UnusableError(f"it is no {images.FORMAT_NAMES} picture")
        return content

    def _decode(self, batch: Mapping[_File, bytes]) -> None:
        wish = Wish(KEPT_SIDE, preview_side=PREVIEW_SIDE)
        with self._decoders.turn() as turn:
            # All pages with samples wait for them.
            found = turn.decode_all(list(batch.values()), wish, urgent=True)
        for (file, content), decoded in zip(batch.items(), found, strict=True):
            if isinstance(decoded, UnusableError):
                self._leave_out(file, decoded)
            else:
                self._keep(file, content, decoded)

    def _keep(self, file: _File, content: bytes, decoded: Decoded) -> None:
        """Keep what runs and pages use, so that a run survives the removal of its sample.

        What runs use is named by the file's content, so that all that use it share it.
        """
        digest = hashlib.sha256(content).hexdigest()[:32]
        sample = Sample(
            role=file.role,
            name=file.path.name,
            width=decoded.width,
            height=decoded.height,
            version=file.version,
            key=f"samples/kept/{digest}.{decoded.ending}",
        )
        if not self._media.exists(sample.key):
            self._media.write(sample.key, decoded.picture)
        self._media.write(preview_key(file.version), decoded.preview)
        self._media.write(_thumbnail_key(file.version), decoded.thumbnail)
        told = dataclasses.asdict(sample)
        del told["role"], told["name"]
        self._media.write(_record_key(file.version), json.dumps(told).encode())
        self._known[file] = sample

    def _leave_out(self, file: _File, error: Exception) -> None:
        # Whatever a file provokes, it must not take the other samples with it.
        log.warning("sample %s is left out: %s", ascii(file.path.name), error)
        self._known[file] = None


def preview_key(version: str) -> str:
    """Return where a version of a sample is kept, large enough to look at."""
    return f"samples/previews/{version}.jpg"


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _files(role: Role, paths: Sequence[Path]) -> list[_File]:
    """Return the present versions of the files among some paths that can be asked for by name."""
    found = []
    for path in paths:
        try:
            path.name.encode()
            status = path.stat()
        except (OSError, UnicodeEncodeError):
            continue
        if stat.S_ISREG(status.st_mode):
            found.append(_File(role, path, status.st_mtime_ns, status.st_size))
    return found


def _record_key(version: str) -> str:
    return f"samples/records/{version}.json"


def _thumbnail_key(version: str) -> str:
    return f"samples/thumbnails/{version}.jpg"

"""The sample pictures: whatever lies in the folders `content` and `style` under `data`.

A file dropped into a folder shows up with the next request, without a restart.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stransfer import images
from stransfer.errors import ImageError
from webapp.config import Config
from webapp.decoder import encoded
from webapp.decoding import decode
from webapp.errors import NotFoundError
from webapp.media import MediaStore

log = logging.getLogger(__name__)

Role = Literal["content", "style"]
ROLES: tuple[Role, ...] = ("content", "style")

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_LONGEST_SHOWN = 60

PREVIEW_SIDE = 1024

# So few are decoded faster than a process that would do it apart can start.
_QUICK_PIXELS = 2_000_000


@dataclass(frozen=True)
class Sample:
    """One sample picture; `version` changes with the file."""

    role: Role
    name: str
    path: Path
    width: int
    height: int
    version: str

    @property
    def title(self) -> str:
        """The name as a person would write it: `night_wind.jpg` is "Night wind"."""
        return self.path.stem.replace("_", " ").replace("-", " ").strip().capitalize()


class Samples:
    """Reads the sample folders, and keeps copies of what runs use in the media store."""

    def __init__(self, folder: Path, media: MediaStore, config: Config) -> None:
        """Look for samples in the folders `content` and `style` of `folder`."""
        self._folder = folder
        self._media = media
        self._config = config
        self._known: dict[tuple[Path, int, int], Sample | None] = {}

    def all(self, role: Role) -> list[Sample]:
        """Return the samples of a role by name; files that cannot be used are left out."""
        folder = self._folder / role
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
        found = (self._sample(role, path) for path in paths)
        return [sample for sample in found if sample is not None]

    def find(self, role: Role, name: str) -> Sample:
        """Return a sample by its file name; raise NotFoundError if there is none."""
        folder = self._folder / role
        paths = folder.iterdir() if folder.is_dir() else ()
        # Only names that the folder itself lists: a path made of a name could lead elsewhere.
        for path in (path for path in paths if path.name == name):
            sample = self._sample(role, path)
            if sample is not None:
                return sample
        shown = ascii(name[:_LONGEST_SHOWN])
        raise NotFoundError(f"There is no sample {shown} among the {role} pictures; take another.")

    def preview(self, sample: Sample) -> bytes:
        """Return a sample as a JPEG file of at most PREVIEW_SIDE."""
        return self._media.read(preview_key(sample.version))

    def thumbnail(self, sample: Sample) -> bytes:
        """Return a sample as a small JPEG file."""
        return self._media.read(_thumbnail_key(sample.version))

    def keep(self, sample: Sample) -> str:
        """Copy a sample into the media store, so that a run survives its removal; return the key.

        The copy is named by its content, so every run that uses the sample shares it.
        """
        content = sample.path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:32]
        key = f"samples/{digest}{sample.path.suffix.lower()}"
        if not self._media.exists(key):
            self._media.write(key, content)
        return key

    def _sample(self, role: Role, path: Path) -> Sample | None:
        """Return a sample, or None for a file that is none; each version is examined once."""
        try:
            path.name.encode()
            status = path.stat()
        except (OSError, UnicodeEncodeError):
            return None
        seen = (path, status.st_mtime_ns, status.st_size)
        if seen not in self._known:
            try:
                self._known[seen] = self._examined(role, path, status.st_size, _version(seen))
            except Exception as error:
                # Whatever a file provokes, it must not take the other samples with it.
                log.warning("sample %s is left out: %s", ascii(path.name), error)
                self._known[seen] = None
        return self._known[seen]

    def _examined(self, role: Role, path: Path, size: int, version: str) -> Sample | None:
        """Return a sample whose preview and thumbnail are in the media store."""
        if path.suffix.lower() not in _ENDINGS or path.name.startswith(".") or not path.is_file():
            return None
        if size > self._config.max_upload_mb * 2**20:
            raise ImageError(f"it has more than {self._config.max_upload_mb} MiB")
        width, height = images.upright_size(path)
        if not self._media.exists(_thumbnail_key(version)):
            preview, thumbnail = self._encoded(path, width * height)
            self._media.write(preview_key(version), preview)
            self._media.write(_thumbnail_key(version), thumbnail)
        return Sample(role, path.name, path, width, height, version)

    def _encoded(self, path: Path, pixels: int) -> tuple[bytes, bytes]:
        if pixels <= _QUICK_PIXELS:
            return encoded(images.open_rgb(path), PREVIEW_SIDE)
        decoded = decode(self._config, path.read_bytes(), PREVIEW_SIDE, "jpg")
        return decoded.picture, decoded.thumbnail


def preview_key(version: str) -> str:
    """Return where a version of a sample is kept, large enough to look at."""
    return f"samples/previews/{version}.jpg"


def _version(seen: tuple[Path, int, int]) -> str:
    path, modified, size = seen
    return hashlib.sha256(f"{path}:{modified}:{size}".encode()).hexdigest()[:32]


def _thumbnail_key(version: str) -> str:
    return f"samples/thumbnails/{version}.jpg"

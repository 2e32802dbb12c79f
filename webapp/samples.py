"""The sample pictures: whatever lies in the folders `content` and `style` under `data`.

A file dropped into a folder shows up with the next request, without a restart.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from PIL import Image

from stransfer import images
from stransfer.errors import ImageError
from webapp.errors import NotFoundError
from webapp.media import MediaStore

log = logging.getLogger(__name__)

Role = Literal["content", "style"]
ROLES: tuple[Role, ...] = ("content", "style")

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_QUALITY = 88


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

    def __init__(self, folder: Path, media: MediaStore) -> None:
        """Look for samples in the folders `content` and `style` of `folder`."""
        self._folder = folder
        self._media = media

    def all(self, role: Role) -> list[Sample]:
        """Return the samples of a role by name; files that are no pictures are left out."""
        folder = self._folder / role
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
        found = (self._sample(role, path) for path in paths)
        return [sample for sample in found if sample is not None]

    def find(self, role: Role, name: str) -> Sample:
        """Return a sample by its file name; raise NotFoundError if there is none."""
        for sample in self.all(role):
            if sample.name == name:
                return sample
        raise NotFoundError(
            f"There is no sample {name[:60]!r} among the {role} pictures; choose another."
        )

    def preview(self, sample: Sample, long_side: int) -> bytes:
        """Return a sample as a JPEG file no longer than `long_side`; it is made once and kept."""
        key = f"samples/{sample.version}-{long_side}.jpg"
        if self._media.exists(key):
            return self._media.read(key)
        image = images.open_rgb(sample.path)
        image.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
        content = images.encode(image, "JPEG", _QUALITY)
        self._media.write(key, content)
        return content

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
        if path.suffix.lower() not in _ENDINGS or path.name.startswith("."):
            return None
        try:
            status = path.stat()
            width, height = _size(path, status.st_mtime_ns, status.st_size)
        except (OSError, ImageError) as error:
            log.warning("sample %s is left out: %s", path.name, error)
            return None
        version = hashlib.sha256(
            f"{path}:{status.st_mtime_ns}:{status.st_size}".encode()
        ).hexdigest()[:32]
        return Sample(role, path.name, path, width, height, version)


@lru_cache(maxsize=4096)
def _size(path: Path, modified: int, size: int) -> tuple[int, int]:
    """Return the upright size of a picture, reading nothing but its header."""
    return images.upright_size(path)

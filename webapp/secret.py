"""The keys that sign the visitors' cookies: the newest signs, earlier ones are still believed.

In the instance folder they stand one a line, the newest first; behind an earlier one stands when
it was replaced, in Unix seconds.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from webapp.errors import ConfigError

FILE = "secret_key"
_SHORTEST = 16
_DAY = 86400


@dataclass(frozen=True)
class Keys:
    """The key that signs, and those whose signatures are believed as well."""

    signing: str
    earlier: tuple[str, ...] = ()


def load(configured: str, instance: Path, fallbacks: tuple[str, ...] = ()) -> Keys:
    """Return the configured keys, or those in the instance folder, made on the first start.

    Raises ConfigError for a key that can be guessed, and where none can be kept.
    """
    try:
        kept = [] if configured else [line.split()[0] for line in _lines(instance / FILE)]
    except OSError as error:
        raise ConfigError(
            f"INSTANCE_PATH cannot be used: {error}; correct it, or leave it empty."
        ) from error
    signing, *earlier = [configured] if configured else kept or [""]
    _check("SECRET_KEY", signing, "leave it empty and one will be made")
    for key in fallbacks:
        _check("SECRET_KEY_FALLBACKS", key, "leave it out")
    return Keys(signing, (*earlier, *fallbacks))


def rotate(instance: Path, cookie_days: int, forget: bool = False) -> int:
    """Put a new key before those in the instance folder; return how many earlier ones stay.

    An earlier one goes once all cookies that it signed have run out; with `forget`, at once.
    """
    path = instance / FILE
    now = time.time()
    earlier = []
    for line in _lines(path):
        key, _, replaced = line.partition(" ")
        since = float(replaced or now)
        if not forget and now - since < cookie_days * _DAY:
            earlier.append(f"{key} {since:.0f}")
    made = _written(path, "\n".join([secrets.token_urlsafe(32), *earlier]))
    made.replace(path)
    return len(earlier)


def readable_by_others(instance: Path) -> bool:
    """Return whether anybody else on this machine can read the kept keys."""
    path = instance / FILE
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _check(name: str, key: str, mend: str) -> None:
    if len(key) < _SHORTEST:
        raise ConfigError(
            f"{name} must have at least {_SHORTEST} characters, and this one has {len(key)}; "
            f"{mend}."
        )


def _lines(path: Path) -> list[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        made = _written(path, secrets.token_urlsafe(32))
        try:
            # A link appears whole or not at all, and only the first of two starting processes
            # gets it: the other one reads what that one made.
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return [line for line in path.read_text().splitlines() if line.strip()]


def _written(path: Path, text: str) -> Path:
    """Write a file of our own beside a path, which nobody else can read."""
    made = path.with_name(f"{FILE}.{os.getpid()}")
    made.unlink(missing_ok=True)
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return made

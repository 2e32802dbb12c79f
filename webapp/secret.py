"""The key that signs the visitors' cookies."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from webapp.errors import ConfigError

_FILE = "secret_key"
_SHORTEST = 16


def load(configured: str, instance: Path) -> str:
    """Return the configured key, or the one in the instance folder, made on the first start.

    Raises ConfigError for a key that can be guessed, and where none can be kept.
    """
    try:
        key = configured or _kept(instance / _FILE)
    except OSError as error:
        raise ConfigError(
            f"INSTANCE_PATH cannot be used: {error}; correct it, or leave it empty."
        ) from error
    if len(key) < _SHORTEST:
        raise ConfigError(
            f"SECRET_KEY must have at least {_SHORTEST} characters, and this one has {len(key)}; "
            "leave it empty and one will be made."
        )
    return key


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{_FILE}.{os.getpid()}")
    if not path.exists():
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link appears whole or not at all, and only the first of two starting processes
            # gets it: the other one reads what that one made.
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text().strip()

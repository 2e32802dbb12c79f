"""The one table of configuration keys.

Each key is read from the environment, then from `config.py` in the instance folder, then from
its default here. An empty environment variable counts as absent.
"""

from __future__ import annotations

import dataclasses
import os
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stransfer import folders
from stransfer.limits import Limits
from stransfer.setting import MOST_STYLES
from stransfer.settings import BY_NAME
from webapp.errors import ConfigError

ASYNC_MODES = ("eventlet", "threading")
LOG_FORMATS = ("text", "json")


def _key(default: Any, help: str, **row: Any) -> Any:
    return field(default=default, metadata={"help": help, **row})


@dataclass(frozen=True)
class Config:
    """The site's configuration; every attribute is the key of the same name in upper case.

    Raises ConfigError, naming the key, for a value that cannot be used.
    """

    host: str = _key("127.0.0.1", "The address the site listens on.")
    port: int = _key(5000, "The port the site listens on.", minimum=1, maximum=65535)
    instance_path: str = _key(
        "", "The folder for everything this installation makes. Empty is `instance/`."
    )
    database_url: str = _key(
        "", "The database of runs and images. Empty is SQLite in the instance folder."
    )
    queue_url: str = _key(
        "", "The queue that wakes workers. Empty is a SQLite file in the instance folder."
    )
    media_url: str = _key(
        "", "Where pictures are kept, as fsspec names it. Empty is a folder in the instance folder."
    )
    secret_key: str = _key(
        "", "Signs the visitors' cookies. Empty makes one in the instance folder, mode 0600."
    )
    async_mode: str = _key(
        "eventlet", "How the site serves many at once: eventlet or threading.", choices=ASYNC_MODES
    )
    workers: int = _key(
        1, "How many worker processes `stransfer serve` starts.", minimum=0, maximum=64
    )
    max_upload_mb: int = _key(10, "The largest picture file, in MiB.", minimum=1, maximum=1024)
    max_request_mb: int = _key(128, "The largest whole request, in MiB.", minimum=1, maximum=4096)
    max_megapixels: int = _key(
        Limits.pixels // 1_000_000, "The largest picture, in megapixels.", minimum=1, maximum=178
    )
    max_side: int = _key(Limits.longest_side, "The longest side of a picture, in px.", minimum=100)
    min_side: int = _key(Limits.shortest_side, "The shortest side of a picture, in px.", minimum=1)
    max_aspect: float = _key(
        Limits.aspect, "How many times longer than short a picture may be.", minimum=1
    )
    max_styles: int = _key(
        4, "How many artworks a painting may take after.", minimum=1, maximum=MOST_STYLES
    )
    max_output_size: int = _key(
        int(BY_NAME["output_size"].maximum or 0),
        "The longest side of a result, in px. Large ones keep a worker busy for long.",
        minimum=100,
    )
    decode_seconds: int = _key(
        20, "The processor time in which a picture must be decoded.", minimum=1
    )
    decode_memory_mb: int = _key(
        2048, "The memory in which a picture must be decoded, in MiB.", minimum=64
    )
    decoders: int = _key(
        2, "How many pictures each web process decodes at once.", minimum=1, maximum=64
    )
    decode_wait_seconds: int = _key(
        20, "How long an upload waits for its turn before it is told to come again.", minimum=0
    )
    quota_mb: int = _key(500, "How many MiB of pictures a visitor may keep here.", minimum=1)
    min_free_mb: int = _key(
        1024,
        "With less free disk space than this, in MiB, no upload and no run is accepted.",
        minimum=0,
    )
    frames_per_second: float = _key(
        2.0, "How often at most a watcher gets a new picture.", minimum=0.1, maximum=10
    )
    frame_side: int = _key(
        512, "The long side of the live pictures, in px.", minimum=64, maximum=1024
    )
    max_watched: int = _key(20, "How many paintings one connection may watch at once.", minimum=1)
    ping_seconds: int = _key(
        15,
        "How often a watcher is asked for a sign of life. Who gives none for as long, or takes "
        "nothing of what is sent, is cut off.",
        minimum=1,
        maximum=300,
    )
    lease_seconds: float = _key(
        30.0, "How long after its last sign of life a worker counts as dead.", minimum=1
    )
    heartbeat_seconds: float = _key(5.0, "How often a worker gives a sign of life.", minimum=0.1)
    rest_seconds: float = _key(
        60.0,
        "After how many idle seconds a worker starts afresh to give back memory, if it has some to "
        "give. 0 is never.",
        minimum=0,
    )
    max_attempts: int = _key(
        3,
        "How often a run is started without getting further before it counts as failed.",
        minimum=1,
    )
    max_running_per_visitor: int = _key(
        1,
        "How many paintings of one visitor are painted at once. Who is alone here wants as many as "
        "there are workers.",
        minimum=1,
    )
    max_queued_per_visitor: int = _key(
        5, "How many paintings of one visitor may wait for a worker.", minimum=1
    )
    max_queued: int = _key(
        100, "How many paintings of all visitors together may wait for a worker.", minimum=1
    )
    checkpoint_seconds: float = _key(
        15.0, "How long at most a run goes on between two checkpoints.", minimum=0
    )
    checkpoint_steps: int = _key(
        50, "How many steps at most a run takes between two checkpoints.", minimum=1
    )
    page_size: int = _key(24, "How many results a gallery page shows.", minimum=1, maximum=200)
    retention_days: int = _key(
        0,
        "How many days `stransfer prune` keeps paintings, and uploads that no painting uses. "
        "0 is for ever.",
        minimum=0,
        maximum=36500,
    )
    metrics_token: str = _key(
        "",
        "Who shows it as a bearer token may read `/metrics`. Empty lets this machine alone.",
        shortest=16,
    )
    log_format: str = _key(
        "text", "How the processes log: text, or json for one object a line.", choices=LOG_FORMATS
    )

    def __post_init__(self) -> None:
        """Bring every value into its type and check it against the table."""
        for row in dataclasses.fields(self):
            object.__setattr__(self, row.name, _parse(row, getattr(self, row.name)))
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ConfigError(
                "LEASE_SECONDS must be at least twice HEARTBEAT_SECONDS, or living workers would "
                f"count as dead; they are {self.lease_seconds:g} and {self.heartbeat_seconds:g}."
            )

    @property
    def instance(self) -> Path:
        """The instance folder."""
        return Path(self.instance_path).resolve() if self.instance_path else folders.instance()

    def as_environment(self) -> dict[str, str]:
        """Return every key as an environment variable, so that a child process agrees."""
        return {row.name.upper(): str(getattr(self, row.name)) for row in dataclasses.fields(self)}


KEYS = tuple(row.name.upper() for row in dataclasses.fields(Config))


def load(environment: Mapping[str, str] | None = None) -> Config:
    """Return the configuration from the environment, the instance folder and the defaults.

    Raises ConfigError for an unusable value and for an unknown key in the file.
    """
    environment = os.environ if environment is None else environment
    given = {key: environment[key] for key in KEYS if environment.get(key)}
    instance = Path(given["INSTANCE_PATH"]) if "INSTANCE_PATH" in given else folders.instance()
    values: dict[str, object] = {**_from_file(instance / "config.py"), **given}
    return Config(**{key.lower(): value for key, value in values.items()})  # type: ignore[arg-type]


def _from_file(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        names = runpy.run_path(str(path))
    except Exception as error:
        raise ConfigError(f"{path} cannot be run: {error}; mend or remove it.") from error
    found = {name: value for name, value in names.items() if name.isupper()}
    for name in found:
        if name not in KEYS:
            raise ConfigError(f"{path}: there is no key {name}; the keys are {', '.join(KEYS)}.")
    return found


def _parse(row: dataclasses.Field[Any], value: object) -> object:
    kind: Any = type(row.default)
    name = row.name.upper()
    if kind is str:
        choices = row.metadata.get("choices")
        if choices and value not in choices:
            raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
        shortest = row.metadata.get("shortest", 0)
        if 0 < len(str(value)) < shortest:
            raise ConfigError(
                f"{name} must have at least {shortest} characters, so that it cannot be guessed, "
                f"and this one has {len(str(value))}."
            )
        return str(value)
    try:
        number = kind(str(value))
    except ValueError:
        sort = "a whole number" if kind is int else "a number"
        raise ConfigError(f"{name} must be {sort}, not {value!r}.") from None
    low, high = row.metadata.get("minimum"), row.metadata.get("maximum")
    if not ((low is None or number >= low) and (high is None or number <= high)):
        most = "" if high is None else f" and at most {high:g}"
        raise ConfigError(f"{name} must be at least {low:g}{most}, not {value!r}.")
    return number

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
from webapp import keys
from webapp.errors import ConfigError

ASYNC_MODES = ("eventlet", "threading")
LOG_FORMATS = ("text", "json")
SWITCH = ("on", "off")


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
    secret_key_fallbacks: str = _key(
        "", "Earlier keys whose cookies are still read, separated by commas."
    )
    cookie_days: int = _key(
        365,
        "How many days after its last visit a browser is still the same visitor.",
        minimum=1,
        maximum=400,
    )
    recovery_hours: int = _key(
        24,
        "How many hours there are to open a gallery on another device with a link.",
        minimum=1,
        maximum=720,
    )
    trusted_hosts: str = _key(
        "",
        "The host names under which the site answers, separated by commas, such as "
        "`paint.example.org`. Empty is all.",
    )
    proxies: int = _key(
        0,
        "How many proxies before the site are trusted to say who asks, and whether over https.",
        minimum=0,
        maximum=10,
    )
    hsts_days: int = _key(
        365,
        "How many days a browser that came over https asks this host for nothing without it. "
        "0 is not at all.",
        minimum=0,
        maximum=3650,
    )
    async_mode: str = _key(
        "eventlet", "How the site serves many at once: eventlet or threading.", choices=ASYNC_MODES
    )
    workers: int = _key(
        1, "How many worker processes `stransfer serve` starts.", minimum=0, maximum=64
    )
    max_upload_mb: int = _key(10, "The largest picture file, in MiB.", minimum=1, maximum=1024)
    max_request_mb: int = _key(128, "The largest whole request, in MiB.", minimum=1, maximum=4096)
    max_form_kb: int = _key(
        256, "The most text in a request, in KiB: all of one that brings no pictures.", minimum=64
    )
    max_form_parts: int = _key(500, "The most fields and files in a form.", minimum=100)
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
    rate_limit_url: str = _key(
        "memory://",
        "Where it is counted who does what how often, as the library `limits` says.",
    )
    uploads_per_hour: int = _key(
        30, "How many pictures a visitor may upload in an hour. 0 is no limit.", minimum=0
    )
    runs_per_hour: int = _key(
        60, "How many runs a visitor may start in an hour. 0 is no limit.", minimum=0
    )
    sessions_per_hour: int = _key(
        30, "How many tokens of the API a visitor may get in an hour. 0 is no limit.", minimum=0
    )
    estimates_per_minute: int = _key(
        120, "How many estimates a visitor may ask for in a minute. 0 is no limit.", minimum=0
    )
    drafts_per_minute: int = _key(
        60, "How many drafts a visitor may ask for in a minute. 0 is no limit.", minimum=0
    )
    recoveries_per_hour: int = _key(
        20,
        "How often a visitor may make or open a link to a gallery in an hour. 0 is no limit.",
        minimum=0,
    )
    sockets_per_minute: int = _key(
        30, "How many live connections a visitor may open in a minute. 0 is no limit.", minimum=0
    )
    sockets_per_visitor: int = _key(
        10, "How many live connections a visitor may have at once. 0 is no limit.", minimum=0
    )
    visitors_per_address: int = _key(
        2,
        "As how many visitors all who share a network address count together. More suits a school.",
        minimum=1,
    )
    subscriptions_per_socket: int = _key(
        20, "How many runs one live connection may watch.", minimum=1
    )
    socket_messages_per_minute: int = _key(
        120, "How many messages one live connection may send in a minute.", minimum=10
    )
    socket_message_kb: int = _key(
        64, "The largest message over a live connection, in KiB.", minimum=1, maximum=1024
    )
    request_seconds: float = _key(
        30.0, "How long a connection may take until it has said what it wants.", minimum=1
    )
    slowest_upload_kb: float = _key(
        4.0, "How many KiB a second an upload must bring, once REQUEST_SECONDS are over.", minimum=0
    )
    frames_per_second: float = _key(
        2.0, "How often at most a watcher gets a new picture.", minimum=0.1, maximum=10
    )
    frame_side: int = _key(
        512, "The long side of the live pictures, in px.", minimum=64, maximum=1024
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
    checkpoint_seconds: float = _key(
        15.0, "How long at most a run goes on between two checkpoints.", minimum=0
    )
    checkpoint_steps: int = _key(
        50, "How many steps at most a run takes between two checkpoints.", minimum=1
    )
    drafts: str = _key(
        "on",
        "Whether the first page shows a small draft once both pictures are chosen: on or off.",
        choices=SWITCH,
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
            object.__setattr__(self, row.name, keys.parse(row, getattr(self, row.name)))
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ConfigError(
                "LEASE_SECONDS must be at least twice HEARTBEAT_SECONDS, or living workers would "
                f"count as dead; they are {self.lease_seconds:g} and {self.heartbeat_seconds:g}."
            )

    @property
    def makes_drafts(self) -> bool:
        """Whether drafts are switched on."""
        return self.drafts == "on"

    @property
    def instance(self) -> Path:
        """The instance folder."""
        return Path(self.instance_path).resolve() if self.instance_path else folders.instance()

    @property
    def earlier_keys(self) -> tuple[str, ...]:
        """What SECRET_KEY_FALLBACKS lists."""
        return keys.listed(self.secret_key_fallbacks)

    @property
    def hosts(self) -> tuple[str, ...]:
        """What TRUSTED_HOSTS lists."""
        return keys.listed(self.trusted_hosts)

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

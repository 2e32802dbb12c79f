"""The one table of configuration keys.

Each key is read from the environment, then from `config.py` in the instance folder, then from
its default here. An empty environment variable counts as absent.
"""

from __future__ import annotations

import dataclasses
import os
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stransfer import devices, folders
from stransfer.errors import DeviceError
from stransfer.setting import AUTO
from webapp import keys
from webapp.allowances import Allowances
from webapp.errors import ConfigError
from webapp.keys import key

ASYNC_MODES = ("eventlet", "threading")
LOG_FORMATS = ("text", "json")
SWITCH = ("on", "off")

# How MEDIA_URL begins, if it names a bucket.
BUCKET = "s3://"

# In the instance folder.
FILE = "config.py"


@dataclass(frozen=True)
class Config(Allowances):
    """The site's configuration; every attribute is the key of the same name in upper case.

    Those that say what visitors may bring and do are in `allowances`. Raises ConfigError, naming
    the key, for a value that cannot be used.
    """

    host: str = key("127.0.0.1", "The address the site listens on.")
    port: int = key(5000, "The port the site listens on.", minimum=1, maximum=65535)
    instance_path: str = key(
        "", "The folder for everything this installation makes. Empty is `instance/`."
    )
    database_url: str = key(
        "", "The database of runs and images. Empty is SQLite in the instance folder."
    )
    queue_url: str = key(
        "", "The queue that wakes workers. Empty is a SQLite file in the instance folder."
    )
    media_url: str = key(
        "",
        "Where pictures are kept: another folder, or `s3://BUCKET` or `s3://BUCKET/FOLDER`. Empty "
        "is a folder in the instance folder.",
    )
    media_seconds: float = key(
        5.0,
        "How long a bucket may be silent until a request to it is given up. Each is tried three "
        "times.",
        minimum=0.1,
    )
    secret_key: str = key(
        "", "Signs the visitors' cookies. Empty makes one in the instance folder, mode 0600."
    )
    secret_key_fallbacks: str = key(
        "", "Earlier keys whose cookies are still read, separated by commas."
    )
    cookie_days: int = key(
        365,
        "How many days after its last visit a browser is still the same visitor.",
        minimum=1,
        maximum=400,
    )
    recovery_hours: int = key(
        24,
        "How many hours there are to open a gallery on another device with a link.",
        minimum=1,
        maximum=720,
    )
    trusted_hosts: str = key(
        "",
        "The host names under which the site answers, separated by commas, such as "
        "`paint.example.org`. Empty is all.",
    )
    proxies: int = key(
        0,
        "How many proxies before the site are trusted to say who asks, and whether over https.",
        minimum=0,
        maximum=10,
    )
    hsts_days: int = key(
        365,
        "How many days a browser that came over https asks this host for nothing without it. "
        "0 is not at all.",
        minimum=0,
        maximum=3650,
    )
    async_mode: str = key(
        "eventlet", "How the site serves many at once: eventlet or threading.", choices=ASYNC_MODES
    )
    workers: int = key(
        1, "How many worker processes `stransfer serve` starts.", minimum=0, maximum=64
    )
    device: str = key(
        AUTO,
        "What a worker computes on: cpu, gpu, one of several as in gpu:1, or auto, which is the "
        "first graphics card that TensorFlow sees, and else the processor.",
    )
    worker_memory_mb: int = key(
        0,
        "The memory that a worker has for a run, in MiB; what needs more it leaves to others. 0 is "
        "this machine's share for each of WORKERS, and on a graphics card no limit.",
        minimum=0,
    )
    cpu_megapixels: float = key(
        0.0,
        "Results of more megapixels than this are left to workers with a graphics card. 0 leaves "
        "none to them.",
        minimum=0,
    )
    unfit_seconds: float = key(
        600.0,
        "How long a worker that has gone is expected back by runs that only it could paint.",
        minimum=1,
    )
    frames_per_second: float = key(
        2.0, "How often at most a watcher gets a new picture.", minimum=0.1, maximum=10
    )
    frame_side: int = key(
        512, "The long side of the live pictures, in px.", minimum=64, maximum=1024
    )
    ping_seconds: int = key(
        15,
        "How often a watcher is asked for a sign of life. Who gives none for as long, or takes "
        "nothing of what is sent, is cut off.",
        minimum=1,
        maximum=300,
    )
    lease_seconds: float = key(
        30.0, "How long after its last sign of life a worker counts as dead.", minimum=1
    )
    heartbeat_seconds: float = key(5.0, "How often a worker gives a sign of life.", minimum=0.1)
    stall_seconds: float = key(
        900.0,
        "How long a step, or what comes before the first one, may go on without a sign of life "
        "until its worker starts afresh. A download of weights gives none.",
        minimum=1,
    )
    busy_seconds: float = key(
        10.0, "How long a writer waits while another program holds the database.", minimum=0.1
    )
    query_seconds: float = key(
        20.0,
        "How long PostgreSQL works on one question until that is given up. Migrations take as long "
        "as they take.",
        minimum=0.1,
    )
    rest_seconds: float = key(
        60.0,
        "After how many idle seconds a worker starts afresh to give back memory, if it has some to "
        "give. 0 is never.",
        minimum=0,
    )
    max_attempts: int = key(
        3,
        "How often a run is started without getting further before it counts as failed.",
        minimum=1,
    )
    checkpoint_seconds: float = key(
        15.0, "How long at most a run goes on between two checkpoints.", minimum=0
    )
    checkpoint_steps: int = key(
        50, "How many steps at most a run takes between two checkpoints.", minimum=1
    )
    drafts: str = key(
        "on",
        "Whether the first page shows a small draft once both pictures are chosen: on or off.",
        choices=SWITCH,
    )
    page_size: int = key(24, "How many results a gallery page shows.", minimum=1, maximum=200)
    retention_days: int = key(
        0,
        "How many days `stransfer prune` keeps paintings, except favourites and shared ones, and "
        "uploads that no painting uses. 0 is for ever.",
        minimum=0,
        maximum=36500,
    )
    metrics_token: str = key(
        "",
        "Who shows it as a bearer token may read `/metrics`. Empty lets this machine alone.",
        shortest=16,
    )
    log_format: str = key(
        "text", "How the processes log: text, or json for one object a line.", choices=LOG_FORMATS
    )

    def __post_init__(self) -> None:
        """Bring every value into its type and check it against the table."""
        for row in dataclasses.fields(self):
            object.__setattr__(self, row.name, keys.parse(row, getattr(self, row.name)))
        try:
            devices.check(self.device)
        except DeviceError as error:
            raise ConfigError(f"DEVICE: {error}") from error
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ConfigError(
                "LEASE_SECONDS must be at least twice HEARTBEAT_SECONDS, or living workers would "
                f"count as dead; they are {self.lease_seconds:g} and {self.heartbeat_seconds:g}."
            )
        if self.unfit_seconds < self.lease_seconds:
            raise ConfigError(
                "UNFIT_SECONDS must be at least LEASE_SECONDS, or workers that are there would "
                f"count as gone; they are {self.unfit_seconds:g} and {self.lease_seconds:g}."
            )
        if self.media_url.startswith(BUCKET) and self.media_seconds * 5 > self.lease_seconds:
            # What keeps house in a worker asks for several files between two signs of life.
            raise ConfigError(
                "LEASE_SECONDS must be at least five times MEDIA_SECONDS, or workers that wait for "
                "the bucket would count as dead; they are "
                f"{self.lease_seconds:g} and {self.media_seconds:g}."
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


def load(environment: Mapping[str, str] | None = None, file: Path | None = None) -> Config:
    """Return the configuration from the environment, the instance folder and the defaults.

    With `file` that is read instead of the one in the instance folder. Raises ConfigError for an
    unusable value and for an unknown key in the file.
    """
    environment = os.environ if environment is None else environment
    given = {key: environment[key] for key in KEYS if environment.get(key)}
    instance = Path(given["INSTANCE_PATH"]) if "INSTANCE_PATH" in given else folders.instance()
    values: dict[str, object] = {**_from_file(file or instance / FILE), **given}
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

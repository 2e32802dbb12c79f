"""What must hold before a process of the site starts; otherwise one sentence says what to mend."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from webapp import secret
from webapp.config import Config
from webapp.errors import ConfigError

if TYPE_CHECKING:
    from webapp.services import Services


def check(config: Config) -> None:
    """Raise ConfigError for what can be told before the processes of a site are started.

    They would all have to import first what tries the database, the queue and the media store, so
    that is left to them unless somebody has named one: in the instance folder little can be wrong.
    """
    check_address(config)
    secret.load(config.secret_key, config.instance, config.earlier_keys)
    if config.database_url or config.queue_url or config.media_url:
        prepare(config)


def prepare(config: Config) -> Services:
    """Return the services, with the tables up to date and a key for the cookies.

    Raises ConfigError if the configuration names something that cannot be used.
    """
    # Imports SQLAlchemy, which whoever only checks does without.
    from webapp.services import Services

    services = Services.of(config)
    services.database.migrate()
    services.media.check()
    secret.load(config.secret_key, config.instance, config.earlier_keys)
    return services


def check_address(config: Config) -> None:
    """Raise ConfigError if the site cannot listen where it is told to."""
    try:
        family, kind, *_, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            # As the server itself does: connections of a site that has just ended do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigError(
            f"The site cannot listen on HOST {config.host}, PORT {config.port}: {error.strerror}; "
            "end the program that does, or set another PORT."
        ) from error

"""What every page and event handler needs, kept with the Flask application."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Flask, current_app, session

from stransfer import folders
from webapp.renditions import Renditions
from webapp.runs.collection import Collection
from webapp.runs.speeds import Speeds
from webapp.runs.store import RunStore
from webapp.samples import Samples
from webapp.services import Services
from webapp.timelapses import Timelapses
from webapp.tokens import Tokens
from webapp.uploads import Uploads

_EXTENSION = "stransfer"
_VISITOR = "visitor"


@dataclass(frozen=True)
class Site:
    """The site's parts, made once."""

    services: Services
    runs: RunStore
    speeds: Speeds
    uploads: Uploads
    samples: Samples
    tokens: Tokens
    timelapses: Timelapses
    renditions: Renditions
    collection: Collection

    @classmethod
    def install(cls, app: Flask, services: Services) -> Site:
        """Make the parts and keep them with the application."""
        site = cls(
            services=services,
            runs=RunStore(services),
            speeds=Speeds(services.database),
            uploads=Uploads(services),
            samples=Samples(folders.DATA, services),
            tokens=Tokens(services.database),
            timelapses=Timelapses(services),
            renditions=Renditions(services.media),
            collection=Collection(services),
        )
        app.extensions[_EXTENSION] = site
        return site


def current_site() -> Site:
    """Return the parts of the site that handles the current request."""
    site: Site = current_app.extensions[_EXTENSION]
    return site


def visitor_id() -> str:
    """Return who is asking: the id in the signed cookie, which is made on the first visit."""
    if _VISITOR not in session:
        session[_VISITOR] = secrets.token_hex(16)
        session.permanent = True
    return str(session[_VISITOR])


def known_visitor_id() -> str | None:
    """Return who is asking, or None for somebody who has never opened a page."""
    found = session.get(_VISITOR)
    return None if found is None else str(found)

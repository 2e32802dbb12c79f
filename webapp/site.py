"""What every page and event handler needs, kept with the Flask application."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Flask, current_app, g, session

from stransfer import folders
from webapp.reachability import Reachability
from webapp.recoveries import Recoveries
from webapp.renditions import Renditions
from webapp.runs.collection import Collection
from webapp.runs.draftstore import DraftStore
from webapp.runs.speeds import Speeds
from webapp.runs.store import RunStore
from webapp.samples import Samples
from webapp.services import Services
from webapp.timelapses import Timelapses
from webapp.tokens import Tokens
from webapp.uploads import Uploads
from webapp.visitors import Visitors

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
    drafts: DraftStore
    visitors: Visitors
    recoveries: Recoveries
    reachability: Reachability

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
            drafts=DraftStore(services),
            visitors=Visitors(services),
            recoveries=Recoveries(services),
            reachability=Reachability(services.media),
        )
        app.extensions[_EXTENSION] = site
        return site


def current_site() -> Site:
    """Return the parts of the site that handles the current request."""
    site: Site = current_app.extensions[_EXTENSION]
    return site


def visitor_id() -> str:
    """Return who is asking: the id in the signed cookie, which is made on the first visit."""
    found = known_visitor_id()
    if found is None:
        found = secrets.token_hex(16)
        _know(found)
    return found


def known_visitor_id() -> str | None:
    """Return who is asking, or None for somebody who has never opened a page."""
    if _VISITOR not in session:
        return None
    if _VISITOR not in g:
        found = current_site().visitors.current(str(session[_VISITOR]))
        if found != session[_VISITOR]:
            # They were joined with another visitor, in this browser or in another.
            session[_VISITOR] = found
        setattr(g, _VISITOR, found)
    return str(g.get(_VISITOR))


def become(visitor: str | None) -> None:
    """Make this browser that of a visitor, or of nobody; forms sent before do not count any more.

    Whoever has seen the cookie of before knows nothing of what is in the new one.
    """
    session.clear()
    g.pop(_VISITOR, None)
    if visitor is not None:
        _know(visitor)


def _know(visitor: str) -> None:
    session[_VISITOR] = visitor
    session.permanent = True

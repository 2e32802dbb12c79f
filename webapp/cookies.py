"""Which answers carry the visitor's cookie."""

from __future__ import annotations

from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin


class Sessions(SecureCookieSessionInterface):
    """Keeps the session in a signed cookie, and the cookie out of what caches may share.

    Flask renews a lasting cookie with every answer. A cache between the site and its visitors
    could hand the cookie on together with a picture that everybody may see.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Add the cookie to an answer, unless that is public."""
        if not response.cache_control.public:
            super().save_session(app, session, response)

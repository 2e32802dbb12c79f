"""The cookie by which a browser is known: signed, out of reach of scripts and of other sites."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from webapp.config import Config
from webapp.secret import Keys

# Over https a browser takes a cookie with this prefix from nobody but this very host.
_HOST_ONLY = "__Host-"


def install(app: Flask, config: Config, keys: Keys) -> None:
    """Sign the application's cookies with the keys."""
    app.config.update(
        SECRET_KEY=keys.signing,
        SECRET_KEY_FALLBACKS=list(keys.earlier),
        SESSION_COOKIE_NAME="stransfer",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        PERMANENT_SESSION_LIFETIME=timedelta(days=config.cookie_days),
    )
    app.session_interface = Cookies()


def cookie_name(app: Flask) -> str:
    """Return what the cookie is called in the current request."""
    return app.session_interface.get_cookie_name(app)


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie; over https it is Secure and bound to the host."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name, which over https is that of another cookie than without it."""
        plain = super().get_cookie_name(app)
        return f"{_HOST_ONLY}{plain}" if self.get_cookie_secure(app) else plain

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the visitor came over https."""
        return request.is_secure

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie says.

        Who came before there was https keeps what is theirs: the earlier cookie counts once.
        """
        found = super().open_session(app, request)
        earlier = request.cookies.get(super().get_cookie_name(app))
        if found or not self.get_cookie_secure(app) or not earlier:
            return found
        signed = self.get_signing_serializer(app)
        lifetime = int(app.permanent_session_lifetime.total_seconds())
        kept, content = signed.loads_unsafe(earlier, max_age=lifetime) if signed else (False, None)
        return self.session_class(content) if kept else found

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie anew, so that it lasts, except with what is everybody's.

        A cache between the site and its visitors could hand the cookie on together with that.
        """
        if response.cache_control.public:
            return
        super().save_session(app, session, response)
        plain = super().get_cookie_name(app)
        if session and self.get_cookie_secure(app) and plain in request.cookies:
            response.delete_cookie(plain, samesite="Lax", httponly=True)

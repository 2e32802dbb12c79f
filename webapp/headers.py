"""The headers that every answer carries, so that browsers keep what is here to its visitor."""

from __future__ import annotations

from flask import Flask, Response, request

from webapp.config import Config

_DAY = 86400

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; connect-src 'self'; script-src 'self'; "
    "style-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# What pages of this site never ask a browser for.
_UNUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)

_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def install(app: Flask, config: Config) -> None:
    """Add the headers to every answer of the application."""

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in common(config, request.is_secure).items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-cache"
        return response


def common(config: Config, secure: bool) -> dict[str, str]:
    """Return what every answer says, over https or not, unless it says something else itself."""
    if not (secure and config.hsts_days):
        return _HEADERS
    return {**_HEADERS, "Strict-Transport-Security": f"max-age={config.hsts_days * _DAY}"}

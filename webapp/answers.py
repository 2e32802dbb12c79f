"""Files as answers: each says itself what it is, and how it is called when somebody keeps it."""

from __future__ import annotations

from flask import Response

from webapp.filenames import stem

# By the ending of our own keys, never by what a visitor or the system calls a kind of file.
_KINDS = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "zip": "application/zip",
}

# Opened by itself a picture is a document, which has nothing to do but to be seen; browsers put the
# style of that document into it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


def picture(content: bytes, key: str, title: str, download: bool = False) -> Response:
    """Answer with a picture that the media store has under `key`, called by its title."""
    ending = key.rpartition(".")[2]
    response = Response(content, mimetype=_KINDS[ending])
    return _named(response, f"{stem(title)}.{ending}", download)


def archive(pieces: object, name: str) -> Response:
    """Answer with a zip file in pieces, to be kept under a name."""
    return _named(Response(pieces, mimetype=_KINDS["zip"]), f"{name}.zip", download=True)  # type: ignore[arg-type]


def _named(response: Response, name: str, download: bool) -> Response:
    kind = "attachment" if download else "inline"
    response.headers["Content-Disposition"] = f'{kind}; filename="{name}"'
    response.headers["Content-Security-Policy"] = _POLICY
    return response

"""The one face of errors: a page for people, an object for programs, never a traceback."""

from __future__ import annotations

import logging
import uuid

from flask import Flask, Response, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from stransfer.errors import SettingsError, StransferError
from webapp.errors import SiteError

log = logging.getLogger(__name__)

_TITLES = {
    400: "That did not work",
    401: "Not signed in",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not possible here",
    408: "Too slow",
    409: "Too late",
    413: "Too large",
    422: "That did not work",
    429: "One moment, please",
    500: "Our mistake",
    503: "Not just now",
}
_SENTENCES = {
    404: "There is no such page here; the address may be mistyped, or its content deleted.",
    405: "This address does not take that kind of request; go back and use the buttons there.",
    408: "What was sent came too slowly, so the rest was not waited for; try it again.",
    413: "What was sent is larger than this site takes; choose smaller pictures and try again.",
}
_CSRF = (
    "The form was sent without the mark that shows it came from this site; "
    "allow cookies, go back, reload that page and send it again."
)
_UNEXPECTED = (
    "Something went wrong on the server; try again, or tell its operator the number below."
)


def install(app: Flask) -> None:
    """Answer every error of the application."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, lambda error: _answer(400, _CSRF))
    app.register_error_handler(SiteError, _site)
    app.register_error_handler(SettingsError, lambda error: _answer(422, str(error), error.fields))
    app.register_error_handler(StransferError, lambda error: _answer(422, str(error)))
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    if isinstance(error.__context__, TimeoutError):
        status = 408
    sentence = _SENTENCES.get(status) or error.description or _UNEXPECTED
    response = _answer(status, sentence)
    # Such as `Allow`, which says what the address does take.
    response.headers.update(
        (key, value) for key, value in error.get_headers() if key != "Content-Type"
    )
    return response


def _site(error: SiteError) -> Response:
    fields = {error.field: str(error)} if error.field else {}
    response = _answer(error.status, str(error), fields)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _unexpected(error: Exception) -> Response:
    request_id = uuid.uuid4().hex[:12]
    # Not the address itself: whoever knows that of something shared sees it.
    where = request.url_rule or "an address that there is none of"
    log.error("request %s: %s %s", request_id, request.method, where, exc_info=error)
    return _answer(500, _UNEXPECTED, request_id=request_id)


def _answer(
    status: int,
    message: str,
    fields: dict[str, str] | None = None,
    request_id: str | None = None,
) -> Response:
    if request.path.startswith("/api/"):
        body = {"code": status, "message": message, "fields": fields or {}}
        response = jsonify(error={**body, **({"request_id": request_id} if request_id else {})})
    else:
        title = _TITLES.get(status, "That did not work")
        page = render_template(
            "error.html", status=status, title=title, message=message, request_id=request_id
        )
        response = Response(page)
    response.status_code = status
    return response

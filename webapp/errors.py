"""The errors of the site, part of the engine's one tree; each knows the HTTP status it is."""

from __future__ import annotations

from stransfer.errors import StransferError


class ConfigError(StransferError):
    """The site's configuration cannot be used."""


class SiteError(StransferError):
    """A request that cannot be granted; `status` is the HTTP status it is answered with.

    `field` names what of the request is to blame, where that is one thing; `retry_after` says in
    how many seconds it is worth to ask again, where it is.
    """

    status = 400

    def __init__(
        self, message: str, field: str | None = None, retry_after: int | None = None
    ) -> None:
        """Keep the sentence, the name of the field and the seconds."""
        super().__init__(message)
        self.field = field
        self.retry_after = retry_after


class UnauthorizedError(SiteError):
    """A program did not show a token that was issued here."""

    status = 401


class NotFoundError(SiteError):
    """What is asked for does not exist, or belongs to somebody else: the same answer for both."""

    status = 404


class WrongStateError(SiteError):
    """The run is in a state in which this cannot be done."""

    status = 409


class TooLargeError(SiteError):
    """An upload is larger than the site takes."""

    status = 413


class UnusableError(SiteError):
    """An upload cannot be used as a picture."""

    status = 422


class TooManyError(SiteError):
    """Somebody does something more often than the site lets them."""

    status = 429
    retry_after: int

    def __init__(self, message: str, retry_after: int, field: str | None = None) -> None:
        """Keep the sentence, and after how many seconds to try again."""
        super().__init__(message, field, retry_after)


class UnavailableError(SiteError):
    """The site cannot do this at the moment, and may be able to a little later.

    Nothing of it was done. Whoever can wait tries it again.
    """

    status = 503
    exit_code = 1


class LeaseLostError(StransferError):
    """The worker no longer owns the run it works on, so nothing it found may be recorded."""

    exit_code = 1

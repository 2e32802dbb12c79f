"""The web process. `stransfer web` runs this file, with the configured ASYNC_MODE."""

import os
import warnings

# Everything imported after this line must find the patched modules, so it comes first.
if os.environ.get("ASYNC_MODE", "eventlet") == "eventlet":
    # Known and accepted: README's architecture section says why, and what replaces it.
    warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()

from typing import Any

from webapp import create_app
from webapp.config import Config


def options(config: Config) -> dict[str, Any]:
    """Return how eventlet's server waits: not for ever for those who do not say what they want."""
    import eventlet.wsgi

    class Protocol(eventlet.wsgi.HttpProtocol):  # type: ignore[misc]
        def __init__(self, connection: Any, server: Any) -> None:
            # Else tracebacks go to whoever provoked them. Flask-SocketIO keeps an option of this
            # name to itself, and eventlet's default is another one.
            server.debug = False
            super().__init__(connection, server)

        def handle_one_request(self) -> None:
            self._patience = eventlet.Timeout(config.request_seconds, TimeoutError)
            try:
                super().handle_one_request()
            finally:
                self._patience.cancel()

        def get_environ(self) -> dict[str, Any]:
            # All of the request is here but its body, which is read at its own pace.
            self._patience.cancel()
            environ: dict[str, Any] = super().get_environ()
            return environ

        def log_message(self, *told: object) -> None:
            # What strangers say that is no request is nothing to read.
            pass

    return {"protocol": Protocol, "socket_timeout": config.request_seconds}


if __name__ == "__main__":
    from webapp.serving import serve

    serve(create_app, options)
else:
    app = create_app()

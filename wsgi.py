"""The web process. `stransfer web` runs this file, with the configured ASYNC_MODE."""

import os
import warnings

# Everything imported after this line must find the patched modules, so it comes first.
if os.environ.get("ASYNC_MODE", "eventlet") == "eventlet":
    # Known and accepted: README's architecture section says why, and what replaces it.
    warnings.filterwarnings("ignore", message="(?s).*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()

from webapp import create_app

if __name__ == "__main__":
    from webapp.serving import serve

    serve(create_app)
else:
    app = create_app()

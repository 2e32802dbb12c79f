"""Puts the application together, in order."""

from __future__ import annotations

from flask import Flask
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect

from stransfer import folders
from webapp import assets, cookies, fragments, headers, live, metrics, secret, views
from webapp import config as configuration
from webapp.addresses import Application
from webapp.config import Config
from webapp.pages import (
    api,
    compare,
    create,
    errors,
    estimates,
    gallery,
    health,
    openapi,
    pictures,
    runs,
    shared,
)
from webapp.pages import metrics as metrics_page
from webapp.services import Services
from webapp.site import Site

_COMPRESSIONS = ["br", "zstd", "gzip"]


def assemble(config: Config | None = None) -> Flask:
    """Return the application for a configuration, by default the one found on this machine."""
    config = config or configuration.load()
    app = Application(
        "webapp",
        root_path=str(folders.ROOT),
        instance_path=str(config.instance),
        template_folder="templates",
        static_folder=None,
    )
    assets.install(app, folders.ROOT / "static")
    app.config.update(
        SECRET_KEY=secret.load(config.secret_key, config.instance),
        MAX_CONTENT_LENGTH=config.max_request_mb * 2**20,
        SESSION_COOKIE_NAME="stransfer",
        SESSION_COOKIE_SAMESITE="Lax",
        # Visitors leave forms open for days; the mark is bound to their session anyway.
        WTF_CSRF_TIME_LIMIT=None,
        # In this order where a browser takes several; files are sent as streams.
        COMPRESS_ALGORITHM=_COMPRESSIONS,
        COMPRESS_ALGORITHM_STREAMING=_COMPRESSIONS,
    )
    app.session_interface = cookies.Sessions()
    csrf = CSRFProtect(app)
    # What changes anything there needs a token, which no browser sends by itself.
    csrf.exempt(api.blueprint)
    site = Site.install(app, Services.of(config))
    site.services.database.migrate()
    pages = (create, gallery, runs, compare, shared, pictures, health, metrics_page)
    for page in (*pages, api, estimates, openapi):
        app.register_blueprint(page.blueprint)
    Compress(app)
    headers.install(app)
    errors.install(app)
    fragments.install(app)
    views.install(app)
    metrics.install(app, site, live.install(app, site))
    return app

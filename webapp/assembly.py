"""Puts the application together, in order."""

from __future__ import annotations

from flask import Flask, current_app, request
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect

from stransfer import folders
from webapp import assets, cookies, door, fragments, headers, live, metrics, rates, secret, words
from webapp import config as configuration
from webapp.addresses import Application
from webapp.config import Config
from webapp.connections import Connections
from webapp.pages import (
    api,
    compare,
    create,
    drafts,
    errors,
    estimates,
    gallery,
    health,
    openapi,
    pictures,
    runs,
    shared,
    you,
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
    cookies.install(
        app, config, secret.load(config.secret_key, config.instance, config.earlier_keys)
    )
    _limit_sizes(app, config)
    assets.install(app, folders.ROOT / "static")
    app.config.update(
        # Visitors leave forms open for days; the mark is bound to their session anyway.
        WTF_CSRF_TIME_LIMIT=None,
        # In this order where a browser takes several; files are sent as streams.
        COMPRESS_ALGORITHM=_COMPRESSIONS,
        COMPRESS_ALGORITHM_STREAMING=_COMPRESSIONS,
    )
    csrf = CSRFProtect(app)
    # What changes anything there needs a token, which no browser sends by itself.
    csrf.exempt(api.blueprint)
    site = Site.install(app, Services.of(config))
    site.services.database.migrate()
    site.services.media.check()
    pages = (create, drafts, gallery, runs, compare, shared, pictures, you, health, metrics_page)
    for page in (*pages, api, estimates, openapi):
        app.register_blueprint(page.blueprint)
    Compress(app)
    headers.install(app, config)
    errors.install(app)
    fragments.install(app)
    words.install(app)
    counted = rates.install(app, config)
    connections = Connections(config)
    metrics.install(app, site, live.install(app, site, counted, connections), connections)
    door.install(app, config, counted, connections)
    return app


def _limit_sizes(app: Flask, config: Config) -> None:
    """Take no more of a request than its form needs, except where pictures are brought."""
    app.config.update(
        MAX_CONTENT_LENGTH=config.max_form_kb * 2**10,
        MAX_FORM_MEMORY_SIZE=config.max_form_kb * 2**10,
        MAX_FORM_PARTS=config.max_form_parts,
    )

    @app.before_request
    def allow_pictures() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        brings_pictures = any(limit.rate is rates.UPLOADS for limit in rates.limits_of(view))
        # In forms of another kind all is text, and is read at once.
        if brings_pictures and request.mimetype == "multipart/form-data":
            request.max_content_length = config.max_request_mb * 2**20

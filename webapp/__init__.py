"""The site: pages, live updates, runs, and the processes that serve them.

Reading order: `config`, `services`, `records`, `runs`, `site`, `pages`, `relay`, `live`, `cli`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from webapp.config import Config


def create_app(config: Config | None = None) -> Flask:
    """Assemble the Flask application; raises ConfigError if it cannot be configured so."""
    from webapp.assembly import assemble

    return assemble(config)

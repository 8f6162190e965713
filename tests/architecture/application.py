"""The composed app without a database behind it, for looking at its routes."""

import os

from apiflask import APIFlask


def application() -> APIFlask:
    """The portal as production composes it; its database is never asked."""
    os.environ.setdefault("ENVIRONMENT", "test")
    os.environ.setdefault("SECRET_KEY", "x" * 32)
    os.environ.setdefault("DATA_KEY", "x" * 32)
    os.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    from core.settings import Settings
    from portal.factory import create_app

    return create_app(Settings())

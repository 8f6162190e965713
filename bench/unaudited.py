"""The portal without its audit, only to measure what the audit costs; never serve it."""

from flask import Flask
from sqlalchemy.orm import Session

from core import audit
from core.audit import Row
from portal.factory import create_app


def make_app() -> Flask:
    """For gunicorn, as ``bench.unaudited:make_app()``."""
    audit.note = _forget
    return create_app()


def _forget(session: Session, event: Row) -> None:
    """In the place of ``core.audit.note``."""

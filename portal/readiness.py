"""Whether this installation can serve: asked by the load balancer."""

from functools import cache
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core import jobs
from core.database import transaction

VERSIONS = Path(__file__).resolve().parent.parent / "migrations" / "versions"
log = structlog.get_logger()


def readiness() -> dict[str, bool]:
    """Each check by name."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        with transaction() as session:
            version = session.scalar(text("SELECT version_num FROM alembic_version"))
            checks["database"] = True
            checks["migrations"] = version == newest_revision()
            checks["worker"] = jobs.worker_alive(session)
    except SQLAlchemyError as error:
        log.warning("readiness.failed", kind=type(error).__name__)
    return checks


@cache
def newest_revision() -> str:
    """The newest revision: their files are numbered (`make check` holds that there is one head)."""
    return max(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))

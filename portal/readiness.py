"""Whether this installation can serve: asked by the load balancer."""

from functools import cache
from pathlib import Path

import structlog
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core import jobs
from core.database import transaction

ROOT = Path(__file__).resolve().parent.parent
log = structlog.get_logger()


def readiness() -> dict[str, bool]:
    """Each check by name."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        with transaction() as session:
            version = session.scalar(text("SELECT version_num FROM alembic_version"))
            checks["database"] = True
            checks["migrations"] = version == _head()
            checks["worker"] = jobs.worker_alive(session)
    except SQLAlchemyError as error:
        log.warning("readiness.failed", kind=type(error).__name__)
    return checks


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini"))).get_current_head()

"""In service or not: how things leave service and come back, with their history."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core import clock, history
from core.access import Actor
from core.errors import Conflict
from core.messages import N_
from directory.models import Institution
from directory.schemas import Kind


def take_out(session: Session, actor: Actor, kind: Kind, row: Any, version: int) -> None:
    """Take ``row`` out of service. Raises Conflict ``stale_version``."""
    if row.disabled_at is None:
        _set(session, actor, kind, row, version, {"disabled_at": clock.now()}, disabled=True)


def take_back(session: Session, actor: Actor, kind: Kind, row: Any, version: int) -> None:
    """Take ``row`` back into service. Raises Conflict ``stale_version``."""
    if row.disabled_at is not None:
        _set(session, actor, kind, row, version, {"disabled_at": None}, disabled=False)


def require_in_service(institution: Institution) -> None:
    """Nothing is opened at an institution that is closed. Raises Conflict."""
    if institution.disabled:
        raise Conflict(
            "institution_disabled", N_("这家机构已停用，请先恢复使用，再在它下面新增内容。")
        )


def _set(
    session: Session,
    actor: Actor,
    kind: Kind,
    row: Any,
    version: int,
    values: Mapping[str, object],
    *,
    disabled: bool,
) -> None:
    shown = {"disabled_at": ("disabled", not disabled, disabled)}
    history.change(session, actor, kind, row, version, values, shown)

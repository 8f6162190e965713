"""Use cases of an institution's rule."""

from collections.abc import Mapping
from datetime import time
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.models import Rule
from appointments.ports import usual_rules
from appointments.queries.schedule import schedule_of
from appointments.schemas import ChangeRules, RulesView, SupplyAction, SupplySubject, UsualRules
from core import history
from core.access import Actor, require
from core.errors import NotFound
from directory.public import get_institution


def begin_bookings(session: Session, actor: Actor, institution_id: UUID) -> RulesView:
    """Let an institution take bookings, by the region's usual rules; one that does keeps its own.

    Raises NotFound or Denied.
    """
    institution = get_institution(session, institution_id)
    require(session, actor, SupplyAction.CHANGE_RULES, schedule_of(institution))
    usual = usual_rules()
    values = stored_values(usual) if usual else {}
    given = insert(Rule).values(institution_id=institution_id, **values)
    session.execute(given.on_conflict_do_nothing())
    return RulesView.model_validate(session.get_one(Rule, institution_id))


def change_rules(
    session: Session, actor: Actor, institution_id: UUID, command: ChangeRules
) -> RulesView:
    """Set all limits for sessions that are opened later.

    Raises NotFound, Denied, or Conflict ``stale_version``.
    """
    institution = get_institution(session, institution_id)
    require(session, actor, SupplyAction.CHANGE_RULES, schedule_of(institution))
    row = session.get(Rule, institution_id)
    if row is None:
        raise NotFound()
    values = stored_values(command)
    shown = shown_values(row, values)
    history.change(session, actor, SupplySubject.RULE, row, command.version, values, shown)
    return RulesView.model_validate(row)


def stored_values(rules: UsualRules) -> dict[str, Any]:
    """Limits as the rule's columns keep them."""
    by_kind = {kind.value: own.stored for kind, own in rules.by_kind.items() if own.stored}
    return {**rules.model_dump(exclude={"version", "by_kind"}), "by_kind": by_kind}


def shown_values(row: object, values: Mapping[str, Any]) -> dict[str, history.Shown]:
    """How a history shows the times of a rule, and what differs by kind."""
    shown: dict[str, history.Shown] = {
        name: (name, _clock(getattr(row, name)), _clock(value))
        for name, value in values.items()
        if isinstance(value or getattr(row, name), time)
    }
    if "by_kind" in values:
        before = getattr(row, "by_kind", None) or {}
        shown["by_kind"] = ("by_kind", _lines(before), _lines(values["by_kind"]))
    return shown


def _clock(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"


def _lines(by_kind: dict[str, Any]) -> list[str]:
    """What differs by kind, as a history shows it."""
    return [
        " ".join((kind, *(str(value) for value in own.values())))
        for kind, own in sorted(by_kind.items())
    ]

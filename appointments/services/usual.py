"""The region's own rules, brought to a portal that has run with others or with none.

What nobody changed follows the region; what an administrator changed stays, whatever the region
says now. For the operator at the console, so no policy is asked; each change has its history.
"""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.models import ConductRule, Rule
from appointments.schemas import SupplySubject
from appointments.services.review import CONDUCT_RULE
from appointments.services.rules import shown_values
from core import history
from core.access import Actor
from core.ids import new_id


class Brought(StrEnum):
    """What became of a rule that was brought."""

    MADE = "made"
    CHANGED = "changed"
    SAME = "same"
    # Another than the region's, by an administrator's hand.
    KEPT = "kept"


def bring_rule(
    session: Session, actor: Actor, institution_id: UUID, values: Mapping[str, object]
) -> Brought:
    """How an institution takes bookings, ``values`` by the names of the rule's columns."""
    given = {"institution_id": institution_id, **values}
    making = insert(Rule).values(given).on_conflict_do_nothing().returning(Rule.institution_id)
    if session.execute(making).first():
        return Brought.MADE
    row = session.get_one(Rule, institution_id, with_for_update=True)
    return _bring(session, actor, SupplySubject.RULE, row, values)


def bring_conduct_rule(
    session: Session, actor: Actor, code: str, values: Mapping[str, object]
) -> Brought:
    """What counts as unusual booking, likewise."""
    given = {"id": new_id(), "code": code, **values}
    making = insert(ConductRule).values(given)
    if session.execute(making.on_conflict_do_nothing().returning(ConductRule.id)).first():
        return Brought.MADE
    query = select(ConductRule).where(ConductRule.code == code).with_for_update()
    row = session.scalars(query).one()
    return _bring(session, actor, CONDUCT_RULE, row, values)


def _bring(
    session: Session,
    actor: Actor,
    subject: str,
    row: Rule | ConductRule,
    values: Mapping[str, object],
) -> Brought:
    """Change a row that is held, unless it is the same or was changed by somebody."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return Brought.SAME
    if history.by_somebody(session, subject, row.id):
        return Brought.KEPT
    history.change(session, actor, subject, row, row.version, values, shown_values(row, values))
    return Brought.CHANGED

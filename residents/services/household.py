"""Ending that an adult acts for a child by living with it: at once, by a parent's objection, by the
adult themself, or by staff who saw a document.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Invalid, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from residents.events import HouseholdActingEnded
from residents.models import HouseholdBar
from residents.queries.household import (
    acting_resource,
    adults_of,
    bound_to,
    child_of,
    household_acting,
    parents_of,
)
from residents.schemas import BarSide, EndHouseholdActing, HouseholdActing, HouseholdAction

MISSING = {
    "reason": N_("请写明原因。"),
    "paper": N_("请选择看到的证件。"),
    "paper_number": N_("请填写证件或文书的号码。"),
}


def end_household_acting(
    session: Session, actor: Actor, person_id: UUID, adult_id: UUID, command: EndHouseholdActing
) -> HouseholdActing:
    """The adult acts for the child no more by household; ended twice is once. Who is bound by a
    document is not ended here.

    Raises NotFound, Denied, Invalid (staff without reason or document).
    """
    child = child_of(session, person_id)
    home, bound = adults_of(session, child), bound_to(session, child)
    resource = acting_resource(session, child, home, bound, adult_id)
    require(session, actor, HouseholdAction.END, resource)
    if adult_id not in {each.id for each in home}:
        ended = select(HouseholdBar.id).where(
            HouseholdBar.person_id == child.id, HouseholdBar.adult_id == adult_id
        )
        if session.scalar(ended) is None:
            raise NotFound()
        return household_acting(session, actor, child.id)
    side = _side(actor, adult_id, parents_of(child, home, bound))
    missing = {name: said for name, said in MISSING.items() if getattr(command, name) is None}
    if side is BarSide.STAFF and missing:
        raise Invalid("bad_ending", fields=missing)
    made = session.scalar(
        insert(HouseholdBar)
        .values(
            id=new_id(),
            person_id=child.id,
            adult_id=adult_id,
            side=side.value,
            **command.model_dump(),
            ended_at=clock.now(),
            ended_by=actor.account_id,
            ended_by_name=actor.name,
        )
        .on_conflict_do_nothing()
        .returning(HouseholdBar.id)
    )
    if made is not None:
        publish(session, HouseholdActingEnded(bar_id=made))
    if side is BarSide.SELF:
        # Whoever gave it up sees the child's affairs no more.
        return HouseholdActing(person_id=child.id, name=child.name, adults=[])
    return household_acting(session, actor, child.id)


def _side(actor: Actor, adult_id: UUID, parents: set[UUID]) -> BarSide:
    if adult_id == actor.person_id:
        return BarSide.SELF
    return BarSide.PARENT if actor.person_id in parents else BarSide.STAFF

"""Another place for a booking: from which pools one may be taken, by who looks for it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from appointments.queries.desk import callers_rule
from appointments.queries.offers import SLOT, find_alternatives, has_place
from appointments.schemas import FURTHEST_DAYS, BookingView, DayOffer, Pool, SlotState, SlotView
from core import clock
from core.access import Actor, Role
from residents.public import care_units, contracted, may_act, people_by_id
from residents.schemas import Scope, age_on

OPEN = (SlotState.FREE, SlotState.FULL)
NEVER = (SlotState.STOPPED, SlotState.OUT_OF_SERVICE)


class Way(StrEnum):
    """As what somebody looks for a place: as the patient or their family, as the team that cares
    for them, or at the hospital's desk.
    """

    OWN = "own"
    CARE = "care"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the policies give to whom looks: ``contracted`` is whether the patient has a family
    doctor; a place of the elderly's is for who is of ``least_age`` on its day.
    """

    way: Way
    contracted: bool = False
    born: date | None = None
    least_age: int = 0

    @property
    def such(self) -> ColumnElement[bool]:
        """The condition of slots with a place for them."""
        if self.way is Way.CARE:
            returned = and_(has_place(Pool.PUBLIC), SLOT.c.reserved_until <= clock.now())
            return or_(has_place(Pool.FAMILY_DOCTOR), returned)
        if self.way is Way.DESK:
            old = self._old_enough(clock.today() + timedelta(days=FURTHEST_DAYS))
            onsite = has_place(Pool.ONSITE)
            return or_(onsite, has_place(Pool.ELDERLY)) if old else onsite
        public = has_place(Pool.PUBLIC)
        return or_(public, has_place(Pool.FAMILY_DOCTOR)) if self.contracted else public

    def place(self, slot: SlotView) -> tuple[Pool, int]:
        """From which pool they take a place of this slot now, and how many there are."""
        if self.way is Way.CARE:
            return slot.for_care
        if self.way is Way.DESK:
            return self._at_desk(slot)
        if self.contracted and slot.kept and slot.state is not SlotState.FREE:
            return Pool.FAMILY_DOCTOR, slot.kept
        return Pool.PUBLIC, slot.remaining if slot.state is SlotState.FREE else 0

    def on_day(self, day: DayOffer) -> DayOffer:
        """The day with what is free for them."""
        if self.way is Way.CARE:
            return day.model_copy(update={"free": day.care})
        if self.way is Way.DESK:
            elderly = day.elderly if self._old_enough(day.date) else 0
            return day.model_copy(update={"free": day.onsite + elderly})
        return day

    def _at_desk(self, slot: SlotView) -> tuple[Pool, int]:
        today = slot.date == clock.today() and slot.ends_at > clock.now()
        if slot.onsite and today and slot.state not in NEVER:
            return Pool.ONSITE, slot.onsite
        given = slot.state in OPEN and self._old_enough(slot.date)
        return Pool.ELDERLY, slot.elderly if given else 0

    def _old_enough(self, day: date) -> bool:
        return self.born is not None and age_on(self.born, day) >= self.least_age


def way_of(session: Session, actor: Actor, person_id: UUID) -> Way:
    """As what the actor, who may change a booking of this patient, does so."""
    if may_act(session, actor, person_id, Scope.BOOK):
        return Way.OWN
    teams = actor.units(Role.LEADER, Role.MEMBER)
    return Way.CARE if teams & set(care_units(session, person_id)) else Way.DESK


def choice_of(session: Session, actor: Actor, booking: BookingView) -> Choice:
    """From where the actor may take another place for the patient of a booking."""
    way = way_of(session, actor, booking.person_id)
    if way is Way.OWN:
        return Choice(way, contracted=bool(contracted(session, [booking.person_id])))
    if way is Way.CARE:
        return Choice(way)
    born = people_by_id(session, [booking.person_id])[booking.person_id].birth_date
    rule = callers_rule(session, booking.institution_id)
    return Choice(way, born=born, least_age=rule.least_age)


def find_elsewhere(session: Session, former: BookingView, choice: Choice) -> list[SlotView]:
    """The nearest slots with a place for a booking that was stopped, for this who looks."""
    found = find_alternatives(
        session, former.department_id, former.kind, former.starts_at, choice.such
    )
    return [slot for slot in found if choice.place(slot)[1]]

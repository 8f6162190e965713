"""What the desk needs to give out a place: the patient, and the slots with its own places."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from appointments.models import Rule
from appointments.queries.bookings import units_of
from appointments.queries.offers import CLINIC, CLINIC_COLUMNS, IN_SERVICE, SLOT
from appointments.schemas import DeskAction, DeskPatient, DeskSlot, FindPatient, Pool
from core import clock
from core.access import Actor, Resource, require
from core.crypto import blind_index
from core.errors import NotFound
from directory.schemas import InstitutionView
from residents.public import Household, Person

PATIENT, HOUSEHOLD = Person.__table__, Household.__table__
# More people of one name and one end of a number than this are told apart by their papers only.
MOST_FOUND = 5


def find_patients(
    session: Session, actor: Actor, institution: InstitutionView, command: FindPatient
) -> list[DeskPatient]:
    """The people of exactly this name whose ID number ends so. Raises Denied."""
    _allow(session, actor, institution, None)
    query = _patients(
        PATIENT.c.name == command.name,
        PATIENT.c.id_tail_index == blind_index(command.tail.upper(), "id-tail"),
    )
    rows = session.execute(query.order_by(PATIENT.c.birth_date).limit(MOST_FOUND)).all()
    for row in rows:
        # So that each of them can see who looked for them.
        _allow(session, actor, institution, row.id)
    return [DeskPatient.model_validate(row) for row in rows]


def get_patient(
    session: Session, actor: Actor, institution: InstitutionView, person_id: UUID
) -> DeskPatient:
    """The one chosen of those found; the audit names whom. Raises NotFound or Denied."""
    _allow(session, actor, institution, person_id)
    row = session.execute(_patients(PATIENT.c.id == person_id)).one_or_none()
    if row is None:
        raise NotFound()
    return DeskPatient.model_validate(row)


def desk_slots(session: Session, institution_id: UUID, day: date, pool: Pool) -> list[DeskSlot]:
    """The slots of a day in which the desk can still give a place of ``pool``, by department,
    clinic and time. Schedules are public; the booking itself asks the policy.
    """
    now = clock.now()
    # As the booking statement has it (services/places.py): walk-ins come while the slot lasts.
    if pool is Pool.ONSITE:
        takable = and_(SLOT.c.onsite > 0, SLOT.c.date == clock.today(), SLOT.c.ends_at > now)
    else:
        takable = and_(SLOT.c.elderly > 0, SLOT.c.opens_at <= now, SLOT.c.closes_at > now)
    query = (
        select(
            SLOT.c.id,
            SLOT.c.session_id,
            SLOT.c.date,
            SLOT.c.starts_at,
            SLOT.c.ends_at,
            SLOT.c.onsite,
            SLOT.c.elderly,
            CLINIC.c.half_day,
            *CLINIC_COLUMNS,
        )
        .join_from(SLOT, CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(
            SLOT.c.institution_id == institution_id,
            SLOT.c.date == day,
            CLINIC.c.stopped_at.is_(None),
            takable,
            IN_SERVICE,
        )
        .order_by(
            CLINIC.c.department_name,
            CLINIC.c.half_day.desc(),
            CLINIC.c.clinic_name,
            SLOT.c.session_id,
            SLOT.c.starts_at,
        )
    )
    return [DeskSlot.model_validate(row) for row in session.execute(query)]


class CallersRule(NamedTuple):
    """From which age on the day of the visit a place of the elderly's pool is given, 0 where
    anybody may have one; and how many days ahead, for the kind that reaches furthest.
    """

    least_age: int
    days: int


def callers_rule(session: Session, institution_id: UUID) -> CallersRule:
    """How an institution gives places to those who call; where it gives none, for today."""
    query = select(Rule.elderly_age, Rule.horizon_days, Rule.by_kind)
    row = session.execute(query.where(Rule.institution_id == institution_id)).one_or_none()
    if row is None:
        return CallersRule(0, 0)
    own = (kind.get("horizon_days", 0) for kind in (row.by_kind or {}).values())
    return CallersRule(row.elderly_age, max((row.horizon_days, *own)))


def _allow(
    session: Session, actor: Actor, institution: InstitutionView, person_id: UUID | None
) -> None:
    units = units_of(institution.id, institution.division_code)
    desk = Resource("DayList", str(institution.id), person_id, units)
    require(session, actor, DeskAction.FIND_PATIENT, desk)


def _patients(*found: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return (
        select(
            PATIENT.c.id,
            PATIENT.c.name,
            PATIENT.c.sex,
            PATIENT.c.birth_date,
            HOUSEHOLD.c.village_name,
        )
        .outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PATIENT.c.household_id)
        .where(*found)
    )

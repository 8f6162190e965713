"""Who in a team looks after whom: the conditions for lists, what a handover would move, loads."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from core import clock
from core.searching import contains
from directory.public import on_roster
from family_doctor.models import Absence, Assignment, Contract, Handover, Obligation
from family_doctor.schemas import AbsenceView, Carer, Giver, Selection
from family_doctor.states import IN_FORCE
from residents.public import Household, Person, matches

CONTRACT: Final = Contract.__table__
PERSON, HOUSEHOLD = Person.__table__, Household.__table__
CARE: Final = Assignment.__table__
PROMISE = Obligation.__table__
# The same beside a list that joins it already.
ANY = CARE.alias("any_care")
# Whoever has left the team looks after nobody any more.
IN_TEAM = on_roster(CARE.c.team_id, CARE.c.staff_id)


def current_care(contract_id: Any) -> ColumnElement[bool]:
    """The condition that joins the assignment of now to a contract's id."""
    return and_(CARE.c.contract_id == contract_id, CARE.c.until.is_(None))


def cared_for_by(contract_id: Any, staff_ids: Any) -> ColumnElement[bool]:
    """The condition that one of these looks after the resident of a contract."""
    theirs = ANY.c.staff_id.in_(staff_ids)
    return select(ANY.c.id).where(_any_care(contract_id), theirs).exists()


def nobody_cares(contract_id: Any) -> ColumnElement[bool]:
    """The condition that nobody of the team looks after the resident of a contract."""
    in_team = on_roster(ANY.c.team_id, ANY.c.staff_id)
    return ~select(ANY.c.id).where(_any_care(contract_id), in_team).exists()


def found_by(search: str) -> ColumnElement[bool]:
    """The panel's search, for a query that joins the person and, outer, the household."""
    return or_(matches(search), contains(HOUSEHOLD.c.village_name, search))


def selected(team_id: UUID, selection: Selection) -> Select[*tuple[Any, ...]]:
    """The contracts in force of a team that were chosen: (id, person_id, who looks after them)."""
    query = (
        select(CONTRACT.c.id, CONTRACT.c.person_id, CARE.c.staff_id, CARE.c.staff_name)
        .join_from(CONTRACT, PERSON, PERSON.c.id == CONTRACT.c.person_id)
        .outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PERSON.c.household_id)
        .outerjoin(CARE, current_care(CONTRACT.c.id))
        .where(CONTRACT.c.team_id == team_id, CONTRACT.c.state.in_(IN_FORCE))
    )
    if selection.contract_ids:
        query = query.where(CONTRACT.c.id.in_(selection.contract_ids))
    if selection.member_id:
        query = query.where(CARE.c.staff_id == selection.member_id)
    if selection.unassigned:
        query = query.where(or_(CARE.c.id.is_(None), ~IN_TEAM))
    if selection.village:
        query = query.where(HOUSEHOLD.c.village_name == selection.village)
    if selection.search:
        query = query.where(found_by(selection.search))
    return query


def moving(
    team_id: UUID, selection: Selection, to_staff_id: UUID | None
) -> Select[*tuple[Any, ...]]:
    """Those of the chosen whom the receiver does not have yet."""
    query = selected(team_id, selection)
    if to_staff_id is None:
        return query
    return query.where(CARE.c.staff_id.is_distinct_from(to_staff_id))


def givers(
    session: Session, team_id: UUID, selection: Selection, to_staff_id: UUID | None
) -> list[Giver]:
    """From whom how many of the chosen would move, the most first; one statement whatever their
    number. The caller has asked the policy.
    """
    moved = moving(team_id, selection, to_staff_id).subquery()
    query = (
        select(
            moved.c.staff_id,
            moved.c.staff_name.label("name"),
            func.count().label("residents"),
            func.count().filter(late(moved.c.id)).label("overdue"),
        )
        .group_by(moved.c.staff_id, moved.c.staff_name)
        .order_by(func.count().desc(), moved.c.staff_name)
    )
    return [Giver.model_validate(row) for row in session.execute(query)]


class Share(NamedTuple):
    """How many residents of a village somebody of a team looks after, or nobody or one who left
    (``in_team`` is false); ``overdue`` of them have services that are late.
    """

    staff_id: UUID | None
    name: str | None
    village_name: str
    in_team: bool
    residents: int
    overdue: int


def shares(session: Session, team_id: UUID) -> list[Share]:
    """A team's residents by who looks after them and where they live; with one statement. The
    caller has asked the policy.
    """
    village = func.coalesce(HOUSEHOLD.c.village_name, literal("")).label("village_name")
    in_team = and_(CARE.c.id.is_not(None), IN_TEAM).label("in_team")
    keys = (CARE.c.staff_id, CARE.c.staff_name, village, in_team)
    query = (
        select(*keys, func.count(), func.count().filter(late(CONTRACT.c.id)))
        .join_from(CONTRACT, PERSON, PERSON.c.id == CONTRACT.c.person_id)
        .outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PERSON.c.household_id)
        .outerjoin(CARE, current_care(CONTRACT.c.id))
        .where(CONTRACT.c.team_id == team_id, CONTRACT.c.state.in_(IN_FORCE))
        .group_by(*keys)
        .order_by(func.count().desc(), village)
    )
    return [Share(*row) for row in session.execute(query)]


def count_unassigned(session: Session, team_id: UUID) -> int:
    """How many residents of a team have nobody. The caller has asked the policy."""
    query = select(func.count()).where(
        CONTRACT.c.team_id == team_id,
        CONTRACT.c.state.in_(IN_FORCE),
        nobody_cares(CONTRACT.c.id),
    )
    return session.scalar(query) or 0


def find_carer(session: Session, contract_id: UUID) -> Carer | None:
    """Who looks after the resident of a contract, and who stands in for them today; one statement.
    The note is the team's: whoever shows it to the resident leaves it out. The caller has asked.
    """
    today = clock.today()
    away = and_(
        Absence.team_id == Assignment.team_id,
        Absence.staff_id == Assignment.staff_id,
        Absence.ended_at.is_(None),
        Absence.starts_on <= today,
        Absence.ends_on >= today,
    )
    query = (
        select(
            Assignment,
            Handover,
            Absence,
            on_roster(Assignment.team_id, Assignment.staff_id).label("in_team"),
        )
        .join(Handover, Handover.id == Assignment.handover_id)
        .outerjoin(Absence, away)
        .where(Assignment.contract_id == contract_id, Assignment.until.is_(None))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    care, handover, absence = row[0], row[1], row[2]
    return Carer(
        staff_id=care.staff_id,
        name=care.staff_name,
        since=care.since,
        left=not row.in_team,
        note=handover.note,
        by_name=handover.by_name,
        absence=AbsenceView.model_validate(absence) if absence else None,
    )


def carer_columns() -> tuple[ColumnElement[Any], ...]:
    """Who looks after a row's resident, for lists that join ``CARE`` by ``current_care``."""
    return CARE.c.staff_id.label("carer_id"), CARE.c.staff_name.label("carer_name")


def _any_care(contract_id: Any) -> ColumnElement[bool]:
    return and_(ANY.c.contract_id == contract_id, ANY.c.until.is_(None))


def late(contract_id: Any) -> ColumnElement[bool]:
    """The condition that a contract has a service that is late."""
    return (
        select(PROMISE.c.id)
        .where(
            PROMISE.c.contract_id == contract_id,
            PROMISE.c.done_at.is_(None),
            PROMISE.c.excused_at.is_(None),
            PROMISE.c.late_after < clock.today(),
        )
        .exists()
    )

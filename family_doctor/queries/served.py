"""The served index: kept of due in a period, and confirmed by the residents. One statement each."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from directory.public import get_team, institution_choices, teams_by_id, unit_path
from family_doctor.models import Contract, Obligation
from family_doctor.queries.promises import kept_in_time
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import PlanAction, ServedIndex, ServedSearch, TeamIndex
from service_packs.public import ServiceRecord
from service_packs.schemas import RecordState

# What was excused counts nowhere.
NOT_EXCUSED = Obligation.excused_at.is_(None)


def period_of(search: ServedSearch) -> tuple[date, date]:
    """The period asked for; this year so far unless given, never beyond today."""
    today = clock.today()
    end = min(search.end or today, today)
    return min(search.start or end.replace(month=1, day=1), end), end


def index_of_contract(session: Session, contract_id: UUID) -> ServedIndex:
    """A contract's index so far. The caller has asked the policy."""
    query = _counts().where(Obligation.contract_id == contract_id, _due_by(clock.today()))
    return ServedIndex.model_validate(session.execute(query).one())


def index_of_team(
    session: Session, actor: Actor, team_id: UUID, search: ServedSearch
) -> ServedIndex:
    """A team's index in a period. Raises NotFound or Denied."""
    team = get_team(session, team_id)
    units = panel_resource(team).units
    require(
        session, actor, PlanAction.READ_SERVED, Resource("ServedTeams", str(team_id), None, units)
    )
    query = _counts().where(Obligation.team_id == team_id, *_within(search))
    return ServedIndex.model_validate(session.execute(query).one())


def list_served(
    session: Session, actor: Actor, institution_id: UUID, search: ServedSearch
) -> list[TeamIndex]:
    """The index of each team of an institution in a period, lowest first; teams that owed nothing
    have no row. Raises NotFound or Denied.
    """
    unit = str(institution_id)
    units = unit_path(session, unit)
    if units == (unit,):
        raise NotFound()
    place = Resource("ServedTeams", unit, None, units)
    require(session, actor, PlanAction.READ_SERVED, place)
    query = (
        _counts(Obligation.team_id)
        .join(Contract, Contract.id == Obligation.contract_id)
        .where(Contract.institution_id == institution_id, *_within(search))
        .group_by(Obligation.team_id)
    )
    rows = session.execute(query).all()
    names = teams_by_id(session, {row.team_id for row in rows})
    found = [
        TeamIndex(
            due=row.due,
            kept=row.kept,
            late=row.late,
            confirmed=row.confirmed,
            team_id=row.team_id,
            team_name=names[row.team_id].name,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.index or 0, each.team_name))


def institutions_measured(session: Session, actor: Actor) -> list[tuple[UUID, str]]:
    """The institutions within the administrator's units that have signed residents, by name."""
    return institution_choices(session, actor, select(Contract.institution_id))


def institution_asked(measured: Sequence[tuple[UUID, str]], asked: UUID | None) -> UUID:
    """The institution asked for, or the first that can be. Raises NotFound where there is none."""
    if asked is None and not measured:
        raise NotFound()
    return asked or measured[0][0]


def due_between(start: date, end: date) -> ColumnElement[bool]:
    """The condition that an obligation counts in the index of these days, both included."""
    return Obligation.due_on.between(start, end)


def _counts(*more: Any) -> Select[*tuple[Any, ...]]:
    kept = kept_in_time(Obligation)
    confirmed = ServiceRecord.state == RecordState.CONFIRMED
    return (
        select(
            func.count().label("due"),
            func.count().filter(kept).label("kept"),
            func.count().filter(Obligation.done_at.is_not(None), ~kept).label("late"),
            func.count().filter(kept, confirmed).label("confirmed"),
            *more,
        )
        .select_from(Obligation)
        .outerjoin(ServiceRecord, ServiceRecord.id == Obligation.service_record_id)
        .where(NOT_EXCUSED)
    )


def _due_by(day: date) -> ColumnElement[bool]:
    return or_(Obligation.due_on <= day, Obligation.done_at.is_not(None))


def _within(search: ServedSearch) -> tuple[ColumnElement[bool], ...]:
    start, end = period_of(search)
    return (due_between(start, end),)

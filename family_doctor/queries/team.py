"""Reads of a team: its places, its day, its applications and its residents."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.paging import Page, PageQuery, read_page
from directory.public import contains, division_path, get_team, teams_by_id
from directory.schemas import TeamView
from family_doctor.models import Contract, Obligation, TeamLoad
from family_doctor.schemas import (
    Action,
    CapacityView,
    Due,
    PanelEntry,
    PanelSearch,
    Progress,
    TeamFigures,
    WorkItem,
    WorkSearch,
)
from family_doctor.states import IN_FORCE, State
from residents.public import GroupMembership, Household, Person, matches

# How many days ahead the work list looks.
HORIZON = timedelta(days=7)
UNSERVED = and_(Obligation.done_at.is_(None), Obligation.excused_at.is_(None))
# What the team can still do: a promise missed under an ended contract stays missed.
OWED = and_(
    UNSERVED,
    Obligation.contract_id.in_(select(Contract.id).where(Contract.state.in_(IN_FORCE))),
)
PERSON = (
    Contract.person_id,
    Person.name,
    Person.sex,
    Person.birth_date,
    func.coalesce(Household.village_name, "").label("village_name"),
)


def panel_resource(team: TeamView) -> Resource:
    """A team's residents and work as the policy sees them."""
    units = (str(team.id), str(team.institution_id), *division_path(team.division_code))
    return Resource("Panel", str(team.id), None, units)


def teams_worked_in(session: Session, actor: Actor) -> list[TeamView]:
    """The teams whose residents the actor may see, by name."""
    ids = {UUID(unit) for unit in actor.units(Role.LEADER, Role.MEMBER) if not unit.isdigit()}
    return sorted(teams_by_id(session, ids).values(), key=lambda team: (team.name, team.id))


def require_team(
    session: Session, actor: Actor, teams: Collection[TeamView], team_id: UUID | None
) -> TeamView:
    """The asked one of the actor's teams, or the first. Raises NotFound or Denied."""
    team = next((each for each in teams if team_id in (None, each.id)), None)
    if team is None and team_id is None:
        raise NotFound()
    team = team or get_team(session, team_id)  # type: ignore[arg-type]  # another's: refused below
    require(session, actor, Action.READ_PANEL, panel_resource(team))
    return team


def taken_places(session: Session, team_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many places of each team are taken, with one statement; zero where none ever was."""
    query = select(TeamLoad.team_id, TeamLoad.taken).where(TeamLoad.team_id.in_(set(team_ids)))
    taken = {row.team_id: row.taken for row in session.execute(query)}
    return {team_id: taken.get(team_id, 0) for team_id in team_ids}


def capacity_of(team: TeamView, taken: int) -> CapacityView:
    """A team's places; a team whose capacity was lowered below what is taken has none left."""
    return CapacityView(
        team_id=team.id,
        capacity=team.capacity,
        taken=taken,
        remaining=max(team.capacity - taken, 0),
    )


def get_capacity(session: Session, team_id: UUID) -> CapacityView:
    """A team's places. Raises NotFound."""
    team = get_team(session, team_id)
    return capacity_of(team, taken_places(session, {team_id})[team_id])


def team_figures(session: Session, team_id: UUID) -> TeamFigures:
    """A team's day, with one statement. The caller has asked the policy."""
    today = clock.today()
    done = Obligation.done_at.is_not(None)
    month = (
        select(
            func.count().label("due_this_month"),
            func.count().filter(done).label("done_this_month"),
            func.count().filter(Obligation.due_on == today).label("due_today"),
            func.count().filter(Obligation.due_on == today, done).label("done_today"),
        )
        .where(
            Obligation.team_id == team_id,
            Obligation.due_on.between(today.replace(day=1), today),
            Obligation.excused_at.is_(None),
        )
        .subquery()
    )
    late = (
        select(func.count().label("overdue"), func.min(Obligation.due_on).label("oldest_overdue"))
        .where(Obligation.team_id == team_id, OWED, Obligation.due_on < today)
        .subquery()
    )
    signing = (
        select(
            func.count().filter(Contract.state == State.APPLIED).label("applications"),
            func.count().filter(Contract.state.in_(IN_FORCE)).label("signed"),
        )
        .where(Contract.team_id == team_id, Contract.state.in_([State.APPLIED, *IN_FORCE]))
        .subquery()
    )
    taken = select(TeamLoad.taken).where(TeamLoad.team_id == team_id).scalar_subquery()
    query = select(month, late, signing, func.coalesce(taken, 0).label("taken")).select_from(
        month.join(late, true()).join(signing, true())
    )
    return TeamFigures.model_validate(session.execute(query).one())


def waiting(session: Session, actor: Actor) -> dict[str, int]:
    """How much waits for the actor's teams, by the page that shows it: services due by today and
    applications. One statement; nothing for one without a team.
    """
    teams = {UUID(unit) for unit in actor.units(Role.LEADER, Role.MEMBER) if not unit.isdigit()}
    if not teams:
        return {}
    due = select(func.count()).where(
        Obligation.team_id.in_(teams), UNSERVED, Obligation.due_on <= clock.today()
    )
    applied = select(func.count()).where(
        Contract.team_id.in_(teams), Contract.state == State.APPLIED
    )
    row = session.execute(select(due.scalar_subquery(), applied.scalar_subquery())).one()
    return {"family_doctor.today": row[0], "family_doctor.applications": row[1]}


def list_work(session: Session, team_id: UUID, search: WorkSearch) -> Page[WorkItem]:
    """What a team has to do: late first, then by date. The caller has asked the policy."""
    order = [Obligation.due_on, Obligation.id]
    query = (
        select(
            Obligation.id.label("obligation_id"),
            Obligation.contract_id,
            Obligation.person_id,
            Person.name,
            Person.sex,
            Person.birth_date,
            func.coalesce(Household.village_name, "").label("village_name"),
            Obligation.item_code,
            Obligation.item_name,
            Obligation.item_name_en,
            Obligation.sequence,
            Obligation.times,
            *order,
        )
        .join(Person, Person.id == Obligation.person_id)
        .outerjoin(Household, Household.id == Person.household_id)
        .where(*_work(team_id, search.due))
    )
    if search.group:
        members = select(GroupMembership.person_id).where(
            GroupMembership.group_code == search.group
        )
        query = query.where(Obligation.person_id.in_(members))
    rows, following = read_page(session, query, order, search)
    return Page(items=[WorkItem.model_validate(row) for row in rows], next_cursor=following)


def due_services(session: Session, person_id: UUID) -> dict[tuple[UUID, str], date]:
    """What may be done for a person now under the contract in force, with the day by which it is
    owed: (entitlement, item code) → day. The caller has asked the policy.
    """
    query = (
        select(Obligation.entitlement_id, Obligation.item_code, func.min(Obligation.due_on))
        .join(Contract, Contract.id == Obligation.contract_id)
        .where(
            Contract.person_id == person_id,
            Contract.state.in_(IN_FORCE),
            UNSERVED,
            Obligation.opens_on <= clock.today(),
        )
        .group_by(Obligation.entitlement_id, Obligation.item_code)
    )
    return {(held, code): due_on for held, code, due_on in session.execute(query)}


def work_by_group(session: Session, team_id: UUID, due: Due | None) -> dict[str, int]:
    """How much there is to do for each population group, and under "" for all together; who is
    in several groups counts in each.
    """
    of_all = select(func.count()).select_from(Obligation).where(*_work(team_id, due))
    of_groups = (
        select(GroupMembership.group_code, func.count())
        .join(Obligation, Obligation.person_id == GroupMembership.person_id)
        .where(*_work(team_id, due))
        .group_by(GroupMembership.group_code)
    )
    everything = select(literal(""), of_all.scalar_subquery())
    rows = session.execute(everything.union_all(of_groups))
    return {row[0]: row[1] for row in rows}


def list_applications(session: Session, team_id: UUID, page: PageQuery) -> Page[PanelEntry]:
    """Applications that wait for the team, oldest first. The caller has asked the policy."""
    order = [Contract.applied_at, Contract.id]
    query = _entries(*order).where(Contract.team_id == team_id, Contract.state == State.APPLIED)
    rows, following = read_page(session, query, order, page)
    return Page(items=[PanelEntry.model_validate(row) for row in rows], next_cursor=following)


def list_panel(session: Session, team_id: UUID, search: PanelSearch) -> Page[PanelEntry]:
    """A team's signed residents by name. The caller has asked the policy."""
    order = [Person.name, Contract.id]
    query = _entries(*order).where(Contract.team_id == team_id, Contract.state.in_(IN_FORCE))
    if search.search:
        village = contains(Household.village_name, search.search)
        query = query.where(or_(matches(search.search), village))
    rows, following = read_page(session, query, order, search)
    return Page(items=[PanelEntry.model_validate(row) for row in rows], next_cursor=following)


def progress_of(session: Session, contract_ids: Collection[UUID]) -> dict[UUID, Progress]:
    """What was kept of what was due by today in each contract, with one statement."""
    today = clock.today()
    done = Obligation.done_at.is_not(None)
    query = (
        select(
            Obligation.contract_id,
            func.count().filter(done).label("done"),
            func.count().filter(or_(done, Obligation.due_on <= today)).label("due"),
            func.count().filter(UNSERVED, Obligation.due_on < today).label("overdue"),
            func.count().label("total"),
        )
        .where(Obligation.contract_id.in_(set(contract_ids)), Obligation.excused_at.is_(None))
        .group_by(Obligation.contract_id)
    )
    rows = {row.contract_id: Progress.model_validate(row) for row in session.execute(query)}
    return {contract_id: rows.get(contract_id, Progress()) for contract_id in contract_ids}


def _entries(*order: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Contract.id.label("contract_id"),
            *PERSON,
            Contract.state,
            Contract.channel,
            Contract.applied_at,
            Contract.ends_on,
            *order,
        )
        .join(Person, Person.id == Contract.person_id)
        .outerjoin(Household, Household.id == Person.household_id)
    )


def _work(team_id: UUID, due: Due | None) -> list[ColumnElement[bool]]:
    """Conditions on obligations: a team's open ones within the horizon, or a part of them."""
    conditions = [Obligation.team_id == team_id, OWED]
    return [*conditions, *_due(due, clock.today())]


def _due(due: Due | None, today: date) -> list[ColumnElement[bool]]:
    if due is Due.OVERDUE:
        return [Obligation.due_on < today]
    if due is Due.TODAY:
        return [Obligation.due_on == today]
    if due is Due.SOON:
        return [Obligation.due_on > today, Obligation.due_on <= today + HORIZON]
    return [Obligation.due_on <= today + HORIZON]

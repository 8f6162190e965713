"""Reads of a team: its places, its day and its residents."""

from collections.abc import Collection
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.paging import Listing, Page
from core.waiting import Waiting
from directory.public import division_path, get_team, teams_by_id
from directory.schemas import TeamView
from family_doctor.models import Contract, FollowUp, NormRow, Obligation, TeamLoad
from family_doctor.queries.assignments import (
    CARE,
    cared_for_by,
    carer_columns,
    current_care,
)
from family_doctor.queries.desks import away_as_value, own_staff
from family_doctor.queries.disputes import waiting_for
from family_doctor.queries.promises import kept_in_time
from family_doctor.queries.rules import per_doctor, places
from family_doctor.queries.waiting_proposals import proposals_waiting
from family_doctor.queries.waiting_refills import first_refills, refills_waiting
from family_doctor.schemas import (
    Action,
    CapacityView,
    Due,
    Progress,
    TeamFigures,
    WorkItem,
    WorkSearch,
)
from family_doctor.states import IN_FORCE, State
from residents.public import GroupMembership, Household, Person

# How many days ahead the work list looks.
HORIZON = timedelta(days=7)
# Statements on the tables themselves, built once: the team's pages ask them all day.
OBLIGATION, CONTRACT = Obligation.__table__, Contract.__table__
PERSON, HOUSEHOLD, MEMBERSHIP = (table.__table__ for table in (Person, Household, GroupMembership))
TEAM, TODAY = bindparam("team", type_=Uuid()), bindparam("today", type_=Date())
UNSERVED = and_(OBLIGATION.c.done_at.is_(None), OBLIGATION.c.excused_at.is_(None))
# What the team can still do: a promise missed under an ended contract stays missed. The team is
# named of the contracts too, so that not those of the whole region are read.
OWED = and_(
    UNSERVED,
    OBLIGATION.c.contract_id.in_(
        select(CONTRACT.c.id).where(CONTRACT.c.team_id == TEAM, CONTRACT.c.state.in_(IN_FORCE))
    ),
)
STAFF = bindparam("staff", expanding=True, type_=Uuid())
TEAMS = bindparam("teams", expanding=True, type_=Uuid())
WAITING = {
    "family_doctor.today": select(func.count())
    .where(OBLIGATION.c.team_id.in_(TEAMS), UNSERVED, OBLIGATION.c.due_on <= TODAY)
    .scalar_subquery(),
    "family_doctor.applications": select(func.count())
    .where(CONTRACT.c.team_id.in_(TEAMS), CONTRACT.c.state == State.APPLIED)
    .scalar_subquery(),
    "family_doctor_disputes.of_team": waiting_for(TEAMS),
    "family_doctor_prescriptions.of_team": refills_waiting(TEAMS),
    "family_doctor_proposals.of_team": proposals_waiting(TEAMS),
}
HAS_FORM = (
    select(NormRow.code)
    .where(
        NormRow.item_code == OBLIGATION.c.item_code, NormRow.document["form"].astext.is_not(None)
    )
    .exists()
    .label("has_form")
)
VILLAGE = func.coalesce(HOUSEHOLD.c.village_name, "").label("village_name")


def entries(*more: Any) -> Select[*tuple[Any, ...]]:
    """Contracts with whose they are and who looks after them, as the team's lists show them."""
    return (
        select(
            CONTRACT.c.id.label("contract_id"),
            CONTRACT.c.person_id,
            PERSON.c.name,
            PERSON.c.sex,
            PERSON.c.birth_date,
            VILLAGE,
            CONTRACT.c.state,
            CONTRACT.c.channel,
            CONTRACT.c.applied_at,
            CONTRACT.c.ends_on,
            CONTRACT.c.kind,
            *carer_columns(),
            *more,
        )
        .join_from(CONTRACT, PERSON, PERSON.c.id == CONTRACT.c.person_id)
        .outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PERSON.c.household_id)
        .outerjoin(CARE, current_care(CONTRACT.c.id))
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


def get_capacity(session: Session, team_id: UUID) -> CapacityView:
    """A team's places. Raises NotFound."""
    team = get_team(session, team_id)
    return places(session, [team])[team_id]


def team_figures(
    session: Session,
    team_id: UUID,
    institution_id: UUID | None = None,
    account_id: UUID | None = None,
) -> TeamFigures:
    """A team's day, with one statement; without its institution the region's rule says how many
    residents a doctor may have. ``staff_id`` is that of the account. The caller has asked the
    policy.
    """
    today = clock.today()
    values = {
        "team": team_id,
        "institution": institution_id,
        "account": account_id,
        "today": today,
        "month": today.replace(day=1),
        "zone": clock.zone().key,
    }
    return TeamFigures.model_validate(session.execute(FIGURES, values).one())


def _figures() -> Select[*tuple[Any, ...]]:
    done, due_on = OBLIGATION.c.done_at.is_not(None), OBLIGATION.c.due_on
    kept = kept_in_time(OBLIGATION, bindparam("zone", type_=Text()))
    month = (
        select(
            func.count().label("due_this_month"),
            func.count().filter(kept).label("done_this_month"),
            func.count().filter(due_on == TODAY).label("due_today"),
            func.count().filter(due_on == TODAY, done).label("done_today"),
        )
        .where(
            OBLIGATION.c.team_id == TEAM,
            due_on.between(bindparam("month", type_=Date()), TODAY),
            OBLIGATION.c.excused_at.is_(None),
        )
        .subquery()
    )
    late = (
        select(func.count().label("overdue"), func.min(due_on).label("oldest_overdue"))
        .where(OBLIGATION.c.team_id == TEAM, OWED, OBLIGATION.c.late_after < TODAY)
        .subquery()
    )
    state = CONTRACT.c.state
    signing = (
        select(
            func.count().filter(state == State.APPLIED).label("applications"),
            func.count().filter(state.in_(IN_FORCE)).label("signed"),
        )
        .where(CONTRACT.c.team_id == TEAM, state.in_([State.APPLIED, *IN_FORCE]))
        .subquery()
    )
    taken = select(TeamLoad.taken).where(TeamLoad.team_id == TEAM).scalar_subquery()
    return select(
        month,
        late,
        signing,
        func.coalesce(taken, 0).label("taken"),
        per_doctor(bindparam("institution", type_=Uuid())).label("per_doctor"),
        _urgent().label("urgent"),
        own_staff().label("staff_id"),
        away_as_value().label("away"),
        refills_waiting([TEAM]).label("refills"),
        first_refills(TEAM).label("first_refills"),
    ).select_from(month.join(late, true()).join(signing, true()))


def _urgent() -> Any:
    """Emergencies of the team that nobody has seen to, as one value."""
    entry = func.json_build_object(
        "id", FollowUp.id, "name", PERSON.c.name, "performed_at", FollowUp.performed_at
    )
    return (
        select(func.coalesce(func.json_agg(entry), text("'[]'::json")))
        .join_from(FollowUp, PERSON, PERSON.c.id == FollowUp.person_id)
        .where(FollowUp.team_id == TEAM, FollowUp.emergency, FollowUp.seen_at.is_(None))
        .scalar_subquery()
    )


FIGURES = _figures()


def waiting(actor: Actor) -> Waiting:
    """How much waits for the actor's teams, by the page that shows it: services due by today and
    applications; nothing for one without a team.
    """
    teams = {UUID(unit) for unit in actor.units(Role.LEADER, Role.MEMBER) if not unit.isdigit()}
    return Waiting(WAITING, {"teams": teams, "today": clock.today()}) if teams else Waiting()


def list_work(
    session: Session, team_id: UUID, search: WorkSearch, staff: Collection[UUID] | None = None
) -> Page[WorkItem]:
    """What a team has to do, or only for the residents of these of its ``staff``: late first, then
    by date. The caller has asked the policy.
    """
    listing = _work(search.due, of_group=bool(search.group), of_staff=staff is not None)
    values = _horizon(team_id, staff) | ({"group": search.group} if search.group else {})
    rows, following = listing.read(session, search, **values)
    return Page(items=[WorkItem.model_validate(row) for row in rows], next_cursor=following)


@cache
def _work(due: Due | None, *, of_group: bool, of_staff: bool) -> Listing:
    order, last = [OBLIGATION.c.due_on, OBLIGATION.c.id], _last_result()
    query = (
        select(
            OBLIGATION.c.id.label("obligation_id"),
            OBLIGATION.c.contract_id,
            OBLIGATION.c.person_id,
            PERSON.c.name,
            PERSON.c.sex,
            PERSON.c.birth_date,
            VILLAGE,
            OBLIGATION.c.item_code,
            OBLIGATION.c.item_name,
            OBLIGATION.c.item_name_en,
            OBLIGATION.c.sequence,
            OBLIGATION.c.times,
            HAS_FORM,
            last.c.result,
            last.c.emergency,
            last.c.performed_at.label("result_at"),
            *carer_columns(),
            *order,
        )
        .join_from(OBLIGATION, PERSON, PERSON.c.id == OBLIGATION.c.person_id)
        .outerjoin(last, true())
        .outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PERSON.c.household_id)
        .outerjoin(CARE, current_care(OBLIGATION.c.contract_id))
        .where(*_open(due, of_staff=of_staff))
    )
    if of_group:
        members = select(MEMBERSHIP.c.person_id).where(
            MEMBERSHIP.c.group_code == bindparam("group")
        )
        query = query.where(OBLIGATION.c.person_id.in_(members))
    return Listing(query, order)


def _last_result() -> FromClause:
    """How the service went the last time, by the team that owes it."""
    query = (
        select(FollowUp.result, FollowUp.emergency, FollowUp.performed_at)
        .where(
            FollowUp.team_id == OBLIGATION.c.team_id,
            FollowUp.person_id == OBLIGATION.c.person_id,
            FollowUp.item_code == OBLIGATION.c.item_code,
        )
        .order_by(FollowUp.performed_at.desc(), FollowUp.id.desc())
    )
    return query.limit(literal_column("1")).lateral()


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
    return {(held, code): due for held, code, due in session.execute(query) if held is not None}


def work_by_group(
    session: Session, team_id: UUID, due: Due | None, staff: Collection[UUID] | None = None
) -> dict[str, int]:
    """How much there is to do for each population group, and under "" for all together; who is
    in several groups counts in each. With ``staff`` only for the residents of these.
    """
    rows = session.execute(_by_group(due, of_staff=staff is not None), _horizon(team_id, staff))
    return {row[0]: row[1] for row in rows}


@cache
def _by_group(due: Due | None, *, of_staff: bool) -> CompoundSelect[*tuple[Any, ...]]:
    open_ones = _open(due, of_staff=of_staff)
    of_all = select(func.count()).select_from(OBLIGATION).where(*open_ones)
    group = groups_of(OBLIGATION.c.person_id)
    of_groups = (
        select(group.c.group_code, func.count())
        .join_from(OBLIGATION, group, true())
        .where(*open_ones)
        .group_by(group.c.group_code)
    )
    return select(literal(""), of_all.scalar_subquery()).union_all(of_groups)


def groups_of(person: ColumnElement[UUID]) -> FromClause:
    """The groups of each person of a query, looked up one by one: a team's are few, and the
    planner would rather read those of the whole region.
    """
    query = select(MEMBERSHIP.c.group_code).where(MEMBERSHIP.c.person_id == person)
    return query.offset(literal_column("0")).lateral()


def progress_of(session: Session, contract_ids: Collection[UUID]) -> dict[UUID, Progress]:
    """What was kept of what was due by today in each contract, with at most one statement."""
    if not contract_ids:
        return {}
    today = clock.today()
    done = Obligation.done_at.is_not(None)
    query = (
        select(
            Obligation.contract_id,
            func.count().filter(done).label("done"),
            func.count().filter(or_(done, Obligation.due_on <= today)).label("due"),
            func.count().filter(UNSERVED, Obligation.late_after < today).label("overdue"),
            func.count().label("total"),
        )
        .where(Obligation.contract_id.in_(set(contract_ids)), Obligation.excused_at.is_(None))
        .group_by(Obligation.contract_id)
    )
    rows = {row.contract_id: Progress.model_validate(row) for row in session.execute(query)}
    return {contract_id: rows.get(contract_id, Progress()) for contract_id in contract_ids}


def _horizon(team_id: UUID, staff: Collection[UUID] | None = None) -> dict[str, object]:
    """The values of ``_open``."""
    today = clock.today()
    values: dict[str, object] = {"team": team_id, "today": today, "horizon": today + HORIZON}
    return values if staff is None else values | {"staff": list(staff)}


def _open(due: Due | None, *, of_staff: bool = False) -> list[ColumnElement[bool]]:
    """Conditions on obligations: a team's open ones within the horizon, or a part of them, or only
    those to the residents of some of its staff.
    """
    horizon = bindparam("horizon", type_=Date())
    part = {
        Due.OVERDUE: [OBLIGATION.c.late_after < TODAY],
        Due.TODAY: [OBLIGATION.c.due_on <= TODAY, OBLIGATION.c.late_after >= TODAY],
        Due.SOON: [OBLIGATION.c.due_on > TODAY, OBLIGATION.c.due_on <= horizon],
    }
    rest = [OBLIGATION.c.due_on <= horizon]
    theirs = [cared_for_by(OBLIGATION.c.contract_id, STAFF)] if of_staff else []
    return [OBLIGATION.c.team_id == TEAM, OWED, *(part[due] if due else rest), *theirs]

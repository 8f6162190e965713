"""Reads of visits to villages: whom to visit, how a visit stands, and what waits to be settled."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import any_contains
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.models import Contract, FieldEntry, FieldResident, FieldVisit
from family_doctor.queries.rules import near_end
from family_doctor.queries.signatories import SIGNING
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    EntryAnswer,
    EntryView,
    FieldAction,
    FieldSearch,
    Outcome,
    SyncAnswer,
    VillageChoice,
    VisitEntries,
    VisitState,
    VisitView,
)
from family_doctor.states import LIVE, State
from residents.public import Household, Person, has_stander, is_of

# From this age on one signs for oneself (Civil Code of 2020, articles 17 and 18).
OF_AGE = 18
WAITING = (FieldEntry.outcome != Outcome.SIGNED) & FieldEntry.settled_at.is_(None)


def has_contract() -> ColumnElement[bool]:
    """The condition that a person has a contract, or one under way."""
    return (
        select(Contract.id)
        .where(Contract.person_id == Person.id, Contract.state.in_(LIVE))
        .exists()
    )


def is_renewable(session: Session, team: TeamView) -> ColumnElement[bool]:
    """The condition on a contract that it may be renewed with the team now."""
    new = aliased(Contract)
    under_way = select(new.id).where(
        new.previous_id == Contract.id, new.succeeding, new.state.in_(LIVE)
    )
    return and_(
        Contract.team_id == team.id,
        Contract.state.in_({State.ACTIVE, State.EXPIRING}),
        near_end(session),
        ~under_way.exists(),
    )


def may_renew(session: Session, team: TeamView) -> ColumnElement[bool]:
    """The condition that a person's contract may be renewed with the team now."""
    own = select(Contract.id).where(Contract.person_id == Person.id, is_renewable(session, team))
    return own.exists()


def adults_of(team: TeamView) -> Select[*tuple[Any, ...]]:
    """The adults of a team's township."""
    return _people_of(team).where(_is_adult())


def listed_of(team: TeamView) -> Select[*tuple[Any, ...]]:
    """Those of a team's township who can be signed on a visit: who sign for themselves, and for
    whom somebody may.
    """
    return _people_of(team).where(or_(_is_adult(), has_stander(SIGNING)))


def _people_of(team: TeamView) -> Select[*tuple[Any, ...]]:
    return (
        select(Person)
        .join(Household, Household.id == Person.household_id)
        .where(Person.division_code == team.division_code, Person.merged_into.is_(None))
    )


def _is_adult() -> ColumnElement[bool]:
    today = clock.today()
    latest = today.replace(year=today.year - OF_AGE, day=min(today.day, 28))
    return Person.birth_date <= latest


def villages_of(session: Session, actor: Actor, team: TeamView) -> list[VillageChoice]:
    """The villages of the team's township, with one statement. Raises Denied."""
    require(session, actor, FieldAction.PREPARE, panel_resource(team))
    code, name = Household.village_code, Household.village_name
    query = adults_of(team).with_only_columns(
        code.label("code"),
        name.label("name"),
        func.count().label("adults"),
        func.count().filter(~has_contract()).label("unsigned"),
    )
    rows = session.execute(query.group_by(code, name).order_by(name, code))
    return [VillageChoice.model_validate(row) for row in rows]


def visit_resource(visit: FieldVisit, team: TeamView) -> Resource:
    """A visit as the policy sees it: of its member, in its team."""
    holder = {"__entity": {"type": "Account", "id": str(visit.account_id)}}
    return Resource(
        "FieldVisit", str(visit.id), None, panel_resource(team).units, {"holder": holder}
    )


def visit_state(visit: FieldVisit) -> VisitState:
    """How far a visit has come."""
    now = clock.now()
    if visit.cancelled_at is not None:
        return VisitState.CANCELLED
    if visit.closed_at is not None:
        return VisitState.CLOSED
    if now >= (visit.expires_at if visit.loaded_at is None else visit.sync_until):
        return VisitState.EXPIRED
    if visit.loaded_at is not None:
        return VisitState.LOADED
    return VisitState.AUTHORISED if visit.authorised_at is not None else VisitState.PREPARED


def list_visits(
    session: Session, actor: Actor, team: TeamView, search: FieldSearch
) -> Page[VisitView]:
    """A team's visits, the newest first. Raises Denied."""
    require(session, actor, FieldAction.READ, panel_resource(team))
    order = [FieldVisit.prepared_at, FieldVisit.id]
    query = _visits(*order).where(FieldVisit.team_id == team.id)
    if search.search:
        wanted = any_contains(search.search, FieldVisit.village_name, FieldVisit.member_name)
        query = query.where(wanted)
    rows, following = read_page(session, query, order, search, descending=True)
    return Page(items=[_view(actor, *row[:4]) for row in rows], next_cursor=following)


def get_visit(session: Session, actor: Actor, visit_id: UUID) -> VisitView:
    """A visit. Raises NotFound or Denied."""
    return visit_and_team(session, actor, visit_id)[0]


def visit_and_team(session: Session, actor: Actor, visit_id: UUID) -> tuple[VisitView, TeamView]:
    """A visit, and whose it is. Raises NotFound or Denied."""
    row = session.execute(_visits().where(FieldVisit.id == visit_id)).one_or_none()
    if row is None:
        raise NotFound()
    team = get_team(session, row[0].team_id)
    require(session, actor, FieldAction.READ, panel_resource(team))
    return _view(actor, *row), team


def list_entries(
    session: Session, actor: Actor, visit_id: UUID, page: VisitEntries
) -> Page[EntryView]:
    """What was signed on a visit, in order. Raises NotFound or Denied."""
    return entries_of(session, get_visit(session, actor, visit_id), page)


def entries_of(session: Session, visit: VisitView, page: VisitEntries) -> Page[EntryView]:
    """What was signed on a visit, in order. The caller has asked the policy."""
    order = [FieldEntry.number]
    query = select(FieldEntry, *order).where(FieldEntry.visit_id == visit.id)
    if page.search:
        query = query.where(is_of(FieldEntry.person_id, page.search))
    rows, following = read_page(session, query, order, page)
    return Page(items=[entry_view(row[0]) for row in rows], next_cursor=following)


def list_unsettled(
    session: Session, actor: Actor, team: TeamView, search: FieldSearch
) -> Page[EntryView]:
    """Entries of a team that made no contract and wait to be settled, the oldest first.
    Raises Denied.
    """
    require(session, actor, FieldAction.READ, panel_resource(team))
    order = [FieldEntry.received_at, FieldEntry.id]
    query = select(FieldEntry, *order).where(FieldEntry.team_id == team.id, WAITING)
    if search.search:
        query = query.where(is_of(FieldEntry.person_id, search.search))
    rows, following = read_page(session, query, order, search)
    return Page(items=[entry_view(row[0]) for row in rows], next_cursor=following)


def entry_view(row: FieldEntry) -> EntryView:
    """An entry as the team sees it."""
    return EntryView.model_validate(row)


def answer_of(row: FieldEntry) -> EntryAnswer:
    """What became of an entry."""
    return EntryAnswer(id=row.id, number=row.number, outcome=Outcome(row.outcome))


def answered(session: Session, visit_id: UUID, items: list[EntryAnswer]) -> SyncAnswer:
    """The answers of one request. The caller has asked the policy."""
    count = session.scalar(select(FieldVisit.entries).where(FieldVisit.id == visit_id))
    return SyncAnswer(items=items, entries=count or 0)


def _visits(*order: Any) -> Select[*tuple[Any, ...]]:
    of_visit = FieldEntry.visit_id == FieldVisit.id
    listed = (
        select(func.count())
        .select_from(FieldResident)
        .where(FieldResident.visit_id == FieldVisit.id)
        .scalar_subquery()
    )
    signed = select(func.count()).where(of_visit, FieldEntry.contract_id.is_not(None))
    waiting = select(func.count()).where(of_visit, WAITING)
    return select(FieldVisit, listed, signed.scalar_subquery(), waiting.scalar_subquery(), *order)


def _view(actor: Actor, visit: FieldVisit, residents: int, signed: int, waiting: int) -> VisitView:
    return VisitView(
        id=visit.id,
        team_id=visit.team_id,
        village_name=visit.village_name,
        member_name=visit.member_name,
        authorised_name=visit.authorised_name,
        pack_code=visit.pack_code,
        term_years=visit.term_years,
        prepared_at=visit.prepared_at,
        expires_at=visit.expires_at,
        sync_until=visit.sync_until,
        loaded_at=visit.loaded_at,
        broken_at=visit.broken_at,
        state=visit_state(visit),
        own=visit.account_id == actor.account_id,
        residents=residents,
        entries=visit.entries,
        signed=signed,
        waiting=waiting,
    )

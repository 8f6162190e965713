"""Handovers as a team reads them: what was given to whom, with the note, and which residents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import SearchQuery, any_contains
from directory.public import find_staff_of_account, get_team, list_team_members
from directory.schemas import Duty, TeamView
from family_doctor.models import Assignment, Contract, Handover
from family_doctor.queries.absences import absences_of, away_today
from family_doctor.queries.assignments import Share, count_unassigned, found_by, givers, shares
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    AbsenceView,
    Action,
    HandedResident,
    HandoverPreview,
    HandoverSearch,
    HandoverView,
    MemberLoad,
    PreviewHandover,
    TeamworkAction,
    TeamworkView,
    VillageLoad,
)
from family_doctor.states import IN_FORCE
from residents.public import Household, Person


def teamwork_of(session: Session, actor: Actor, team: TeamView) -> TeamworkView:
    """How a team's residents are divided among its members, the gone ones last. Raises Denied."""
    require(session, actor, Action.READ_PANEL, panel_resource(team))
    parts = shares(session, team.id)
    absences = absences_of(session, team.id)
    away = {each.staff_id: each for each in absences if each.starts_on <= clock.today()}
    roster = list_team_members(session, team.id)
    members = [
        _load(parts, each.staff_id, each.name, each.duty, away.get(each.staff_id))
        for each in roster
    ]
    gone = {each.staff_id: each.name for each in parts if not each.in_team and each.staff_id}
    members += [_load(parts, staff_id, name or "", None) for staff_id, name in gone.items()]
    return TeamworkView(
        team_id=team.id,
        members=members,
        unassigned=sum(each.residents for each in parts if not each.in_team),
        villages=_villages(parts),
        absences=absences,
    )


def _load(
    parts: Sequence[Share],
    staff_id: UUID,
    name: str,
    duty: Duty | None,
    absence: AbsenceView | None = None,
) -> MemberLoad:
    own = [each for each in parts if each.staff_id == staff_id]
    return MemberLoad(
        staff_id=staff_id,
        name=name,
        duty=duty,
        residents=sum(each.residents for each in own),
        overdue=sum(each.overdue for each in own),
        absence=absence,
    )


def _villages(parts: Sequence[Share]) -> list[VillageLoad]:
    """Where the residents live, the fullest village first."""
    names = {each.village_name for each in parts}
    loads = [
        VillageLoad(
            village_name=name,
            residents=sum(each.residents for each in parts if each.village_name == name),
            unassigned=sum(
                each.residents for each in parts if each.village_name == name and not each.in_team
            ),
        )
        for name in names
    ]
    return sorted(loads, key=lambda each: (-each.residents, each.village_name))


def unassigned_of(session: Session, actor: Actor, team: TeamView) -> int:
    """How many residents of a team have nobody. Raises Denied."""
    require(session, actor, Action.READ_PANEL, panel_resource(team))
    return count_unassigned(session, team.id)


def preview(session: Session, actor: Actor, command: PreviewHandover) -> HandoverPreview:
    """What a handover would do. Raises NotFound or Denied."""
    team = get_team(session, command.team_id)
    require(session, actor, TeamworkAction.ASSIGN, panel_resource(team))
    found = givers(session, team.id, command, command.to_staff_id) if command.chosen else []
    away = away_today(session, team.id) if command.to_staff_id else []
    return HandoverPreview(
        residents=sum(each.residents for each in found),
        overdue=sum(each.overdue for each in found),
        givers=found,
        absence=next((each for each in away if each.staff_id == command.to_staff_id), None),
    )


def list_handovers(session: Session, actor: Actor, search: HandoverSearch) -> Page[HandoverView]:
    """Handovers in a team, newest first: to the actor, or of all its members.

    Without a team nothing. Raises NotFound or Denied.
    """
    if search.team_id is None:
        return Page(items=[])
    team = get_team(session, search.team_id)
    require(session, actor, Action.READ_PANEL, panel_resource(team))
    query = select(Handover, Handover.id).where(Handover.team_id == team.id)
    if not search.whole_team:
        staff = find_staff_of_account(session, actor.account_id)
        query = query.where(Handover.to_staff_id == (staff.id if staff else None))
    if search.search:
        query = query.where(any_contains(search.search, Handover.to_name, Handover.by_name))
    rows, following = read_page(session, query, [Handover.id], search, descending=True)
    items = [HandoverView.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def get_handover(session: Session, actor: Actor, handover_id: UUID) -> HandoverView:
    """One handover. Raises NotFound or Denied."""
    row = session.get(Handover, handover_id)
    if row is None:
        raise NotFound()
    team = get_team(session, row.team_id)
    require(session, actor, Action.READ_PANEL, panel_resource(team))
    return HandoverView.model_validate(row)


def list_handed(session: Session, handover_id: UUID, page: SearchQuery) -> Page[HandedResident]:
    """The residents of a handover who are still with its receiver and signed, by name. The caller
    has asked the policy.
    """
    order: list[Any] = [Person.name, Contract.id]
    village = func.coalesce(Household.village_name, "").label("village_name")
    query = (
        select(
            Contract.id.label("contract_id"), Person.sex, Person.birth_date, village, *order[:1],
            Contract.id,
        )
        .join(Assignment, Assignment.contract_id == Contract.id)
        .join(Person, Person.id == Contract.person_id)
        .outerjoin(Household, Household.id == Person.household_id)
        .where(
            Assignment.handover_id == handover_id,
            Assignment.until.is_(None),
            Contract.state.in_(IN_FORCE),
        )
    )  # fmt: skip
    if page.search:
        query = query.where(found_by(page.search))
    rows, following = read_page(session, query, order, page)
    return Page(items=[HandedResident.model_validate(row) for row in rows], next_cursor=following)

"""Disputes as the resident, the team and the administrator may see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.paging import Page, read_page
from directory.public import division_path, get_team, team_named, teams_by_id
from family_doctor.models import Dispute
from family_doctor.queries.rules import within
from family_doctor.schemas import DisputeAction, DisputeSearch, DisputeState, DisputeView
from family_doctor.schemas.disputes import WAITING
from residents.public import is_of, people_by_id

COPIED = tuple(DisputeView.model_fields.keys() - {"team_name", "person_name"})
DISPUTE = Dispute.__table__


def dispute_resource(row: Dispute) -> Resource:
    """A dispute as the policy sees it: the resident's, about a team of an institution."""
    return dispute_about(row.person_id, row.team_id, row.institution_id, row.division_code, row.id)


def decided_at(row: Dispute) -> Resource:
    """The same for who may decide it: from the unit that decides now upward. Those below it have
    let their time pass.
    """
    units = deciding_units(row)
    return Resource("Dispute", str(row.id), row.person_id, units)


def deciding_units(row: Dispute) -> tuple[str, ...]:
    """The institution and the divisions above it, from the one that decides now."""
    units = levels(row)
    return units[units.index(row.decider) :] if row.decider in units else units


def levels(row: Dispute) -> tuple[str, ...]:
    """The units whose administrators may come to decide, the institution first, the city last."""
    return (str(row.institution_id), *division_path(row.division_code))


def dispute_about(
    person_id: UUID | None,
    team_id: UUID,
    institution_id: UUID,
    division_code: str,
    dispute_id: UUID | None = None,
) -> Resource:
    """The same of one that is to be, or of all about a team."""
    units = (str(team_id), str(institution_id), *division_path(division_code))
    return Resource("Dispute", str(dispute_id or "new"), person_id, units)


def load_dispute(
    session: Session, actor: Actor, dispute_id: UUID, action: DisputeAction
) -> Dispute:
    """The row, for what ``action`` says. Raises NotFound or Denied."""
    row = session.get(Dispute, dispute_id, populate_existing=True)
    if row is None:
        raise NotFound()
    deciding = action is DisputeAction.DECIDE
    require(session, actor, action, decided_at(row) if deciding else dispute_resource(row))
    return row


def get_dispute(session: Session, actor: Actor, dispute_id: UUID) -> DisputeView:
    """One dispute. Raises NotFound or Denied."""
    row = load_dispute(session, actor, dispute_id, DisputeAction.READ)
    return named(session, [row])[0]


def list_disputes(session: Session, actor: Actor, search: DisputeSearch) -> Page[DisputeView]:
    """The actor's own disputes, those about a team, or those that the actor decides; newest first.

    Raises NotFound or Denied.
    """
    order: list[Any] = [Dispute.opened_at, Dispute.id]
    query = select(Dispute, *order).where(_scope(session, actor, search))
    waiting = Dispute.state.in_(WAITING)
    if search.team_id or search.to_decide:
        query = query.where(~waiting if search.closed else waiting)
    if search.search:
        named_so = team_named(Dispute.team_id, search.search)
        query = query.where(is_of(Dispute.person_id, search.search) | named_so)
    if search.contract_id:
        query = query.where(Dispute.contract_id == search.contract_id)
    rows, following = read_page(session, query, order, search, descending=True)
    return Page(items=named(session, [row[0] for row in rows]), next_cursor=following)


def find_dispute(session: Session, contract_id: UUID) -> DisputeView | None:
    """The latest dispute about a contract. The caller has asked the policy."""
    query = select(Dispute).where(Dispute.contract_id == contract_id)
    row = session.scalar(query.order_by(Dispute.id.desc()).limit(1))
    return dispute_view(row) if row else None


def dispute_view(row: Dispute) -> DisputeView:
    """A row as its parties may see it."""
    return DisputeView.model_validate({name: getattr(row, name) for name in COPIED})


def named(session: Session, rows: Sequence[Dispute]) -> list[DisputeView]:
    """Rows with the names of team and person."""
    if not rows:
        return []
    teams = teams_by_id(session, {row.team_id for row in rows})
    people = people_by_id(session, {row.person_id for row in rows})
    return [
        dispute_view(row).model_copy(
            update={
                "team_name": teams[row.team_id].name,
                "person_name": people[row.person_id].name,
            }
        )
        for row in rows
    ]


def waiting_for(teams: Any) -> ScalarSelect[int]:
    """How many disputes wait for the answer of these teams."""
    return (
        select(func.count())
        .where(DISPUTE.c.team_id.in_(teams), DISPUTE.c.state == DisputeState.OPEN)
        .scalar_subquery()
    )


def _scope(session: Session, actor: Actor, search: DisputeSearch) -> ColumnElement[bool]:
    if search.team_id:
        team = get_team(session, search.team_id)
        about = dispute_about(None, team.id, team.institution_id, team.division_code)
        require(session, actor, DisputeAction.READ, about)
        return Dispute.team_id == team.id
    if search.to_decide:
        scope = actor.units(Role.ADMINISTRATOR)
        desk = Resource("Dispute", "desk", units=tuple(sorted(scope)))
        require(session, actor, DisputeAction.READ, desk)
        mine = within(scope, Dispute.institution_id, Dispute.division_code)
        return mine & (Dispute.person_id != actor.person_id) if actor.person_id else mine
    require(session, actor, DisputeAction.READ, Resource("Dispute", "own", actor.person_id))
    return Dispute.person_id == actor.person_id

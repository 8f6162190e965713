"""Requests to renew medicines, as the resident, who acts for them and the team may see them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from directory.public import get_team, teams_by_id
from family_doctor.models import Refill
from family_doctor.queries.medicines import medicines_resource, renewing_kin
from family_doctor.schemas import PrescriptionAction, RefillSearch, RefillView
from family_doctor.schemas.prescriptions import UNANSWERED
from residents.public import acting, is_of, people_by_id

COPIED = tuple(name for name in RefillView.model_fields if name in Refill.__table__.columns)


def refill_resource(row: Refill, kin: Sequence[str] = ()) -> Resource:
    """A request as the policy sees it: about the person's medicines, in the team that was asked."""
    return medicines_resource(row.person_id, (str(row.team_id),), kin)


def load_refill(
    session: Session, actor: Actor, refill_id: UUID, action: PrescriptionAction
) -> tuple[Actor, Refill]:
    """The row, for what ``action`` says, and the actor, acting for another where they are. Raises
    NotFound or Denied.
    """
    row = session.get(Refill, refill_id, populate_existing=True)
    if row is None:
        raise NotFound()
    kin = renewing_kin(session, actor, row.person_id)
    asking = acting(actor, row.person_id, kin)
    require(session, asking, action, refill_resource(row, kin))
    return asking, row


def get_refill(session: Session, actor: Actor, refill_id: UUID) -> RefillView:
    """One request. Raises NotFound or Denied."""
    _, row = load_refill(session, actor, refill_id, PrescriptionAction.READ)
    return named(session, [row])[0]


def list_refills(session: Session, actor: Actor, search: RefillSearch) -> Page[RefillView]:
    """A person's requests, the newest first, or those of a team, waiting ones the oldest first.

    Raises NotFound or Denied.
    """
    order: list[Any] = [Refill.asked_at, Refill.id]
    query = select(Refill, *order)
    whose = search.person_id or actor.person_id
    if search.team_id:
        team = get_team(session, search.team_id)
        desk = Resource("Medicines", "team", None, (str(team.id),), {"kin": []})
        require(session, actor, PrescriptionAction.READ, desk)
        waits = Refill.state.in_(UNANSWERED)
        query = query.where(Refill.team_id == team.id, ~waits if search.closed else waits)
    elif whose is None:
        return Page(items=[])
    else:
        kin = renewing_kin(session, actor, whose)
        asking = acting(actor, whose, kin)
        require(session, asking, PrescriptionAction.READ, medicines_resource(whose, (), kin))
        query = query.where(Refill.person_id == whose)
    if search.search:
        query = query.where(is_of(Refill.person_id, search.search))
    newest_first = search.closed or not search.team_id
    rows, following = read_page(session, query, order, search, descending=newest_first)
    return Page(items=named(session, [row[0] for row in rows]), next_cursor=following)


def refill_view(row: Refill) -> RefillView:
    """A row as its parties may see it."""
    return RefillView.model_validate({name: getattr(row, name) for name in COPIED})


def named(session: Session, rows: Sequence[Refill]) -> list[RefillView]:
    """Rows with the names of team and person."""
    if not rows:
        return []
    teams = teams_by_id(session, {row.team_id for row in rows})
    people = people_by_id(session, {row.person_id for row in rows})
    return [
        refill_view(row).model_copy(
            update={
                "team_name": teams[row.team_id].name,
                "person_name": people[row.person_id].name,
            }
        )
        for row in rows
    ]

"""Transfers between teams, as both teams may see them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, literal, select
from sqlalchemy.orm import Session, aliased

from core.access import Actor, Resource, decide, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import contains
from directory.public import get_team, team_named, teams_by_id
from directory.schemas import TeamView
from family_doctor.models import Contract, Offer, Transfer
from family_doctor.queries.assignments import CONTRACT, HOUSEHOLD, found_by, late, selected
from family_doctor.queries.rules import places
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    Action,
    Makeup,
    OfferedResident,
    OfferSearch,
    OfferState,
    PreviewTransfer,
    Selection,
    TransferAction,
    TransferPreview,
    TransferSearch,
    TransferState,
    TransferView,
)
from family_doctor.schemas.transfers import OPEN_OFFERS, STAYED, WITH_SUCCESSOR
from family_doctor.states import LIVE, State
from residents.public import GroupMembership, Household, Person
from service_packs.public import list_groups

# Whose contract nothing else is done about; the others stay with the team for now.
AT_REST = (State.ACTIVE, State.EXPIRING)
NEXT, ANY_OFFER = aliased(Contract), Offer.__table__.alias("any_offer")
# How many villages and groups a transfer's make-up names.
MOST_NAMED = 8


def transfer_resource(transfer: Transfer, giver: TeamView, receiver: TeamView) -> Resource:
    """A transfer as the policy sees it: of both teams."""
    units = (*panel_resource(giver).units, *panel_resource(receiver).units)
    return Resource("Transfer", str(transfer.id), None, tuple(dict.fromkeys(units)))


def load_transfer(
    session: Session, actor: Actor, transfer_id: UUID
) -> tuple[Transfer, TeamView, TeamView]:
    """The row with the team that gives and that which receives. Raises NotFound or Denied."""
    row = session.get(Transfer, transfer_id, populate_existing=True)
    if row is None:
        raise NotFound()
    teams = teams_by_id(session, {row.from_team_id, row.to_team_id})
    giver, receiver = teams[row.from_team_id], teams[row.to_team_id]
    require(session, actor, TransferAction.READ, transfer_resource(row, giver, receiver))
    return row, giver, receiver


def get_transfer(session: Session, actor: Actor, transfer_id: UUID) -> TransferView:
    """One transfer. Raises NotFound or Denied."""
    row, *teams = load_transfer(session, actor, transfer_id)
    return views(session, [row], teams)[0]


def list_transfers(session: Session, actor: Actor, search: TransferSearch) -> Page[TransferView]:
    """A team's transfers, newest first; without a team nothing. Raises NotFound or Denied."""
    if search.team_id is None:
        return Page(items=[])
    team = get_team(session, search.team_id)
    require(session, actor, Action.READ_PANEL, panel_resource(team))
    side = Transfer.from_team_id if search.outgoing else Transfer.to_team_id
    query = select(Transfer, Transfer.id).where(side == team.id)
    if search.search:
        other = Transfer.to_team_id if search.outgoing else Transfer.from_team_id
        village = contains(Transfer.village_name, search.search)
        query = query.where(team_named(other, search.search) | village)
    rows, following = read_page(session, query, [Transfer.id], search, descending=True)
    return Page(items=views(session, [row[0] for row in rows]), next_cursor=following)


def views(
    session: Session, rows: Sequence[Transfer], known: Collection[TeamView] = ()
) -> list[TransferView]:
    """Transfers with the names of their teams, where they are not ``known`` looked up, and what
    became of their residents.
    """
    if not rows:
        return []
    ids = {team_id for row in rows for team_id in (row.from_team_id, row.to_team_id)}
    teams = {team.id: team for team in known} or teams_by_id(session, ids)
    query = (
        select(Offer.transfer_id, Offer.state, func.count())
        .where(Offer.transfer_id.in_([row.id for row in rows]))
        .group_by(Offer.transfer_id, Offer.state)
    )
    counts = {(transfer, state): number for transfer, state, number in session.execute(query)}

    def count(row: Transfer, states: Collection[OfferState]) -> int:
        return sum(counts.get((row.id, state), 0) for state in states)

    return [
        TransferView(
            id=row.id,
            from_team_id=row.from_team_id,
            from_team_name=teams[row.from_team_id].name,
            to_team_id=row.to_team_id,
            to_team_name=teams[row.to_team_id].name,
            state=TransferState(row.state),
            residents=row.residents,
            village_name=row.village_name,
            note=row.note,
            proposed_at=row.proposed_at,
            by_name=row.by_name,
            answer_by=row.waits_until if row.state == TransferState.PROPOSED else None,
            decide_by=row.waits_until if row.state == TransferState.ACCEPTED else None,
            reason=row.reason,
            answered_by=row.answered_by,
            done=count(row, {OfferState.DONE}),
            waiting=count(row, OPEN_OFFERS),
            stayed=count(row, STAYED),
        )
        for row in rows
    ]


def at_rest(contract: Any) -> list[ColumnElement[bool]]:
    """The conditions that a contract may go to another team: in force, and neither renewed nor
    changed now.
    """
    following = exists().where(
        NEXT.previous_id == contract.id, NEXT.succeeding, NEXT.state.in_(LIVE)
    )
    return [contract.state.in_(AT_REST), ~following]


def transferable(team_id: UUID, selection: Selection) -> Select[*tuple[Any, ...]]:
    """The chosen contracts that may be proposed to another team, and are not yet."""
    return selected(team_id, selection).where(*at_rest(CONTRACT.c), ~_offered())


def preview_transfer(session: Session, actor: Actor, command: PreviewTransfer) -> TransferPreview:
    """What a transfer would be. Raises NotFound or Denied."""
    shown = preview_for(session, actor, get_team(session, command.team_id), command)
    if command.to_team_id is None:
        return shown
    receiver = get_team(session, command.to_team_id)
    remaining = places(session, [receiver])[receiver.id].remaining
    return shown.model_copy(update={"remaining": remaining})


def preview_for(
    session: Session, actor: Actor, team: TeamView, selection: Selection
) -> TransferPreview:
    """Who of a team would be proposed, with one statement. Raises Denied."""
    require(session, actor, TransferAction.PROPOSE, panel_resource(team))
    if not selection.chosen:
        return TransferPreview(chosen=0, residents=0, overdue=0)
    chosen = selected(team.id, selection).subquery()
    free = transferable(team.id, selection).subquery()
    query = select(
        select(func.count()).select_from(chosen).scalar_subquery(),
        select(func.count()).select_from(free).scalar_subquery(),
        select(func.count()).select_from(free).where(late(free.c.id)).scalar_subquery(),
    )
    number, residents, overdue = session.execute(query).one()
    return TransferPreview(chosen=number, residents=residents, overdue=overdue)


def makeup(session: Session, transfer_id: UUID) -> Makeup:
    """Of whom a transfer is made, with two statements. The caller has asked the policy."""
    people = (
        select(
            Contract.id.label("contract_id"),
            Contract.person_id,
            func.coalesce(Household.village_name, "").label("village_name"),
        )
        .join(Offer, Offer.contract_id == Contract.id)
        .join(Person, Person.id == Contract.person_id)
        .outerjoin(Household, Household.id == Person.household_id)
        .where(Offer.transfer_id == transfer_id)
        .cte("people")
    )
    village, number = people.c.village_name.label("name"), func.count().label("residents")
    late_ones = func.count().filter(late(people.c.contract_id)).label("overdue")
    by_village = select(literal(True).label("village"), village, number, late_ones)
    by_group = (
        select(literal(False), GroupMembership.group_code, func.count(), literal(0))
        .join(people, people.c.person_id == GroupMembership.person_id)
        .group_by(GroupMembership.group_code)
    )
    both = by_village.group_by(village).union_all(by_group).subquery()
    rows = session.execute(select(both).order_by(both.c.residents.desc(), both.c.name)).all()
    villages = [row for row in rows if row.village]
    names = {group.code: (group.name, group.name_en) for group in list_groups(session)}
    groups = [row for row in rows if not row.village and row.name in names]
    return Makeup(
        residents=sum(row.residents for row in villages),
        overdue=sum(row.overdue for row in villages),
        villages=[(row.name, "", row.residents) for row in villages[:MOST_NAMED]],
        groups=[(*names[row.name], row.residents) for row in groups[:MOST_NAMED]],
    )


def list_offered(
    session: Session, actor: Actor, transfer_id: UUID, search: OfferSearch
) -> Page[OfferedResident]:
    """The residents of a transfer, by name: to the team that gives all of them, to that which
    receives those who consented. Raises NotFound or Denied.
    """
    _, giver, _ = load_transfer(session, actor, transfer_id)
    return offered_of(session, transfer_id, search, gives=gives(actor, giver))


def gives(actor: Actor, giver: TeamView) -> bool:
    """Whether the actor is of the team that proposed it, and knows its residents."""
    return decide(actor, Action.READ_PANEL, panel_resource(giver))[0]


def offered_of(
    session: Session, transfer_id: UUID, search: OfferSearch, *, gives: bool
) -> Page[OfferedResident]:
    """As ``list_offered``, with one statement. The caller has asked the policy."""
    village = func.coalesce(HOUSEHOLD.c.village_name, "").label("village_name")
    order: list[Any] = [Person.name, Offer.id]
    opens = Offer.contract_id if gives else Offer.successor_id
    query = (
        select(Offer.state, opens.label("opens"), village, Offer.decided_at, *order)
        .join(Contract, Contract.id == Offer.contract_id)
        .join(Person, Person.id == Contract.person_id)
        .outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == Person.household_id)
        .where(Offer.transfer_id == transfer_id)
    )
    if not gives:
        query = query.where(Offer.state.in_(WITH_SUCCESSOR))
    if search.search:
        query = query.where(found_by(search.search))
    rows, following = read_page(session, query, order, search)
    items = [
        OfferedResident(
            id=row.id,
            name=row.name,
            state=row.state,
            contract_id=row.opens,
            village_name=row.village_name,
            decided_at=row.decided_at,
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=following)


def note_for(session: Session, contract_id: UUID) -> TransferView | None:
    """The transfer by which the resident of a contract came. The caller has asked the policy."""
    query = (
        select(Transfer)
        .join(Offer, Offer.transfer_id == Transfer.id)
        .where(Offer.successor_id == contract_id)
    )
    row = session.scalar(query)
    return views(session, [row])[0] if row else None


def _offered() -> ColumnElement[bool]:
    open_ones = ANY_OFFER.c.state.in_(OPEN_OFFERS)
    return exists().where(ANY_OFFER.c.contract_id == CONTRACT.c.id, open_ones)

"""Reads of the ways of signing: a team's cards, invitations and shares, and what came of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.orm import Session

from auth.public import phone_index
from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from core.masking import masked_phone
from core.paging import Page, read_page
from core.searching import contains
from directory.schemas import TeamView
from family_doctor.links import LinkKind, make_link
from family_doctor.models import (
    Card,
    Contract,
    Introduction,
    Invitation,
    Share,
    WayRule,
)
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    Action,
    CardView,
    Channel,
    ChannelCount,
    Evidence,
    IntroductionView,
    InvitationSearch,
    InvitationState,
    InvitationView,
    LinkState,
    OfTeam,
    ShareFigures,
    ShareView,
    TeamWays,
    WayAction,
)
from family_doctor.states import IN_FORCE, State


def way_rule(session: Session) -> WayRule:
    """The region's limits."""
    return session.scalars(select(WayRule)).one()


def card_resource(card: Card, team: TeamView) -> Resource:
    """A card as the policy sees it: of its holder, in its team."""
    holder = {"__entity": {"type": "Account", "id": str(card.account_id)}}
    return Resource("Card", str(card.id), None, panel_resource(team).units, {"holder": holder})


def card_view(card: Card) -> CardView:
    """A card as it stands now."""
    return CardView(
        id=card.id,
        team_id=card.team_id,
        doctor_name=card.doctor_name,
        link=make_link(LinkKind.CARD, card.id),
        issued_at=card.issued_at,
        expires_at=card.expires_at,
        revoked_at=card.revoked_at,
        opened=card.opened,
        state=card_state(card),
    )


def card_state(card: Card) -> LinkState:
    """Whether a card may still be used."""
    if card.revoked_at is not None:
        return LinkState.REVOKED
    return LinkState.VALID if clock.now() < card.expires_at else LinkState.EXPIRED


def list_cards(session: Session, actor: Actor, team: TeamView, page: OfTeam) -> Page[CardView]:
    """A team's cards, the newest first. Raises Denied."""
    require(session, actor, WayAction.READ_WAYS, panel_resource(team))
    order = [Card.issued_at, Card.id]
    query = select(Card, *order).where(Card.team_id == team.id)
    if page.search:
        query = query.where(contains(Card.doctor_name, page.search))
    rows, following = read_page(session, query, order, page, descending=True)
    return Page(items=[card_view(row[0]) for row in rows], next_cursor=following)


def list_invitations(
    session: Session, actor: Actor, team: TeamView, search: InvitationSearch
) -> Page[InvitationView]:
    """A team's invitations, the newest first. Raises Denied."""
    require(session, actor, WayAction.READ_WAYS, panel_resource(team))
    order = [Invitation.created_at, Invitation.id]
    state = _invitation_state()
    query = _with_contract(select(Invitation, state.label("state"), *order))
    query = query.where(Invitation.team_id == team.id)
    if search.state:
        query = query.where(state == search.state)
    if search.search:
        number = phone_index(search.search.replace(" ", ""))
        by = contains(Invitation.invited_by, search.search)
        query = query.where(by | (Invitation.phone_index == number))
    rows, following = read_page(session, query, order, search, descending=True)
    return Page(items=[_invitation_view(*row[:2]) for row in rows], next_cursor=following)


def invitation_figures(session: Session, team_id: UUID) -> dict[InvitationState, int]:
    """How many of a team's invitations stand where. The caller has asked the policy."""
    state = _invitation_state().label("state")
    query = _with_contract(select(state, func.count()).select_from(Invitation))
    rows = session.execute(query.where(Invitation.team_id == team_id).group_by(state))
    counted = {InvitationState(row[0]): row[1] for row in rows}
    return {each: counted.get(each, 0) for each in InvitationState}


def share_view(share: Share) -> ShareView:
    """A share as its sharer sees it."""
    return ShareView(
        id=share.id,
        team_id=share.team_id,
        link=make_link(LinkKind.SHARE, share.id),
        depth=share.depth,
        expires_at=share.expires_at,
    )


def get_share(session: Session, actor: Actor, share_id: UUID) -> ShareView:
    """A share of one's own. Raises NotFound for another's too."""
    share = session.get(Share, share_id)
    if share is None or share.account_id != actor.account_id:
        raise NotFound()
    return share_view(share)


def share_figures(session: Session, actor: Actor, team: TeamView) -> ShareFigures:
    """What came of a team's shares, as numbers; with one statement. Raises Denied."""
    require(session, actor, WayAction.READ_SHARES, panel_resource(team))
    made = (
        select(
            func.count().label("shares"),
            func.coalesce(func.max(Share.depth), 0).label("deepest"),
            func.coalesce(func.sum(Share.opened), 0).label("opened"),
        )
        .where(Share.team_id == team.id)
        .subquery()
    )
    came = (
        select(
            func.count().label("applied"),
            func.count().filter(Contract.signed_at.is_not(None)).label("signed"),
        )
        .select_from(Introduction)
        .join(Share, Share.id == Introduction.share_id)
        .join(Contract, Contract.id == Introduction.contract_id)
        .where(Share.team_id == team.id)
        .subquery()
    )
    row = session.execute(select(made, came).join(came, literal(value=True))).one()
    return ShareFigures.model_validate(row)


def team_ways(session: Session, actor: Actor, team: TeamView) -> TeamWays:
    """A team's contracts by way, every way named. Raises Denied."""
    require(session, actor, WayAction.READ_WAYS, panel_resource(team))
    query = (
        select(
            Contract.channel,
            func.count(),
            func.count().filter(Contract.state.in_(IN_FORCE)),
        )
        .where(Contract.team_id == team.id)
        .group_by(Contract.channel)
    )
    found = {row[0]: (row[1], row[2]) for row in session.execute(query)}
    channels = [(each, *found.get(each, (0, 0))) for each in Channel]
    return TeamWays(
        team_id=team.id,
        channels=[
            ChannelCount(channel=channel, applied=applied, in_force=in_force)
            for channel, applied, in_force in channels
        ],
    )


def get_introduction(session: Session, actor: Actor, contract_id: UUID) -> IntroductionView:
    """Which way a contract came. Raises NotFound or Denied."""
    contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    return introduction_of(session, contract)


def introduction_of(session: Session, contract: Contract) -> IntroductionView:
    """Which way a contract came. The caller has asked the policy."""
    by_link = contract.channel != Channel.PORTAL
    row = session.get(Introduction, contract.id) if by_link else None
    kinds = (
        (LinkKind.CARD, row and row.card_id),
        (LinkKind.INVITATION, row and row.invitation_id),
        (LinkKind.SHARE, row and row.share_id),
    )
    named = row is not None and row.channel != Channel.WECHAT_SHARE
    return IntroductionView(
        contract_id=contract.id,
        channel=Channel(contract.channel),
        by_name=row.by_name if row and named else "",
        link_kind=next((kind.name.lower() for kind, link in kinds if link), None),
        for_another=row.for_another if row else False,
        evidence=Evidence(row.evidence) if row and row.evidence else None,
        visit_id=row.visit_id if row else None,
        refused_at=row.refused_at if row else None,
        state=State(contract.state),
    )


def _with_contract(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return query.outerjoin(Contract, Contract.id == Invitation.contract_id)


def _invitation_state() -> ColumnElement[str]:
    """How far an invitation has come: the furthest of what happened counts."""
    return case(
        (Contract.signed_at.is_not(None), InvitationState.SIGNED.value),
        (Invitation.refused_at.is_not(None), InvitationState.REFUSED.value),
        (Invitation.contract_id.is_not(None), InvitationState.APPLIED.value),
        (Invitation.expires_at <= clock.now(), InvitationState.EXPIRED.value),
        (Invitation.opened_at.is_not(None), InvitationState.OPENED.value),
        (Invitation.sent_at.is_not(None), InvitationState.SENT.value),
        else_=InvitationState.QUEUED.value,
    )


def _invitation_view(row: Invitation, state: str) -> InvitationView:
    return InvitationView(
        id=row.id,
        team_id=row.team_id,
        masked_phone=masked_phone(row.phone),
        invited_by=row.invited_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        sent_at=row.sent_at,
        opened_at=row.opened_at,
        state=InvitationState(state),
    )

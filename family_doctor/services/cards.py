"""Doctors' cards: made, printed again, revoked."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import NotFound
from core.ids import new_id
from directory.public import find_staff_of_account, get_team
from family_doctor.models import Card
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import card_resource, card_view, way_rule
from family_doctor.schemas import CardView, IssueCard, WayAction


def issue_card(session: Session, actor: Actor, command: IssueCard) -> CardView:
    """A new card of the actor in a team they work in, with a code of its own. Those of before hold
    on, unless they are to be stopped. Raises NotFound or Denied.
    """
    team = get_team(session, command.team_id)
    require(session, actor, WayAction.ISSUE_CARD, panel_resource(team))
    now = clock.now()
    if command.revoke_older:
        session.execute(
            update(Card)
            .where(
                Card.account_id == actor.account_id,
                Card.team_id == team.id,
                Card.revoked_at.is_(None),
            )
            .values(revoked_at=now)
            .execution_options(synchronize_session=False)
        )
    staff = find_staff_of_account(session, actor.account_id)
    card = Card(
        id=new_id(),
        team_id=team.id,
        account_id=actor.account_id,
        doctor_name=staff.name if staff else actor.name,
        issued_at=now,
        expires_at=now + timedelta(days=way_rule(session).card_days),
        opened=0,
    )
    session.add(card)
    session.flush()
    return card_view(card)


def read_card(session: Session, actor: Actor, card_id: UUID) -> CardView:
    """A card of a team that the actor works in. Raises NotFound or Denied."""
    card = _card(session, card_id)
    team = get_team(session, card.team_id)
    require(session, actor, WayAction.READ_WAYS, panel_resource(team))
    return card_view(card)


def revoke_card(session: Session, actor: Actor, card_id: UUID) -> CardView:
    """Stop a card at once, by its holder or the team's leader; a stopped one stays so.

    Raises NotFound or Denied.
    """
    card = _card(session, card_id)
    team = get_team(session, card.team_id)
    require(session, actor, WayAction.REVOKE_CARD, card_resource(card, team))
    session.execute(
        update(Card)
        .where(Card.id == card.id, Card.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(card)
    return card_view(card)


def _card(session: Session, card_id: UUID) -> Card:
    card = session.get(Card, card_id)
    if card is None:
        raise NotFound()
    return card

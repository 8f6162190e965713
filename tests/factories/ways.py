"""Links that lead to a team, for tests."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from auth.public import phone_index
from core import clock
from core.ids import new_id
from directory.models import Team
from family_doctor.links import LinkKind, make_link
from family_doctor.models import Card, Invitation, Share

LASTING = timedelta(days=30)


def make_card(session: Session, team: Team, account_id: UUID, **more: object) -> Card:
    """A card of one of the staff, valid for a month."""
    now = clock.now()
    values: dict[str, object] = {
        "id": new_id(), "team_id": team.id, "account_id": account_id, "doctor_name": "示例医生",
        "issued_at": now - LASTING, "expires_at": now + LASTING, "opened": 0,
    }  # fmt: skip
    card = Card(**(values | more))
    session.add(card)
    session.flush()
    return card


def make_invitation(
    session: Session, team: Team, account_id: UUID, phone: str, **more: object
) -> Invitation:
    """An invitation that was sent."""
    now = clock.now()
    values: dict[str, object] = {
        "id": new_id(), "team_id": team.id, "account_id": account_id, "invited_by": "示例医生",
        "phone": phone, "phone_index": phone_index(phone), "created_at": now - LASTING,
        "expires_at": now + LASTING, "sent_at": now - LASTING,
    }  # fmt: skip
    invitation = Invitation(**(values | more))
    session.add(invitation)
    session.flush()
    return invitation


def make_share(session: Session, team: Team, account_id: UUID, **more: object) -> Share:
    """A share that came from nobody else's."""
    now = clock.now()
    values: dict[str, object] = {
        "id": new_id(), "team_id": team.id, "account_id": account_id, "parent_id": None,
        "depth": 1, "created_at": now, "expires_at": now + LASTING, "opened": 0,
    }  # fmt: skip
    share = Share(**(values | more))
    session.add(share)
    session.flush()
    return share


def link_of(issued: Card | Invitation | Share) -> str:
    """The word in the address of what was issued."""
    kinds: dict[type, LinkKind] = {
        Card: LinkKind.CARD, Invitation: LinkKind.INVITATION, Share: LinkKind.SHARE,
    }  # fmt: skip
    return make_link(kinds[type(issued)], issued.id)

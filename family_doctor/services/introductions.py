"""Which way an application came: the link is read, judged, and kept with the contract."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, cast
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.public import Account
from core import clock
from core.access import Actor
from core.errors import Conflict, Invalid, NotFound
from core.messages import N_
from family_doctor.links import LinkKind, read_link
from family_doctor.models import Card, Introduction, Invitation, Share
from family_doctor.queries.ways import card_state
from family_doctor.schemas import Arrival, Channel, Evidence, LinkState
from family_doctor.services.inviting import refuse_invitation

Issued: TypeAlias = Card | Invitation | Share
CHANNELS = {
    LinkKind.CARD: Channel.CARD,
    LinkKind.INVITATION: Channel.INVITATION,
    LinkKind.SHARE: Channel.WECHAT_SHARE,
}
TABLES: dict[LinkKind, type[Issued]] = {
    LinkKind.CARD: Card,
    LinkKind.INVITATION: Invitation,
    LinkKind.SHARE: Share,
}
ENDED = {
    LinkState.EXPIRED: N_("这个链接已经过期。您仍可以在「找家庭医生」里申请。"),
    LinkState.REVOKED: N_("这张名片已停用。您仍可以在「找家庭医生」里申请。"),
    LinkState.REFUSED: N_("您已经谢绝了这次邀请。想签约时，可以在「找家庭医生」里申请。"),
}
FOR_ANOTHER = N_("这份邀请是发给另一个手机号的，不能用在您的账号上。您可以直接向团队申请。")


@dataclass(frozen=True, slots=True)
class Way:
    """Which way an application comes, and by whom; ``link`` is what brought it, if anything, and
    ``visit_id`` the visit to a village in which it was made.
    """

    channel: Channel
    account_id: UUID | None = None
    by_name: str = ""
    link: Issued | None = None
    evidence: Evidence | None = None
    evidence_number: str | None = None
    visit_id: UUID | None = None


PORTAL = Way(Channel.PORTAL)


def arrive(session: Session, actor: Actor | None, text: str, *, first: bool) -> Arrival:
    """Where a link leads and how it stands; with ``first`` this visit is counted, by number only.

    Raises NotFound for a link that was never issued, whatever it looks like.
    """
    kind, issued, another = _issued(session, text, actor)
    if first and not another:
        _count(session, issued)
    return Arrival(
        team_id=issued.team_id,
        channel=CHANNELS[kind],
        state=_state(issued),
        doctor_name=_doctor(issued),
        for_another=another,
        expires_at=issued.expires_at,
    )


def refuse(session: Session, text: str, *, never: bool) -> Arrival:
    """The holder of an invitation's link says no. Raises NotFound, also for other links."""
    kind, issued, _ = _issued(session, text)
    if not isinstance(issued, Invitation):
        raise NotFound()
    refuse_invitation(session, issued, never=never)
    session.refresh(issued)
    return Arrival(
        team_id=issued.team_id,
        channel=CHANNELS[kind],
        state=_state(issued),
        doctor_name=_doctor(issued),
        expires_at=issued.expires_at,
    )


def way_of(session: Session, actor: Actor, text: str | None, team_id: UUID, person_id: UUID) -> Way:
    """The way of an application of the actor for a person. Acting for another is a way of its own,
    and keeps the link too; one's own share is none.

    Raises NotFound for a link never issued, Invalid ``other_team``, Conflict ``link_ended`` or
    ``other_number``.
    """
    link = _usable(session, actor, text, team_id) if text else None
    if person_id != actor.person_id:
        return Way(Channel.AGENT, actor.account_id, actor.name, link)
    if link is None or (isinstance(link, Share) and link.account_id == actor.account_id):
        return PORTAL
    kind = next(kind for kind, table in TABLES.items() if isinstance(link, table))
    return Way(CHANNELS[kind], link.account_id, _doctor(link) or "", link)


def keep(session: Session, contract_id: UUID, way: Way) -> None:
    """Write the way beside the contract; an invitation knows its last application."""
    if way.account_id is None:
        return
    link = way.link
    session.add(
        Introduction(
            contract_id=contract_id,
            channel=way.channel,
            account_id=way.account_id,
            by_name=way.by_name,
            for_another=way.channel in (Channel.AGENT, Channel.ON_SITE),
            card_id=link.id if isinstance(link, Card) else None,
            invitation_id=link.id if isinstance(link, Invitation) else None,
            share_id=link.id if isinstance(link, Share) else None,
            evidence=way.evidence,
            evidence_number=way.evidence_number,
            visit_id=way.visit_id,
        )
    )
    if isinstance(link, Invitation):
        link.contract_id = contract_id
    session.flush()


def note_refused(session: Session, contract_id: UUID, at: datetime) -> None:
    """The resident says that the application was not their wish."""
    session.execute(
        update(Introduction)
        .where(Introduction.contract_id == contract_id, Introduction.refused_at.is_(None))
        .values(refused_at=at)
        .execution_options(synchronize_session=False)
    )


def _issued(
    session: Session, text: str, actor: Actor | None = None
) -> tuple[LinkKind, Issued, bool]:
    """What was issued, and whether it is an invitation of another number than the actor proved; of
    a stranger nothing is known yet. With one statement. Raises NotFound.
    """
    link, row = read_link(text), None
    if link is not None:
        table, account_id = TABLES[link.kind], actor.account_id if actor else None
        query = select(table, Account.phone_index).outerjoin(Account, Account.id == account_id)
        row = session.execute(query.where(table.id == link.id)).one_or_none()
    if link is None or row is None:
        raise NotFound("unknown_link", N_("这个链接不对，可能没有复制完整。请再扫一次或重新打开。"))
    issued, proved = cast(Issued, row[0]), row[1]
    if actor is None or not isinstance(issued, Invitation):
        return link.kind, issued, False
    own = proved is not None and hmac.compare_digest(proved, issued.phone_index)
    return link.kind, issued, not own


def _usable(session: Session, actor: Actor, text: str, team_id: UUID) -> Issued:
    _, issued, another = _issued(session, text, actor)
    if issued.team_id != team_id:
        raise Invalid("other_team", N_("这个链接是另一个团队的，请从链接重新打开。"))
    state = _state(issued)
    if state is not LinkState.VALID:
        raise Conflict("link_ended", ENDED[state])
    if another:
        raise Conflict("other_number", FOR_ANOTHER)
    return issued


def _state(issued: Issued) -> LinkState:
    if isinstance(issued, Card):
        return card_state(issued)
    if isinstance(issued, Invitation) and issued.refused_at is not None:
        return LinkState.REFUSED
    return LinkState.VALID if clock.now() < issued.expires_at else LinkState.EXPIRED


def _doctor(issued: Issued) -> str | None:
    """Whom a link may name: of residents who share nobody is named."""
    if isinstance(issued, Card):
        return issued.doctor_name
    return issued.invited_by if isinstance(issued, Invitation) else None


def _count(session: Session, issued: Issued) -> None:
    if isinstance(issued, Invitation):
        opened = func.coalesce(Invitation.opened_at, clock.now())
        counted = update(Invitation).where(Invitation.id == issued.id).values(opened_at=opened)
    else:
        table = type(issued)
        counted = update(table).where(table.id == issued.id).values(opened=table.opened + 1)
    session.execute(counted.execution_options(synchronize_session=False))

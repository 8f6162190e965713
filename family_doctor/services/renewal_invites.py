"""A member of the team invites a resident to renew, near the end of the term or after it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.links import LinkKind, make_link
from family_doctor.models import Contract, RenewalInvitation
from family_doctor.queries.contracts import contract_resource
from family_doctor.queries.renewals import RENEWABLE, find_invited
from family_doctor.schemas import RenewalInvited, TransferAction
from family_doctor.services import notices
from family_doctor.services.inviting import invite_again
from family_doctor.services.moves import hold, successor
from family_doctor.services.succession import require_in_service
from family_doctor.states import LIVE, State


def invite_to_renew(session: Session, actor: Actor, contract_id: UUID) -> RenewalInvited:
    """Send the resident a message that leads straight to renewing, or after the term by the
    invitation of the team to signing anew; at most once in the days after which the region's rule
    lets somebody be invited again.

    Raises NotFound, Denied, Conflict ``not_renewable``, ``invited_lately``, ``team_closed`` or
    ``invitations_stopped``.
    """
    contract = session.get(Contract, contract_id)
    if contract is None:
        raise NotFound()
    require(session, actor, TransferAction.INVITE_RENEWAL, contract_resource(contract))
    contract = hold(session, contract)
    team = get_team(session, contract.team_id)
    require_in_service(team)
    if contract.state not in RENEWABLE or _goes_on(session, contract):
        raise Conflict(
            "not_renewable", N_("现在不用邀请：还没到续签的时候，或已经在办理续签或新的签约。")
        )
    last, now = find_invited(session, contract.id), clock.now()
    if last is not None and now < last.again_at:
        day = clock.local(last.again_at).date().isoformat()
        raise Conflict("invited_lately", N_("不久前邀请过，%(day)s 起可以再邀请一次。"), day=day)
    _invite(session, actor, contract, team)
    sent = find_invited(session, contract.id)
    if sent is None:
        raise ValueError("what was written is found")
    return sent


def _goes_on(session: Session, contract: Contract) -> bool:
    """Whether the resident renews already, or has signed with the team anew."""
    if contract.state != State.EXPIRED:
        return successor(session, contract) is not None
    anew = select(Contract.id).where(
        Contract.person_id == contract.person_id,
        Contract.team_id == contract.team_id,
        Contract.state.in_(LIVE),
    )
    return session.scalar(anew.limit(1)) is not None


def _invite(session: Session, actor: Actor, contract: Contract, team: TeamView) -> None:
    sentence, invitation_id = notices.RENEW_ASKED, None
    link = f"/family-doctor/contracts/{contract.id}/renew"
    if contract.state == State.EXPIRED:
        sentence, link = notices.RETURN_ASKED, f"/family-doctor/teams/{team.id}"
        invitation_id = invite_again(session, actor, team, contract.person_id)
        if invitation_id is not None:
            link = f"/family-doctor/in/{make_link(LinkKind.INVITATION, invitation_id)}"
    row = RenewalInvitation(
        id=new_id(),
        contract_id=contract.id,
        invitation_id=invitation_id,
        account_id=actor.account_id,
        by_name=actor.name,
        sent_at=clock.now(),
    )
    session.add(row)
    session.flush()
    notices.tell_invited(session, contract, sentence, actor.name, team.name, link)

"""What the two sides of a contract do: apply, accept or reject, confirm, cancel, terminate."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import division_path, get_team
from directory.schemas import TeamView
from family_doctor.events import ContractAccepted, ContractRejected
from family_doctor.models import Contract
from family_doctor.queries.contracts import contract_view, read_contract
from family_doctor.queries.on_site import EXISTS as ITS_EXISTS
from family_doctor.queries.refunds import rule_now
from family_doctor.queries.rules import places, rule_for
from family_doctor.queries.signatories import signatories, signer_of
from family_doctor.schemas import (
    Action,
    ApplyForContract,
    ConfirmContract,
    ContractView,
    EndReason,
    RefundRule,
    RejectContract,
    TerminateContract,
)
from family_doctor.services import notices
from family_doctor.services.acceptance import freeze
from family_doctor.services.applications import insert_application
from family_doctor.services.extras import chosen_codes
from family_doctor.services.introductions import PORTAL, Way, keep, way_of
from family_doctor.services.moves import announce, end, hold, predecessor
from family_doctor.services.places import FULL, shares_place, take_place
from family_doctor.services.signing import resident_signed, sign_for_resident
from family_doctor.services.succession import (
    EXISTS,
    basic_pack,
    come_into_force,
    next_day,
    pack_of,
    require_in_service,
    term_of,
)
from family_doctor.states import IN_FORCE, State, Step
from residents.public import people_by_id
from residents.schemas import PersonView

__all__ = [
    "accept_contract",
    "apply_for_contract",
    "basic_pack",
    "cancel_contract",
    "confirm_contract",
    "reject_contract",
    "terminate_contract",
]


def apply_for_contract(session: Session, actor: Actor, command: ApplyForContract) -> ContractView:
    """Ask a team to become the family doctor of the actor, or of one for whom they may act, for a
    term, with a basic pack and perhaps personalised ones beside it. The contract says which way it
    came.

    Raises Denied, Invalid (the years or the pack), Conflict: ``not_verified``, ``contract_exists``
    (one live contract a person), ``team_full``, ``team_closed``, ``no_basic_pack``, and what
    ``way_of`` raises.
    """
    if actor.person_id is None:
        raise Conflict("not_verified", N_("签约需要先确认您是本人。请先完成实名认证，再回来申请。"))
    person_id = command.person_id or actor.person_id
    team = get_team(session, command.team_id)
    person = people_by_id(session, {person_id}).get(person_id)
    contract_id = new_id()
    here = division_path(person.division_code) if person else ()
    units = (str(team.id), str(team.institution_id), *here)
    more = {"kin": signatories(session, actor, person_id)}
    if person_id != actor.person_id:
        actor = replace(actor, acting_for=person_id)
    resource = Resource("Contract", str(contract_id), person_id, units, more)
    require(session, actor, Action.APPLY, resource)
    if person is None:
        raise NotFound()
    way = way_of(session, actor, command.introduction, team.id, person.id)
    applied = apply_by(
        session,
        actor,
        contract_id,
        team,
        person,
        way,
        years=command.years,
        pack_code=command.pack_code,
        extra_codes=chosen_codes(session, person, command.extra_codes),
    )
    if actor.acting_for:
        notices.tell_applied_for(session, person.id, contract_id, actor.name, team.name)
    return applied


def apply_by(
    session: Session,
    actor: Actor,
    contract_id: UUID,
    team: TeamView,
    person: PersonView,
    way: Way = PORTAL,
    *,
    years: int | None = None,
    pack_code: str | None = None,
    extra_codes: Sequence[str] = (),
    at: datetime | None = None,
) -> ContractView:
    """Write an application that came by ``way``, made now or ``at``. The caller has asked the
    policy.

    Raises Invalid (the years or the pack), Conflict ``contract_exists``, ``team_full``,
    ``team_closed`` or ``no_basic_pack``.
    """
    _require_open(session, team)
    rule = rule_for(session, team.institution_id)
    contract = insert_application(
        session,
        actor,
        contract_id=contract_id,
        team=team,
        person_id=person.id,
        division_code=person.division_code,
        pack=pack_of(session, pack_code),
        years=term_of(rule, years),
        answer_days=rule.answer_days,
        channel=way.channel,
        extra_codes=extra_codes,
        at=at,
    )
    if contract is None:
        raise Conflict("contract_exists", EXISTS if actor.acting_for is None else ITS_EXISTS)
    keep(session, contract_id, way)
    return contract_view(contract)


def accept_contract(session: Session, actor: Actor, contract_id: UUID) -> ContractView:
    """Accept an application: a place is taken, unless the resident has one with the team already,
    the agreement's text is frozen and signed by the team's leader, and waits for the resident. What
    the resident signed on site already is in force with that.

    Raises Conflict ``team_full``, ``no_signature`` or ``contract_moved``, NotFound, Denied or
    StepUpRequired.
    """
    contract = hold(session, read_contract(session, actor, Action.DECIDE, contract_id))
    team = get_team(session, contract.team_id)
    old = predecessor(session, contract)
    renews = old is not None and old.state in IN_FORCE - {State.CHANGE_REQUESTED}
    accepted = freeze(
        session, actor, contract, team, begins_on=next_day(old) if old and renews else None
    )
    if not shares_place(accepted):
        take_place(session, team.id, places(session, [team])[team.id].capacity)
    announce(session, ContractAccepted, accepted)
    signature = resident_signed(session, accepted)
    if signature is None:
        notices.tell(session, accepted, notices.ACCEPTED, team.name)
        return contract_view(accepted)
    signed = come_into_force(session, actor, accepted)
    signer_id = signature.person_id or signed.person_id
    name = people_by_id(session, {signed.person_id})[signed.person_id].name
    notices.tell_signed_on_visit(session, signed, team.name, name, signer_id, signature.name)
    return contract_view(signed)


def reject_contract(
    session: Session, actor: Actor, contract_id: UUID, command: RejectContract
) -> ContractView:
    """Turn an application down. Raises Conflict ``contract_moved``, NotFound or Denied."""
    contract = hold(session, read_contract(session, actor, Action.DECIDE, contract_id))
    rejected = end(session, actor, contract, Step.REJECT, EndReason.REJECTED, command.reason)
    _tell(session, rejected, notices.REJECTED)
    announce(session, ContractRejected, rejected)
    return contract_view(rejected)


def confirm_contract(
    session: Session, actor: Actor, contract_id: UUID, command: ConfirmContract
) -> ContractView:
    """The resident signs the shown text, which the team has signed: the contract is in force from
    today, its pack may be used, and each of its services gets a date. A renewal is so from the end
    of the old term on.

    Raises Conflict ``agreement_changed`` (another text was shown), ``team_unsigned`` or
    ``contract_moved``, Invalid ``name_differs``, StepUpRequired.
    """
    contract = read_contract(session, actor, Action.SIGN, contract_id)
    if contract.agreement_digest != bytes.fromhex(command.agreement_sha256):
        raise Conflict(
            "agreement_changed", N_("您看到的协议不是最新的文本，请重新打开阅读后再确认。")
        )
    signed = come_into_force(session, actor, contract)
    sign_for_resident(session, actor, signed, command)
    _tell(session, signed, notices.ACTIVATED if signed.state in IN_FORCE else notices.RENEWS)
    return contract_view(signed)


def cancel_contract(session: Session, actor: Actor, contract_id: UUID) -> ContractView:
    """The resident withdraws before the term begins. Raises Conflict ``contract_moved``."""
    contract = hold(session, read_contract(session, actor, Action.CANCEL, contract_id))
    ended = end(session, actor, contract, Step.CANCEL, EndReason.WITHDRAWN)
    team = get_team(session, ended.team_id)
    notices.tell_done_for(session, actor, ended, notices.CANCELLED_FOR, team.name)
    return contract_view(ended)


def terminate_contract(
    session: Session, actor: Actor, contract_id: UUID, command: TerminateContract
) -> ContractView:
    """The resident, who signs for them or the leader ends a contract in force before its term. In
    the cooling-off the resident gives no reason that counts, and all of their part is due back.

    Raises Conflict ``contract_moved``, NotFound or Denied.
    """
    contract = hold(session, read_contract(session, actor, Action.TERMINATE, contract_id))
    reason = EndReason(command.reason)
    own = signer_of(session, actor, contract.person_id) is not None
    if own and rule_now(contract) is RefundRule.COOLING_OFF:
        reason = EndReason.COOLING_OFF
    ended = end(session, actor, contract, Step.TERMINATE, reason, command.note)
    _tell(session, ended, notices.TERMINATED)
    team = get_team(session, ended.team_id)
    notices.tell_done_for(session, actor, ended, notices.LEFT_FOR, team.name)
    return contract_view(ended)


def _require_open(session: Session, team: TeamView) -> None:
    require_in_service(team)
    if not places(session, [team])[team.id].remaining:
        raise Conflict("team_full", FULL)


def _tell(session: Session, contract: Contract, sentence: str) -> None:
    notices.tell(session, contract, sentence, get_team(session, contract.team_id).name)

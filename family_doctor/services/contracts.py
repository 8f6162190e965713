"""What the two sides of a contract do: apply, accept or reject, confirm, cancel, terminate."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from directory.public import division_path, get_team
from directory.schemas import TeamView
from family_doctor import agreement
from family_doctor.events import (
    ContractAccepted,
    ContractActivated,
    ContractApplied,
    ContractRejected,
)
from family_doctor.models import LIVE_CONTRACT, Contract
from family_doctor.obligations import term_end
from family_doctor.queries.contracts import contract_view, read_contract
from family_doctor.queries.team import taken_places
from family_doctor.schemas import (
    Action,
    ApplyForContract,
    Channel,
    ConfirmContract,
    ContractView,
    EndReason,
    RejectContract,
    TerminateContract,
)
from family_doctor.services import notices
from family_doctor.services.moves import FULL, announce, end, move, remember, take_place
from family_doctor.services.promises import promise
from family_doctor.services.signing import sign_for_resident, sign_for_team
from family_doctor.services.texts import wording_for
from family_doctor.states import TERM_YEARS, State, Step
from residents.public import people_by_id
from residents.schemas import PersonView
from service_packs.public import get_pack, grant_entitlement, hand_over, list_packs
from service_packs.schemas import PackView, Source, Tier


def apply_for_contract(session: Session, actor: Actor, command: ApplyForContract) -> ContractView:
    """Ask a team to become the actor's family doctor, with the region's basic pack.

    Raises Conflict: ``not_verified``, ``contract_exists`` (one live contract a person),
    ``team_full``, ``team_closed``, ``no_basic_pack``.
    """
    if actor.person_id is None:
        raise Conflict("not_verified", N_("签约需要先确认您是本人。请先完成实名认证，再回来申请。"))
    team = get_team(session, command.team_id)
    person = people_by_id(session, {actor.person_id})[actor.person_id]
    contract_id = new_id()
    units = (str(team.id), str(team.institution_id), *division_path(person.division_code))
    require(session, actor, Action.APPLY, Resource("Contract", str(contract_id), person.id, units))
    _require_open(session, team)
    return _apply(session, actor, contract_id, team, person)


def accept_contract(session: Session, actor: Actor, contract_id: UUID) -> ContractView:
    """Accept an application: a place is taken, the agreement's text is frozen and signed by the
    team's leader, and waits for the resident.

    Raises Conflict ``team_full``, ``no_signature`` or ``contract_moved``, NotFound, Denied or
    StepUpRequired.
    """
    contract = read_contract(session, actor, Action.DECIDE, contract_id)
    team = get_team(session, contract.team_id)
    person = people_by_id(session, {contract.person_id})[contract.person_id]
    wording = wording_for(session, person.groups)
    terms = _terms(session, contract, team, person)
    written = agreement.compose(terms, wording.body)
    accepted = move(
        session,
        actor,
        contract,
        Step.ACCEPT,
        accepted_at=clock.now(),
        agreement_text=written,
        agreement_digest=agreement.digest(written),
        agreement_text_id=wording.id,
        agreement_items=terms.items,
    )
    sign_for_team(session, actor, accepted)
    take_place(session, team.id, team.capacity)
    notices.tell(session, accepted, notices.ACCEPTED, team.name)
    announce(session, ContractAccepted, accepted)
    return contract_view(accepted)


def reject_contract(
    session: Session, actor: Actor, contract_id: UUID, command: RejectContract
) -> ContractView:
    """Turn an application down. Raises Conflict ``contract_moved``, NotFound or Denied."""
    contract = read_contract(session, actor, Action.DECIDE, contract_id)
    rejected = end(session, actor, contract, Step.REJECT, EndReason.REJECTED, command.reason)
    _tell(session, rejected, notices.REJECTED)
    announce(session, ContractRejected, rejected)
    return contract_view(rejected)


def confirm_contract(
    session: Session, actor: Actor, contract_id: UUID, command: ConfirmContract
) -> ContractView:
    """The resident signs the shown text, which the team has signed: the contract is in force from
    today, its pack may be used, and each of its services gets a date.

    Raises Conflict ``agreement_changed`` (another text was shown), ``team_unsigned`` or
    ``contract_moved``, Invalid ``name_differs``, StepUpRequired.
    """
    contract = read_contract(session, actor, Action.SIGN, contract_id)
    if contract.agreement_digest != bytes.fromhex(command.agreement_sha256):
        raise Conflict(
            "agreement_changed", N_("您看到的协议不是最新的文本，请重新打开阅读后再确认。")
        )
    today = clock.today()
    signed = move(
        session,
        actor,
        contract,
        Step.SIGN,
        signed_at=clock.now(),
        starts_on=today,
        ends_on=term_end(today, TERM_YEARS),
    )
    sign_for_resident(session, actor, signed, command)
    _promise(session, signed)
    _tell(session, signed, notices.ACTIVATED)
    announce(session, ContractActivated, signed)
    return contract_view(signed)


def cancel_contract(session: Session, actor: Actor, contract_id: UUID) -> ContractView:
    """The resident withdraws before signing. Raises Conflict ``contract_moved``."""
    contract = read_contract(session, actor, Action.CANCEL, contract_id)
    return contract_view(end(session, actor, contract, Step.CANCEL, EndReason.WITHDRAWN))


def terminate_contract(
    session: Session, actor: Actor, contract_id: UUID, command: TerminateContract
) -> ContractView:
    """The resident or the team's leader ends a contract in force before its term.

    Raises Conflict ``contract_moved``, NotFound or Denied.
    """
    contract = read_contract(session, actor, Action.TERMINATE, contract_id)
    reason = EndReason(command.reason)
    ended = end(session, actor, contract, Step.TERMINATE, reason, command.note)
    _tell(session, ended, notices.TERMINATED)
    return contract_view(ended)


def basic_pack(session: Session) -> PackView:
    """The pack that comes with every contract. Raises Conflict ``no_basic_pack``."""
    for pack in list_packs(session):
        if pack.tier is Tier.BASIC:
            return pack
    raise Conflict("no_basic_pack", N_("本地的基础服务包还没有设置，暂时不能签约，请稍后再试。"))


def _require_open(session: Session, team: TeamView) -> None:
    if team.disabled:
        raise Conflict("team_closed", N_("这个团队已停止签约，请选择附近的其他团队。"))
    if taken_places(session, {team.id})[team.id] >= team.capacity:
        raise Conflict("team_full", FULL)


def _apply(
    session: Session, actor: Actor, contract_id: UUID, team: TeamView, person: PersonView
) -> ContractView:
    pack = basic_pack(session)
    row = postgresql.insert(Contract).values(
        id=contract_id,
        person_id=person.id,
        team_id=team.id,
        institution_id=team.institution_id,
        division_code=person.division_code,
        channel=Channel.PORTAL,
        state=State.APPLIED,
        pack_code=pack.code,
        pack_name=pack.name,
        pack_name_en=pack.name_en,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=pack.person_fen,
        applied_at=clock.now(),
        version=1,
    )
    row = row.on_conflict_do_nothing(
        index_elements=[Contract.person_id], index_where=text(LIVE_CONTRACT)
    )
    contract = session.scalars(row.returning(Contract)).one_or_none()
    if contract is None:
        raise Conflict(
            "contract_exists",
            N_("您已经有一份签约或申请。想换团队，请先在「我的家庭医生」撤回或解约。"),
        )
    remember(session, actor, contract.id, None, State.APPLIED)
    announce(session, ContractApplied, contract)
    return contract_view(contract)


def _terms(
    session: Session, contract: Contract, team: TeamView, person: PersonView
) -> agreement.Terms:
    pack = get_pack(session, contract.pack_code)
    return agreement.Terms(
        contract_id=str(contract.id),
        resident=person.name,
        team=team.name,
        institution=team.institution_name,
        pack=contract.pack_name,
        price_fen=contract.price_fen,
        public_health_fen=contract.public_health_fen,
        insurance_fen=contract.insurance_fen,
        person_fen=contract.person_fen,
        items=[(item.name, item.times_per_year) for item in pack.items],
        years=TERM_YEARS,
        written_on=clock.today(),
    )


def _promise(session: Session, contract: Contract) -> None:
    """Give the contract's pack to the resident and a date to what is owed by one; what the resident
    bought before is now the team's to serve.
    """
    if contract.starts_on is None or contract.ends_on is None:
        raise ValueError("a contract without a term promises nothing")
    hand_over(session, contract.person_id, contract.team_id)
    granted = grant_entitlement(
        session,
        person_id=contract.person_id,
        pack_code=contract.pack_code,
        source=Source.CONTRACT,
        source_id=contract.id,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
    )
    promise(session, contract, granted, TERM_YEARS)


def _tell(session: Session, contract: Contract, sentence: str) -> None:
    notices.tell(session, contract, sentence, get_team(session, contract.team_id).name)

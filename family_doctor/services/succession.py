"""One contract after another: renewal and change, and how the new one begins where the old ends."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.events import ContractActivated
from family_doctor.models import Contract
from family_doctor.obligations import term_end
from family_doctor.queries.contracts import contract_view, read_contract
from family_doctor.queries.rules import near_end, places, rule_for
from family_doctor.queries.signatories import acts_for
from family_doctor.schemas import (
    Action,
    ChangeContract,
    Channel,
    ContractView,
    EndReason,
    Kind,
    RenewContract,
    RuleView,
)
from family_doctor.services import notices
from family_doctor.services.applications import insert_application
from family_doctor.services.extras import chosen_codes
from family_doctor.services.introductions import PORTAL, Way, keep
from family_doctor.services.moves import (
    MOVED,
    announce,
    end,
    hold,
    move,
    predecessor,
    successor,
)
from family_doctor.services.places import FULL
from family_doctor.services.promises import adopt_promises, promise
from family_doctor.services.waiting import take_up
from family_doctor.states import State, Step
from residents.public import people_by_id
from service_packs.public import get_pack, grant_entitlement, hand_over, list_packs
from service_packs.schemas import PackView, Source, Tier

EXISTS = N_("您已经有一份签约或申请。想换团队，请先在「我的家庭医生」撤回或解约。")
UNDER_WAY = N_("您已经有一份续签或更换在办理，请先办完或撤回，再办新的。")
ENDS = {Kind.CHANGE_TEAM: EndReason.CHANGED_TEAM, Kind.CHANGE_PACK: EndReason.CHANGED_PACK}


def renew_contract(
    session: Session, actor: Actor, contract_id: UUID, command: RenewContract
) -> ContractView:
    """Renew with the same team, as a rule on the same terms; the resident keeps their place, and
    may choose personalised packs that are not theirs any more when it begins. The team's leader
    accepts and signs, then the resident. Asked again while the renewal is under way, that one is
    given back.

    Raises NotFound, Denied, Invalid (the years or the packs), or Conflict ``contract_moved``,
    ``not_yet_renewable``, ``team_closed``, ``successor_exists``, ``no_basic_pack``.
    """
    old = hold(session, read_contract(session, actor, Action.RENEW, contract_id))
    again = successor(session, old)
    if again is not None and again.kind == Kind.RENEWAL:
        return contract_view(again)
    team = get_team(session, old.team_id)
    old = _soon_over(session, actor, old)
    codes = _chosen(session, old, command.extra_codes, next_day(old))
    way = _way_of(session, actor, old)
    new = _renew(session, actor, old, team, command.years, way, extra_codes=codes)
    notices.tell_done_for(session, actor, new, notices.RENEWAL_FOR, team.name)
    return contract_view(new)


def renew_by(
    session: Session,
    actor: Actor,
    old_id: UUID,
    person_id: UUID,
    team: TeamView,
    way: Way,
    *,
    contract_id: UUID,
    years: int,
    extra_codes: Sequence[str] = (),
    at: datetime,
) -> Contract:
    """Write a renewal of the person's contract with the team that came by ``way``, made ``at``. The
    caller has asked the policy.

    Raises Invalid (the years), Conflict ``renewal_changed`` for another's or another team's, or as
    ``renew_contract``; ``successor_exists`` also for a renewal under way.
    """
    old = session.get(Contract, old_id)
    if old is None or (old.person_id, old.team_id) != (person_id, team.id):
        raise Conflict("renewal_changed", MOVED)
    old = _soon_over(session, actor, hold(session, old))
    return _renew(
        session,
        actor,
        old,
        team,
        years,
        way,
        contract_id=contract_id,
        extra_codes=extra_codes,
        at=at,
    )


def change_contract(
    session: Session, actor: Actor, contract_id: UUID, command: ChangeContract
) -> ContractView:
    """Ask another team, or the same one for another basic pack, perhaps with personalised packs
    beside it. The contract goes on until that is accepted and signed. Gives the application.

    Raises NotFound, Denied, Invalid (the years or the packs), or Conflict ``contract_moved``,
    ``nothing_changed``, ``team_full``, ``team_closed``, ``successor_exists``.
    """
    old = hold(session, read_contract(session, actor, Action.CHANGE, contract_id))
    if successor(session, old) is not None:
        raise Conflict("successor_exists", UNDER_WAY)
    team = get_team(session, command.team_id or old.team_id)
    pack = pack_of(session, command.pack_code) if command.pack_code else None
    pack = pack or pack_again(session, old.pack_code)
    kind = Kind.CHANGE_PACK if team.id == old.team_id else Kind.CHANGE_TEAM
    if kind is Kind.CHANGE_PACK and pack.code == old.pack_code:
        raise Conflict("nothing_changed", N_("新的团队和服务包与现在的一样，不用更换。"))
    require_in_service(team)
    if kind is Kind.CHANGE_TEAM and not places(session, [team])[team.id].remaining:
        raise Conflict("team_full", FULL)
    rule = rule_for(session, team.institution_id)
    years = term_of(rule, command.years)
    codes = _chosen(session, old, command.extra_codes)
    new = request_change(session, actor, old, kind, team, pack, years, rule, codes)
    return contract_view(new)


def request_change(
    session: Session,
    actor: Actor,
    old: Contract,
    kind: Kind,
    team: TeamView,
    pack: PackView,
    years: int,
    rule: RuleView,
    extra_codes: Sequence[str] = (),
) -> Contract:
    """The application that is to take the place of a contract in force, which the caller holds.

    Raises Conflict ``successor_exists`` or ``contract_moved``.
    """
    old = move(session, actor, old, Step.REQUEST_CHANGE)
    way = _way_of(session, actor, old)
    ids = new_id()
    new = _succeed(session, actor, old, kind, team, pack, years, rule, way, ids, extra_codes)
    notices.tell_done_for(session, actor, new, notices.CHANGE_FOR, team.name)
    return new


def withdraw_change(session: Session, actor: Actor, contract_id: UUID) -> ContractView:
    """Take back the wish to change; the contract goes on. Gives the contract.

    Raises NotFound, Denied or Conflict ``contract_moved``.
    """
    old = hold(session, read_contract(session, actor, Action.CHANGE, contract_id))
    new = successor(session, old)
    if old.state != State.CHANGE_REQUESTED or new is None:
        raise Conflict("contract_moved", MOVED)
    end(session, actor, new, Step.CANCEL, EndReason.WITHDRAWN)
    kept = session.get_one(Contract, old.id)
    team = get_team(session, kept.team_id)
    notices.tell_done_for(session, actor, kept, notices.KEPT_FOR, team.name)
    return contract_view(kept)


def come_into_force(
    session: Session, actor: Actor, contract: Contract, at: datetime | None = None
) -> Contract:
    """Both sides have signed, now or ``at``. A renewal waits for the day after the old term;
    everything else begins on that day, and the contract that it changes ends with it.
    Raises Conflict ``contract_moved``.
    """
    contract = hold(session, contract)
    now = at or clock.now()
    today = clock.local(now).date()
    cooling_off = rule_for(session, contract.institution_id).cooling_off_days
    free_until = now + timedelta(days=cooling_off) if cooling_off else None
    old = predecessor(session, contract)
    if old is not None and contract.kind == Kind.RENEWAL:
        begins_on = next_day(old)
        return move(
            session,
            actor,
            contract,
            Step.SIGN_AHEAD,
            starts_on=begins_on,
            ends_on=term_end(begins_on, contract.term_years),
            signed_at=now,
            free_until=free_until,
        )
    if State(contract.state) is not State.PENDING_SIGNATURE:
        raise Conflict("contract_moved", MOVED)
    if old is not None:
        end(session, actor, old, Step.CHANGE, ENDS[Kind(contract.kind)])
    signed = move(
        session,
        actor,
        contract,
        Step.SIGN,
        starts_on=today,
        ends_on=term_end(today, contract.term_years),
        succeeding=False,
        signed_at=now,
        free_until=free_until,
    )
    keep_promises(session, signed)
    announce(session, ContractActivated, signed)
    return signed


def begin_renewal(session: Session, old: Contract, new: Contract) -> Contract:
    """The old term is over: the old contract is renewed, and the signed one begins."""
    end(session, None, old, Step.RENEW, EndReason.RENEWED)
    begun = move(session, None, new, Step.BEGIN, succeeding=False)
    keep_promises(session, begun)
    announce(session, ContractActivated, begun)
    return begun


def keep_promises(session: Session, contract: Contract) -> None:
    """Give the contract's pack to the resident and a date to what is owed by one; what the resident
    bought before is now the team's to serve, by its dates.
    """
    if contract.starts_on is None or contract.ends_on is None:
        raise ValueError("a contract without a term promises nothing")
    take_up(session, contract)
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
    promise(session, contract, granted, contract.term_years)
    before = session.get(Contract, contract.previous_id) if contract.previous_id else None
    adopt_promises(session, contract, before)


def basic_pack(session: Session) -> PackView:
    """The pack that comes with every contract. Raises Conflict ``no_basic_pack``."""
    for pack in list_packs(session):
        if pack.tier is Tier.BASIC:
            return pack
    raise Conflict("no_basic_pack", N_("本地的基础服务包还没有设置，暂时不能签约，请稍后再试。"))


def pack_of(session: Session, code: str | None) -> PackView:
    """The basic pack on offer with this code, or the usual one. Raises Invalid."""
    if code is None:
        return basic_pack(session)
    for pack in list_packs(session):
        if pack.code == code and pack.tier is Tier.BASIC:
            return pack
    raise Invalid("unknown_pack", fields={"pack_code": N_("请从列出的选项中选择。")})


def pack_again(session: Session, code: str) -> PackView:
    """The pack of before if it is still on offer, else the usual one."""
    pack = get_pack(session, code)
    return basic_pack(session) if pack.withdrawn else pack


def term_of(rule: RuleView, years: int | None) -> int:
    """The term in years: the usual one if none is asked for. Raises Invalid beyond the longest."""
    if years is None:
        return rule.term_years
    if years > rule.term_years_max:
        sentence = N_("期限超过了本地允许的最长年数，请选择列出的年数。")
        raise Invalid("term_too_long", fields={"years": sentence})
    return years


def require_in_service(team: TeamView) -> None:
    """Raises Conflict ``team_closed``."""
    if team.disabled:
        raise Conflict("team_closed", N_("这个团队已停止签约，请选择附近的其他团队。"))


def next_day(old: Contract) -> date:
    """The day after the term of a contract in force."""
    if old.ends_on is None:
        raise ValueError("a contract in force has a term")
    return old.ends_on + timedelta(days=1)


def _renew(
    session: Session,
    actor: Actor,
    old: Contract,
    team: TeamView,
    years: int | None,
    way: Way,
    *,
    contract_id: UUID | None = None,
    extra_codes: Sequence[str] = (),
    at: datetime | None = None,
) -> Contract:
    require_in_service(team)
    rule = rule_for(session, old.institution_id)
    years = term_of(rule, years or min(old.term_years, rule.term_years_max))
    pack = pack_again(session, old.pack_code)
    kind, ids = Kind.RENEWAL, contract_id or new_id()
    return _succeed(session, actor, old, kind, team, pack, years, rule, way, ids, extra_codes, at)


def _soon_over(session: Session, actor: Actor, old: Contract) -> Contract:
    """A contract that may be renewed now. Raises Conflict ``not_yet_renewable``,
    ``contract_moved``.
    """
    if old.state == State.ACTIVE:
        if not _near_end(session, old):
            raise Conflict("not_yet_renewable", N_("还没到续签的时候，到期前会提醒您。"))
        old = move(session, actor, old, Step.NEAR_END)
    if old.state != State.EXPIRING:
        raise Conflict("contract_moved", MOVED)
    return old


def _chosen(
    session: Session, old: Contract, codes: Sequence[str], begins_on: date | None = None
) -> list[str]:
    """The personalised packs chosen with what comes after a contract. Raises Invalid."""
    if not codes:
        return []
    person = people_by_id(session, {old.person_id})[old.person_id]
    return chosen_codes(session, person, codes, begins_on)


def _near_end(session: Session, contract: Contract) -> bool:
    query = select(Contract.id).where(Contract.id == contract.id, near_end(session))
    return session.scalar(query) is not None


def _way_of(session: Session, actor: Actor, old: Contract) -> Way:
    """The resident's own wish, or that of one who signs for them."""
    if acts_for(session, actor, old.person_id):
        return Way(Channel.AGENT, actor.account_id, actor.name)
    return PORTAL


def _succeed(
    session: Session,
    actor: Actor,
    old: Contract,
    kind: Kind,
    team: TeamView,
    pack: PackView,
    years: int,
    rule: RuleView,
    way: Way,
    contract_id: UUID,
    extra_codes: Sequence[str] = (),
    at: datetime | None = None,
) -> Contract:
    new = insert_application(
        session,
        actor,
        contract_id=contract_id,
        team=team,
        person_id=old.person_id,
        division_code=old.division_code,
        pack=pack,
        years=years,
        answer_days=rule.answer_days,
        channel=way.channel,
        kind=kind,
        previous_id=old.id,
        extra_codes=extra_codes,
        at=at,
    )
    if new is None:
        raise Conflict("successor_exists", UNDER_WAY)
    keep(session, new.id, way)
    return new

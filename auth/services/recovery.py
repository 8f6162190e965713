"""A lost phone must not lock a person out, nor let a stranger in."""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth import ports
from auth.models import Account, RecoveryCase
from auth.organisation import Unit
from auth.queries.factors import standing_of
from auth.queries.recovery import (
    case_resource,
    get_recovery,
    in_one_hand,
    load_case,
    own_institutions,
)
from auth.recovery import (
    CONFIRM_WITHIN,
    REVIEW_WITHIN,
    REVIEWED_WAIT,
    WAIT,
    Move,
    State,
    state_after,
    states_before,
)
from auth.schemas import (
    BeginRecovery,
    NoticeKind,
    Objection,
    Papers,
    PapersSeen,
    ProveNewPhone,
    Purpose,
    RecoveryAction,
    RecoveryView,
)
from auth.services import codes, factors, limits
from auth.services.accounts import end_sign_ins
from auth.services.identities import part_all
from auth.services.notices import notify_owner
from auth.services.own_account import move_phone
from auth.services.sign_in import Origin, note, phone_index
from core import clock
from core.access import Actor, require
from core.crypto import token_hash
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_

# What one member of staff can look at in a day of work; more is somebody trying numbers.
PAPERS_PER_DAY = 20
HERE = Origin("", channel="job")
COME_IN_PERSON = N_(
    "安全管理员已当面核对证件，这个链接不能再阻止。不是您本人，请在生效前带身份证到就近机构办理。"
)

UNKNOWN_LINK = N_("链接不完整或已失效，请检查短信里的链接。")
# What is left to whoever objects too late, by how it ended.
TOO_LATE = {
    State.DONE: N_(
        "手机号已经更换，这个链接不能再阻止。不是您本人，请马上带身份证到就近机构办理。"
    ),
    State.WITHDRAWN: N_("机构已经撤回这次更换，您的手机号没有变。"),
    State.LAPSED: N_("这次更换没有办成，您的手机号没有变。"),
}


def count_papers(session: Session, actor: Actor) -> None:
    """Count papers before they are checked; in a transaction of its own. Raises TooMany."""
    limits.count_try(session, "papers", str(actor.account_id), PAPERS_PER_DAY, timedelta(days=1))


def see_papers(
    session: Session, actor: Actor, command: BeginRecovery, genuine: bool, origin: Origin
) -> tuple[PapersSeen, str]:
    """The first member of staff saw the papers; a code goes to the new phone, which is at the
    counter too. ``genuine`` is the real-name service's answer, asked before the transaction.

    Raises Denied, Invalid, NotFound, Conflict, TooMany.
    """
    unit = _unit_of(session, actor, command.unit)
    account = _account_of(session, command, genuine)
    require(session, actor, RecoveryAction.BEGIN, case_resource(account, unit))
    _may_take(session, account, command.phone)
    sent, code = codes.make(session, command.phone, Purpose.RECOVERY, origin, account.id)
    return PapersSeen(**sent.model_dump(), account_id=account.id), code


def begin(session: Session, actor: Actor, command: ProveNewPhone, origin: Origin) -> RecoveryView:
    """Open the case, as the new phone was proved. ``codes.count_try`` came before.

    Raises Denied, Invalid ``wrong_code``, or Conflict ``recovery_open``.
    """
    challenge = codes.redeem(
        session, command.challenge_id, command.code, Purpose.RECOVERY, origin, command.account_id
    )
    account = session.get_one(Account, command.account_id)
    unit = _unit_of(session, actor, command.unit)
    require(session, actor, RecoveryAction.BEGIN, case_resource(account, unit))
    opened = session.execute(
        insert(RecoveryCase)
        .values(
            id=new_id(),
            account_id=account.id,
            unit=unit.code,
            unit_name=unit.name,
            new_phone=challenge.phone,
            state=State.BEGUN,
            begun_by=actor.account_id,
            begun_by_name=actor.name,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(RecoveryCase.id)
    ).scalar()
    if opened is None:
        raise Conflict("recovery_open", N_("这个账号已有一项正在办理的找回，请到列表中查看。"))
    return get_recovery(session, actor, opened)


def confirm(
    session: Session, actor: Actor, case_id: UUID, papers: Papers, genuine: bool
) -> RecoveryView:
    """The second member of staff saw the papers: the wait begins, and the old contact is told.

    Raises Denied, Invalid, NotFound, Conflict.
    """
    case, account, unit = load_case(session, case_id)
    one_hand = bool(in_one_hand(session, actor.account_id, [case.begun_by]))
    resource = case_resource(account, unit, case.begun_by, one_hand=one_hand)
    require(session, actor, RecoveryAction.CONFIRM, resource)
    if _account_of(session, papers, genuine).id != account.id:
        raise _not_theirs()
    objection = secrets.token_urlsafe(24)
    _move(
        session,
        case,
        Move.CONFIRM,
        confirmed_by=actor.account_id,
        confirmed_by_name=actor.name,
        objection_hash=token_hash(objection),
        effective_at=clock.now() + WAIT,
    )
    notify_owner(session, account, NoticeKind.RECOVERY_BEGUN, secret=objection)
    return get_recovery(session, actor, case_id)


def overrule(
    session: Session, actor: Actor, case_id: UUID, papers: Papers, genuine: bool
) -> RecoveryView:
    """A security administrator, a third person, saw the papers: whoever objected has stolen the old
    phone, as far as they can tell. A longer wait begins, and the old contact is told once more; who
    still says no comes in person.

    Raises Denied, Invalid, NotFound, Conflict.
    """
    case, account = _to_review(session, actor, case_id)
    if _account_of(session, papers, genuine).id != account.id:
        raise _not_theirs()
    effective_at = clock.now() + REVIEWED_WAIT
    _move(session, case, Move.OVERRULE, effective_at=effective_at, **_reviewer(actor))
    notify_owner(session, account, NoticeKind.RECOVERY_REVIEWED)
    return get_recovery(session, actor, case_id)


def uphold(session: Session, actor: Actor, case_id: UUID) -> RecoveryView:
    """A security administrator lets the objection stand. Raises Denied, NotFound, Conflict."""
    case, _ = _to_review(session, actor, case_id)
    _move(session, case, Move.UPHOLD, ended_at=clock.now(), **_reviewer(actor))
    return get_recovery(session, actor, case_id)


def withdraw(session: Session, actor: Actor, case_id: UUID) -> RecoveryView:
    """Staff call it off. Raises Denied, NotFound, Conflict."""
    case, account, unit = load_case(session, case_id)
    require(session, actor, RecoveryAction.WITHDRAW, case_resource(account, unit, case.begun_by))
    _move(session, case, Move.WITHDRAW, ended_at=clock.now())
    return get_recovery(session, actor, case_id)


def object_to(session: Session, command: Objection, origin: Origin) -> None:
    """Whoever got the code at the old contact stops it until a security administrator has weighed
    it; stopping it twice is once.

    Raises NotFound for a code of no recovery, Conflict ``recovery_over`` where it was too late.
    """
    case = session.scalar(
        select(RecoveryCase).where(RecoveryCase.objection_hash == token_hash(command.code))
    )
    if case is None:
        raise NotFound("no_recovery", UNKNOWN_LINK)
    if case.state in (State.CONTESTED, State.OBJECTED):
        return
    if case.state == State.REVIEWED:
        raise Conflict("recovery_reviewed", COME_IN_PERSON)
    if case.state in TOO_LATE:
        raise Conflict("recovery_over", TOO_LATE[State(case.state)])
    _move(session, case, Move.OBJECT, contested_at=clock.now())
    note(session, case.account_id, "auth:object-to-recovery", origin)


def due(session: Session) -> list[UUID]:
    """The recoveries that wait for the calendar only."""
    now = clock.now()
    waited = RecoveryCase.state.in_((State.WAITING, State.REVIEWED)) & (
        RecoveryCase.effective_at <= now
    )
    left = (RecoveryCase.state == State.BEGUN) & (RecoveryCase.created_at < now - CONFIRM_WITHIN)
    unweighed = (RecoveryCase.state == State.CONTESTED) & (
        RecoveryCase.contested_at < now - REVIEW_WITHIN
    )
    return list(session.scalars(select(RecoveryCase.id).where(waited | left | unweighed)))


def settle(session: Session, case_id: UUID) -> None:
    """Let the new phone take over after the wait, or a case that nobody confirmed lapse. All that
    was on the lost phone goes with it: factors, sessions, what applications hold, and the WeChat
    users and providers joined to the account, which whoever found the phone may have joined. The
    password stays: it was never on the phone. Settling again changes nothing.
    """
    case = session.get_one(RecoveryCase, case_id, with_for_update=True)
    if case_id not in due(session):
        return
    account = session.get_one(Account, case.account_id)
    undecided = case.state in (State.BEGUN, State.CONTESTED)
    if undecided or not _is_free(session, account, case.new_phone):
        _move(session, case, Move.LAPSE, ended_at=clock.now())
        return
    _release(session, case.new_phone, account)
    move_phone(session, account, case.new_phone)
    factors.forget_all(session, account.id)
    part_all(session, account.id)
    end_sign_ins(session, account.id)
    _move(session, case, Move.TAKE_EFFECT, ended_at=clock.now())
    note(session, account.id, "auth:recover-account", HERE)
    notify_owner(session, account, NoticeKind.RECOVERED)


def _to_review(session: Session, actor: Actor, case_id: UUID) -> tuple[RecoveryCase, Account]:
    """Raises NotFound or Denied."""
    case, account, unit = load_case(session, case_id)
    stood = [case.begun_by, *([case.confirmed_by] if case.confirmed_by else [])]
    one_hand = bool(in_one_hand(session, actor.account_id, stood))
    resource = case_resource(account, unit, case.begun_by, case.confirmed_by, one_hand=one_hand)
    require(session, actor, RecoveryAction.REVIEW, resource)
    return case, account


def _reviewer(actor: Actor) -> dict[str, object]:
    return {"reviewed_by": actor.account_id, "reviewed_by_name": actor.name}


def _move(session: Session, case: RecoveryCase, move: Move, **values: object) -> None:
    """Of two moves at once one wins. Raises Conflict ``recovery_over``."""
    moved = session.execute(
        update(RecoveryCase)
        .where(RecoveryCase.id == case.id, RecoveryCase.state.in_(states_before(move)))
        .values(state=state_after(move), **values)
        .returning(RecoveryCase.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(case)
    if moved is None:
        raise Conflict("recovery_over", N_("这项找回已经有了结果，请刷新后查看。"))


def _account_of(session: Session, papers: Papers, genuine: bool) -> Account:
    """The account of the person whom the papers name. Raises Invalid or NotFound."""
    if not genuine:
        raise _not_theirs()
    person_id = ports.identity_desk().person_of(session, papers.name, papers.id_number)
    account = session.scalar(select(Account).where(Account.person_id == person_id))
    if person_id is None or account is None or account.disabled_at is not None:
        raise NotFound(
            "no_account", N_("这个人还没有实名账号，不需要找回。请用新手机号登录并完成实名认证。")
        )
    return account


def _not_theirs() -> Invalid:
    sentence = N_("证件核对没有通过，请对照身份证检查姓名和号码。")
    return Invalid("papers_differ", sentence, fields={"id_number": sentence})


def _unit_of(session: Session, actor: Actor, code: str) -> Unit:
    unit = next((unit for unit in own_institutions(session, actor) if unit.code == code), None)
    if unit is None:
        sentence = N_("请选择您工作的机构。")
        raise Invalid("wrong_unit", sentence, fields={"unit": sentence})
    return unit


def _may_take(session: Session, account: Account, phone: str) -> None:
    if account.phone_index == phone_index(phone):
        sentence = N_("这就是账号现在的手机号，不需要更换。")
        raise Invalid("same_phone", sentence, fields={"phone": sentence})
    if not _is_free(session, account, phone):
        raise Conflict(
            "phone_taken", N_("这个手机号已用于另一个账号，请换一个，或先在那个账号里更换。")
        )


def _is_free(session: Session, account: Account, phone: str) -> bool:
    """Whether nobody has the phone, or only an account with nothing in it: who lost their phone
    often tried to sign in with the new one first.
    """
    other = _other_holder(session, account, phone)
    if other is None:
        return True
    empty = other.person_id is None and other.username is None
    return empty and not standing_of(session, other.id).staff


def _release(session: Session, phone: str, account: Account) -> None:
    """Take the phone from such an empty account, which ends with it."""
    other = _other_holder(session, account, phone)
    if other is not None:
        other.phone, other.phone_index = None, None
        other.username = f"released-{other.id}"
        other.disabled_at = clock.now()
        end_sign_ins(session, other.id)
        session.flush()


def _other_holder(session: Session, account: Account, phone: str) -> Account | None:
    taken = select(Account).where(
        Account.phone_index == phone_index(phone), Account.id != account.id
    )
    return session.scalar(taken)

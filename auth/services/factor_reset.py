"""Staff who lost every second factor: two security administrators let them set up a new one.

The password stays, so that neither can come in with what they did; the wait and the notices are
those of a recovery.
"""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import Account, FactorReset
from auth.queries.accounts import SUBJECT, account_at_each_place, load_account, service_of
from auth.queries.factors import standing_of
from auth.queries.recovery import find_reset, in_one_hand, reset_view
from auth.recovery import CONFIRM_WITHIN, WAIT
from auth.schemas import Action, FactorResetView, NoticeKind
from auth.services import factors
from auth.services.accounts import end_sign_ins
from auth.services.notices import notify_owner
from auth.services.sign_in import Origin, note
from core import clock, history
from core.access import Actor, require
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.messages import N_

HERE = Origin("", channel="job")


def begin(session: Session, actor: Actor, account_id: UUID) -> FactorResetView:
    """The first security administrator has the holder in front of them.

    Raises NotFound, Denied, or Conflict (no member of staff, or one is under way).
    """
    account = _account(session, actor, account_id)
    if not standing_of(session, account_id).staff:
        raise Conflict("no_staff", N_("这个账号没有工作角色。居民请带身份证到机构办理“找回账号”。"))
    begun = session.execute(
        insert(FactorReset)
        .values(
            id=new_id(),
            account_id=account_id,
            begun_by=actor.account_id,
            begun_by_name=actor.name,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(FactorReset.id)
    )
    if begun.first() is None:
        raise Conflict("reset_open", N_("这个账号已有一项正在办理的重置。"))
    history.note(session, actor, SUBJECT, account, {"factor_reset": [None, True]})
    return reset_view(session, actor, _open(session, account_id))


def confirm(session: Session, actor: Actor, account_id: UUID) -> FactorResetView:
    """The second one, another human, saw the holder too: the wait begins, and they are told.

    Raises NotFound, Denied, or Conflict.
    """
    account = _account(session, actor, account_id)
    reset = _open(session, account_id)
    if reset.begun_by == actor.account_id or in_one_hand(
        session, actor.account_id, [reset.begun_by]
    ):
        raise Conflict("second_person", N_("重置要由另一位安全管理员同意，不能由一个人办完。"))
    confirmed = session.execute(
        update(FactorReset)
        .where(
            FactorReset.id == reset.id,
            FactorReset.confirmed_by.is_(None),
            FactorReset.ended_at.is_(None),
        )
        .values(
            confirmed_by=actor.account_id,
            confirmed_by_name=actor.name,
            effective_at=clock.now() + WAIT,
        )
        .returning(FactorReset.id)
    )
    if confirmed.first() is None:
        raise Conflict("reset_over", N_("这项重置已经有了结果，请刷新后查看。"))
    session.refresh(reset)
    history.note(session, actor, SUBJECT, account, {"factor_reset_confirmed": [None, True]})
    notify_owner(session, account, NoticeKind.RESET_BEGUN)
    return reset_view(session, actor, reset)


def withdraw(session: Session, actor: Actor, account_id: UUID) -> None:
    """Call it off. Raises NotFound, or Denied."""
    account = _account(session, actor, account_id)
    _end(session, _open(session, account_id))
    history.note(session, actor, SUBJECT, account, {"factor_reset": [True, None]})


def due(session: Session) -> list[UUID]:
    """The resets that wait for the calendar only."""
    now = clock.now()
    left = FactorReset.confirmed_by.is_(None) & (FactorReset.created_at < now - CONFIRM_WITHIN)
    return list(
        session.scalars(
            select(FactorReset.id).where(
                FactorReset.ended_at.is_(None), left | (FactorReset.effective_at <= now)
            )
        )
    )


def settle(session: Session, reset_id: UUID) -> None:
    """Forget the factors after the wait, or let lapse what nobody confirmed. Again changes
    nothing.
    """
    reset = session.get_one(FactorReset, reset_id, with_for_update=True)
    if reset_id not in due(session):
        return
    _end(session, reset)
    if reset.confirmed_by is None:
        return
    factors.forget_all(session, reset.account_id)
    end_sign_ins(session, reset.account_id)
    note(session, reset.account_id, Action.RESET_FACTORS, HERE)
    notify_owner(session, session.get_one(Account, reset.account_id), NoticeKind.FACTORS_RESET)


def _account(session: Session, actor: Actor, account_id: UUID) -> Account:
    """The account, if the actor is responsible for each place it serves at."""
    account = load_account(session, account_id)
    for place in account_at_each_place(account, service_of(session, account_id)):
        require(session, actor, Action.RESET_FACTORS, place)
    return account


def _open(session: Session, account_id: UUID) -> FactorReset:
    reset = find_reset(session, account_id)
    if reset is None:
        raise NotFound()
    return reset


def _end(session: Session, reset: FactorReset) -> None:
    reset.ended_at = clock.now()
    session.flush()

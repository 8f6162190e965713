"""What was bought beside a contract that ran out: it waits for the next team, until the resident
gives it back or its time is over; then the unperformed part is due, as on leaving a team.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from family_doctor.models import Contract, Rule, WaitingPack
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.rules import of_rule, rule_for
from family_doctor.queries.staffing import people_of_teams
from family_doctor.queries.waiting import refund_now, waiting_view
from family_doctor.schemas import (
    AnswerWaitingPack,
    BoughtRefund,
    WaitingAction,
    WaitingPackView,
    WaitingState,
)
from family_doctor.services.refunds import owe_for_pack
from notifications.public import notify, notify_with_carers
from service_packs.public import end_entitlements, list_bought
from service_packs.schemas import Source

BATCH = 200
LINK = "/family-doctor/contracts/{id}/waiting-packs"
WAITS = N_(
    "签约已到期，您购买的“%(pack)s”还没有做完。可以留给下一个团队，也可以退回没做的部分；"
    "到 %(date)s 没有新的团队，会自动退回。"
)
NEAR = N_("“%(pack)s”到 %(date)s 没有新的团队，就自动退回没做的部分。想接着用，请在这之前签约。")
RETURNED = N_("“%(pack)s”已退回，没做的部分应退 %(amount)s 元，机构核准后退给您。")
LAPSED = N_("没有新的团队接着服务，“%(pack)s”已自动退回，应退 %(amount)s 元，机构核准后退给您。")
TAKEN_UP = N_("您购买的“%(pack)s”由%(team)s接着服务。")
TEAM_WAITS = N_("一份到期签约另购的服务包还没有做完，居民可以留给下一个团队，也可以退回。")
TEAM_RETURNED = N_("一份到期签约另购的服务包已退回，应退居民 %(amount)s 元，由管理员核准。")
MOVED = N_("这个服务包刚有变化，请刷新页面，按最新的状态办理。")


def begin_waiting(session: Session, contract: Contract) -> None:
    """The contract ran out: what its resident bought waits, within its own term."""
    bought = list_bought(session, contract.person_id)
    if not bought:
        return
    days = rule_for(session, contract.institution_id).bought_wait_days
    for granted, _ in bought:
        until = min(clock.today() + timedelta(days=days), granted.ends_on)
        row = insert(WaitingPack).values(
            id=new_id(),
            contract_id=contract.id,
            order_id=granted.source_id,
            person_id=contract.person_id,
            team_id=contract.team_id,
            institution_id=contract.institution_id,
            pack_name=granted.pack_name,
            pack_name_en=granted.pack_name_en,
            state=WaitingState.WAITING,
            waits_until=until,
        )
        made = session.scalars(row.on_conflict_do_nothing().returning(WaitingPack)).one_or_none()
        if made is not None:
            _tell(session, made, WAITS, date=until.isoformat())
            _tell_leaders(session, made, TEAM_WAITS)


def take_up(session: Session, contract: Contract) -> None:
    """A contract came into force: what waited is its team's to serve. Before anything else of it
    looks at what was bought, so that what is given back at this moment is not promised again.
    """
    taken = session.scalars(
        update(WaitingPack)
        .where(
            WaitingPack.person_id == contract.person_id,
            WaitingPack.state == WaitingState.WAITING,
        )
        .values(state=WaitingState.SERVED, closed_at=clock.now())
        .returning(WaitingPack)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    if taken:
        name = get_team(session, contract.team_id).name
        for row in taken:
            _tell(session, row, TAKEN_UP, team=name)


def answer_waiting(
    session: Session, actor: Actor, pack_id: UUID, command: AnswerWaitingPack
) -> WaitingPackView:
    """The resident's choice, or of who signs for them. Given back it is over; a kept one may be
    given back later still.

    Raises NotFound, Denied or Conflict ``pack_moved``.
    """
    row = session.get(WaitingPack, pack_id, populate_existing=True)
    if row is None:
        raise NotFound()
    read_contract(session, actor, WaitingAction.ANSWER, row.contract_id)
    if command.give_back:
        given = _give_back(session, row, WaitingState.RETURNED, actor.account_id)
        return waiting_view(session, given)
    kept = session.scalars(
        update(WaitingPack)
        .where(WaitingPack.id == row.id, WaitingPack.state == WaitingState.WAITING)
        .values(kept_at=func.coalesce(WaitingPack.kept_at, clock.now()))
        .returning(WaitingPack)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if kept is None:
        raise Conflict("pack_moved", MOVED)
    return waiting_view(session, kept)


def remind_of_waiting(session: Session) -> int:
    """Tell residents, once, that a pack is given back soon; at most ``BATCH``, returns how many."""
    days = of_rule(Rule.bought_remind_days, WaitingPack.institution_id.expression)
    rows = _held(
        session,
        WaitingPack.reminded_at.is_(None),
        WaitingPack.waits_until <= clock.today() + func.make_interval(0, 0, 0, days),
    )
    for row in rows:
        row.reminded_at = clock.now()
        _tell(session, row, NEAR, date=row.waits_until.isoformat())
    session.flush()
    return len(rows)


def give_back_due(session: Session) -> int:
    """Give back what no team came for in time; at most ``BATCH``, returns how many."""
    rows = _held(session, WaitingPack.waits_until <= clock.today())
    for row in rows:
        _give_back(session, row, WaitingState.LAPSED, None)
    return len(rows)


def _held(session: Session, *conditions: ColumnElement[bool]) -> Sequence[WaitingPack]:
    query = (
        select(WaitingPack)
        .where(WaitingPack.state == WaitingState.WAITING, *conditions)
        .order_by(WaitingPack.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


def _give_back(
    session: Session, row: WaitingPack, state: WaitingState, account_id: UUID | None
) -> WaitingPack:
    """End it, with what is due; nothing where the money came back another way meanwhile."""
    refund = refund_now(session, row) or _nothing(row)
    closed = session.scalars(
        update(WaitingPack)
        .where(WaitingPack.id == row.id, WaitingPack.state == WaitingState.WAITING)
        .values(
            state=state,
            closed_at=clock.now(),
            closed_by=account_id,
            refund_fen=refund.refund_fen,
            refund_basis=refund.model_dump(mode="json"),
        )
        .returning(WaitingPack)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()
    if closed is None:
        raise Conflict("pack_moved", MOVED)
    end_entitlements(session, Source.ORDER, closed.order_id)
    owe_for_pack(session, closed)
    amount = f"{refund.refund_fen / 100:.2f}"
    said = RETURNED if state is WaitingState.RETURNED else LAPSED
    _tell(session, closed, said, amount=amount)
    _tell_leaders(session, closed, TEAM_RETURNED, amount=amount)
    return closed


def _nothing(row: WaitingPack) -> BoughtRefund:
    return BoughtRefund(
        order_id=row.order_id,
        pack_name=row.pack_name,
        pack_name_en=row.pack_name_en,
        refund_fen=0,
        paid_fen=0,
        whole_fen=0,
        unperformed_fen=0,
        items=(),
    )


def _tell(session: Session, row: WaitingPack, sentence: str, **values: str) -> None:
    link = LINK.format(id=row.contract_id)
    told = {"pack": row.pack_name, "pack_en": row.pack_name_en, **values}
    notify_with_carers(session, row.person_id, sentence, told, link, carers_link=link)


def _tell_leaders(session: Session, row: WaitingPack, sentence: str, **values: str) -> None:
    for _, person_id in people_of_teams(session, {row.team_id}, leaders=True):
        notify(session, person_id, sentence, values, LINK.format(id=row.contract_id))

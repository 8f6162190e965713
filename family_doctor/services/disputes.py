"""A dispute: opened by the resident, answered by the team's leader, decided by an administrator of
the institution's organisation; the calendar takes it on where the team lets its time pass.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.public import people_in_role
from core import clock
from core.access import Actor, Role, require
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from directory.public import division_path, get_team, teams_by_id
from family_doctor.models import Contract, Dispute
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.disputes import dispute_about, load_dispute, named
from family_doctor.queries.refunds import reckon_refund, stored
from family_doctor.queries.rules import rule_for
from family_doctor.queries.staffing import people_of_teams
from family_doctor.schemas import (
    Action,
    AnswerDispute,
    DecideDispute,
    DisputeAction,
    DisputeState,
    DisputeView,
    OpenDispute,
    RefundRule,
    Subject,
)
from family_doctor.schemas.disputes import TO_DECIDE, WAITING
from family_doctor.services.moves import hold
from family_doctor.states import State
from notifications.public import notify

BATCH = 200
LINK = "/family-doctor/disputes/{id}"
OPENED = N_("您对%(team)s签约的异议已经送到，团队会在 %(days)s 天内答复。")
ANSWERED = N_("%(team)s答复了您的异议，接下来由机构管理员裁定，最晚 %(date)s 前有结果。")
UNANSWERED = N_("%(team)s没有按时答复您的异议，已转给机构管理员裁定，最晚 %(date)s 前有结果。")
TO_LEADER = N_("有一位居民对签约提出异议，请在 %(date)s 前答复。")
LATE_FOR_LEADER = N_("一项签约异议没有按时答复，已转给机构管理员裁定，您仍可以补充答复。")
TO_DECIDE_ANSWERED = N_("%(team)s答复了一项签约异议，请在 %(date)s 前裁定。")
TO_DECIDE_UNANSWERED = N_("%(team)s没有按时答复一项签约异议，请在 %(date)s 前裁定。")
UPHELD = N_("您对%(team)s签约的异议成立，个人已付部分应全额退还，由机构按规定退还。")
DISMISSED = N_("您对%(team)s签约的异议没有成立，请打开查看理由。")
CLOSED = N_("这项异议刚有变化，请刷新页面，按最新的状态办理。")


def open_dispute(
    session: Session, actor: Actor, contract_id: UUID, command: OpenDispute
) -> DisputeView:
    """Say what is wrong with one's contract, signed at some time; one at a time.

    Raises NotFound, Denied, or Conflict ``not_signed``, ``not_ended``, ``dispute_exists``.
    """
    contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    team = get_team(session, contract.team_id)
    about = dispute_about(contract.person_id, team.id, team.institution_id, team.division_code)
    require(session, actor, DisputeAction.OPEN, about)
    if contract.signed_at is None:
        raise Conflict("not_signed", N_("这份签约没有签过，可以直接撤回，不用提出异议。"))
    if command.subject is Subject.ENDED_AGAINST_WILL and contract.state != State.TERMINATED:
        raise Conflict("not_ended", N_("这份签约没有被解除，请选择别的事由。"))
    now, rule = clock.now(), rule_for(session, contract.institution_id)
    row = insert(Dispute).values(
        id=new_id(),
        contract_id=contract.id,
        person_id=contract.person_id,
        team_id=team.id,
        institution_id=team.institution_id,
        division_code=team.division_code,
        subject=command.subject,
        text=command.text,
        state=DisputeState.OPEN,
        opened_at=now,
        answer_by=now + timedelta(days=rule.dispute_answer_days),
        version=1,
    )
    dispute = session.scalars(row.on_conflict_do_nothing().returning(Dispute)).one_or_none()
    if dispute is None:
        raise Conflict("dispute_exists", N_("您对这份签约已经提出过异议，请等这一次有结果。"))
    _tell(session, dispute, OPENED, team.name, days=str(rule.dispute_answer_days))
    _tell_leaders(session, dispute, TO_LEADER, date=_day(dispute.answer_by))
    return named(session, [dispute])[0]


def withdraw_dispute(session: Session, actor: Actor, dispute_id: UUID) -> DisputeView:
    """Take one's dispute back. Raises NotFound, Denied or Conflict ``dispute_moved``."""
    row = load_dispute(session, actor, dispute_id, DisputeAction.OPEN)
    moved = _move(session, row, WAITING, state=DisputeState.WITHDRAWN)
    return named(session, [moved])[0]


def answer_dispute(
    session: Session, actor: Actor, dispute_id: UUID, command: AnswerDispute
) -> DisputeView:
    """The team's answer, once; also after its time, until the decision.

    Raises NotFound, Denied or Conflict ``dispute_moved``.
    """
    row = load_dispute(session, actor, dispute_id, DisputeAction.ANSWER)
    now = clock.now()
    days = rule_for(session, row.institution_id).dispute_decide_days
    late, decide_by = row.decide_by is not None, row.decide_by or now + timedelta(days=days)
    moved = _move(
        session,
        row,
        {DisputeState.OPEN, DisputeState.UNANSWERED},
        state=DisputeState.ANSWERED,
        answer=command.answer,
        answered_at=now,
        decide_by=decide_by,
    )
    name = get_team(session, row.team_id).name
    _tell(session, moved, ANSWERED, name, date=_day(decide_by))
    # Where the team was late the administrators know of it already.
    if not late:
        _tell_administrators(session, moved, TO_DECIDE_ANSWERED, name, decide_by)
    return named(session, [moved])[0]


def decide_dispute(
    session: Session, actor: Actor, dispute_id: UUID, command: DecideDispute
) -> DisputeView:
    """Decide with a reason that both sides read. Upheld, the team has failed the agreement: all of
    the person's part is due back, now or when the contract ends, which goes its own way.

    Raises NotFound, Denied or Conflict ``dispute_moved`` (also while the team may still answer).
    """
    row = load_dispute(session, actor, dispute_id, DisputeAction.DECIDE)
    contract = hold(session, session.get_one(Contract, row.contract_id))
    refund = None
    if command.upheld:
        refund = reckon_refund(session, contract, RefundRule.TEAM_FAILED, with_bought=False)
    moved = _move(
        session,
        row,
        TO_DECIDE,
        state=DisputeState.UPHELD if command.upheld else DisputeState.DISMISSED,
        decision=command.reason,
        decided_at=clock.now(),
        decided_by=actor.account_id,
        refund_fen=refund.refund_fen if refund else None,
    )
    if refund is not None:
        kept = stored(refund)
        session.execute(
            update(Contract)
            .where(Contract.id == contract.id)
            .values(version=Contract.version + 1, **kept)
            .execution_options(synchronize_session=False)
        )
        session.refresh(contract)
    sentence = UPHELD if command.upheld else DISMISSED
    _tell(session, moved, sentence, get_team(session, row.team_id).name)
    return named(session, [moved])[0]


def pass_on_unanswered(session: Session) -> int:
    """Hand at most ``BATCH`` disputes that the team did not answer in time to the administrator;
    returns how many. Rows that somebody else holds are left to them.
    """
    now = clock.now()
    query = (
        select(Dispute)
        .where(Dispute.state == DisputeState.OPEN, Dispute.answer_by <= now)
        .order_by(Dispute.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(query))
    names = teams_by_id(session, {row.team_id for row in rows})
    for row in rows:
        days = rule_for(session, row.institution_id).dispute_decide_days
        decide_by = now + timedelta(days=days)
        passed = _move(
            session,
            row,
            {DisputeState.OPEN},
            state=DisputeState.UNANSWERED,
            decide_by=decide_by,
        )
        name = names[row.team_id].name
        _tell(session, passed, UNANSWERED, name, date=_day(decide_by))
        _tell_leaders(session, passed, LATE_FOR_LEADER)
        _tell_administrators(session, passed, TO_DECIDE_UNANSWERED, name, decide_by)
    return len(rows)


def _move(
    session: Session, row: Dispute, origins: Collection[DisputeState], **values: object
) -> Dispute:
    change = (
        update(Dispute)
        .where(Dispute.id == row.id, Dispute.state.in_(origins))
        .values(version=Dispute.version + 1, **values)
        .returning(Dispute)
    )
    fresh = {"populate_existing": True, "synchronize_session": False}
    moved = session.scalars(change, execution_options=fresh).one_or_none()
    if moved is None:
        raise Conflict("dispute_moved", CLOSED)
    return moved


def _tell(session: Session, row: Dispute, sentence: str, team: str, **more: str) -> None:
    notify(session, row.person_id, sentence, {"team": team, **more}, LINK.format(id=row.id))


def _tell_leaders(session: Session, row: Dispute, sentence: str, **values: str) -> None:
    for _, person_id in people_of_teams(session, {row.team_id}, leaders=True):
        notify(session, person_id, sentence, values, LINK.format(id=row.id))


def _tell_administrators(
    session: Session, row: Dispute, sentence: str, team: str, decide_by: datetime
) -> None:
    """Those who may decide it: never the resident themself."""
    units = (str(row.institution_id), *division_path(row.division_code))
    values = {"team": team, "date": _day(decide_by)}
    for person_id in people_in_role(session, Role.ADMINISTRATOR, units):
        if person_id != row.person_id:
            notify(session, person_id, sentence, values, LINK.format(id=row.id))


def _day(moment: datetime) -> str:
    return clock.local(moment).date().isoformat()

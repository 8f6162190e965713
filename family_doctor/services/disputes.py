"""A dispute: opened by the resident, answered by the team's leader, decided by an administrator of
the institution's organisation; the calendar takes it on where one of them lets their time pass:
from the team to the administrators, from those to the next above them, up to the city.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.public import people_in_role, units_in_role
from core import clock
from core.access import Actor, Role, require
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from directory.public import get_division, get_institution, get_team, teams_by_id
from family_doctor.models import Contract, Dispute, Rule
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.disputes import (
    deciding_units,
    dispute_about,
    levels,
    load_dispute,
    named,
)
from family_doctor.queries.refunds import reckon_refund, stored
from family_doctor.queries.rules import of_rule, rule_for
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
from family_doctor.services.refunds import owe_for_contract
from family_doctor.states import State
from notifications.public import notify

BATCH = 200
# The team may still answer these, late.
UNANSWERED_STATES = (DisputeState.UNANSWERED, DisputeState.ESCALATED)
LINK = "/family-doctor/disputes/{id}"
OPENED = N_("您对%(team)s签约的异议已经送到，团队会在 %(days)s 天内答复。")
ANSWERED = N_("%(team)s答复了您的异议，接下来由机构管理员裁定，最晚 %(date)s 前有结果。")
UNANSWERED = N_("%(team)s没有按时答复您的异议，已转给机构管理员裁定，最晚 %(date)s 前有结果。")
TO_LEADER = N_("有一位居民对签约提出异议，请在 %(date)s 前答复。")
LATE_FOR_LEADER = N_("一项签约异议没有按时答复，已转给机构管理员裁定，您仍可以补充答复。")
TO_DECIDE_ANSWERED = N_("%(team)s答复了一项签约异议，请在 %(date)s 前裁定。")
TO_DECIDE_UNANSWERED = N_("%(team)s没有按时答复一项签约异议，请在 %(date)s 前裁定。")
REMINDER = N_("%(team)s的一项签约异议还没有裁定，%(date)s 到期，过期交上级裁定。")
LATE_FOR_RESIDENT = N_("您对%(team)s签约的异议没有按时裁定，现在由%(decider)s裁定，最晚 %(date)s。")
LATE_FOR_TEAM = N_("一项签约异议没有按时裁定，现在由%(decider)s裁定，最晚 %(date)s。")
ESCALATED = N_("%(team)s的一项签约异议下级没有按时裁定，请在 %(date)s 前裁定。")
TAKEN_UP = N_("%(team)s的一项签约异议没有按时裁定，已交%(decider)s裁定。")
AT_THE_TOP = N_("%(team)s的一项签约异议又过了期限，没有再上一级，请在 %(date)s 前裁定。")
UPHELD = N_("您对%(team)s签约的异议成立，个人已付部分应全额退还，机构核准后退给您。")
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
    if row.answered_at is not None:
        raise Conflict("dispute_moved", CLOSED)
    escalated = row.state == DisputeState.ESCALATED
    given = {} if late else _decided_by(session, row, _level(session, levels(row)))
    moved = _move(
        session,
        row,
        {DisputeState(row.state)} & {DisputeState.OPEN, *UNANSWERED_STATES},
        Dispute.answered_at.is_(None),
        state=DisputeState.ESCALATED if escalated else DisputeState.ANSWERED,
        answer=command.answer,
        answered_at=now,
        decide_by=decide_by,
        **given,
    )
    name = get_team(session, row.team_id).name
    _tell(session, moved, ANSWERED, name, date=_day(decide_by))
    # Where the team was late the administrators know of it already.
    if not late:
        _tell_administrators(session, moved, TO_DECIDE_ANSWERED, name)
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
        refund_fen=refund.contract_fen if refund else None,
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
        owe_for_contract(session, contract, refund, moved.id)
    sentence = UPHELD if command.upheld else DISMISSED
    _tell(session, moved, sentence, get_team(session, row.team_id).name)
    return named(session, [moved])[0]


def pass_on_unanswered(session: Session) -> int:
    """Hand at most ``BATCH`` disputes that the team did not answer in time to the administrator;
    returns how many. Rows that somebody else holds are left to them.
    """
    now = clock.now()
    rows = _held(session, Dispute.state == DisputeState.OPEN, Dispute.answer_by <= now)
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
            **_decided_by(session, row, _level(session, levels(row))),
        )
        name = names[row.team_id].name
        _tell(session, passed, UNANSWERED, name, date=_day(decide_by))
        _tell_leaders(session, passed, LATE_FOR_LEADER)
        _tell_administrators(session, passed, TO_DECIDE_UNANSWERED, name)
    return len(rows)


def remind_deciders(session: Session) -> int:
    """Remind those who decide of at most ``BATCH`` disputes near their end, once for each end;
    returns how many.
    """
    days = of_rule(Rule.dispute_remind_days, Dispute.institution_id.expression)
    rows = _held(
        session,
        Dispute.state.in_(TO_DECIDE),
        Dispute.decide_by > clock.now(),
        Dispute.decide_by <= clock.now() + func.make_interval(0, 0, 0, days),
        Dispute.reminded_for.is_distinct_from(Dispute.decide_by),
    )
    names = teams_by_id(session, {row.team_id for row in rows})
    for row in rows:
        row.reminded_for = row.decide_by
        _tell_administrators(session, row, REMINDER, names[row.team_id].name)
    session.flush()
    return len(rows)


def escalate_undecided(session: Session) -> int:
    """Hand at most ``BATCH`` disputes that nobody decided in time to the administrators of the next
    unit above that has any, at last the city's; those stay, and are told again each time that
    theirs passes. Resident and team are told who decides now. Returns how many.
    """
    now = clock.now()
    rows = _held(session, Dispute.state.in_(TO_DECIDE), Dispute.decide_by <= now)
    names = teams_by_id(session, {row.team_id for row in rows})
    for row in rows:
        below, above = deciding_units(row)[0], deciding_units(row)[1:]
        level = _level(session, above, levels(row)[-1])
        told = set(_administrators(session, row))
        days = rule_for(session, row.institution_id).dispute_escalate_days
        passed = _move(
            session,
            row,
            TO_DECIDE,
            state=DisputeState.ESCALATED,
            late_since=row.late_since or row.decide_by,
            decide_by=now + timedelta(days=days),
            **_decided_by(session, row, level),
        )
        name, decider = names[row.team_id].name, passed.decider_name
        until = _day(now + timedelta(days=days))
        _tell(session, passed, LATE_FOR_RESIDENT, name, decider=decider, date=until)
        _tell_leaders(session, passed, LATE_FOR_TEAM, decider=decider, date=until)
        if level == below:
            _tell_administrators(session, passed, AT_THE_TOP, name)
            continue
        _tell_administrators(session, passed, ESCALATED, name)
        for person_id in told - set(_administrators(session, passed)):
            values = {"team": name, "decider": decider}
            notify(session, person_id, TAKEN_UP, values, LINK.format(id=row.id))
    return len(rows)


def _level(session: Session, units: Sequence[str], otherwise: str | None = None) -> str:
    """The nearest of these units with an administrator; else ``otherwise`` or the first."""
    held = units_in_role(session, Role.ADMINISTRATOR, units)
    return next((unit for unit in units if unit in held), otherwise or units[0])


def _decided_by(session: Session, row: Dispute, unit: str) -> dict[str, object]:
    own = unit == str(row.institution_id)
    named_unit = (
        get_institution(session, row.institution_id) if own else get_division(session, unit)
    )
    return {"decider": unit, "decider_name": named_unit.name}


def _held(session: Session, *conditions: ColumnElement[bool]) -> list[Dispute]:
    """At most ``BATCH`` of these, those that somebody else holds left out."""
    query = (
        select(Dispute)
        .where(*conditions)
        .order_by(Dispute.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(query, execution_options={"populate_existing": True}))


def _move(
    session: Session,
    row: Dispute,
    origins: Collection[DisputeState],
    *conditions: ColumnElement[bool],
    **values: object,
) -> Dispute:
    change = (
        update(Dispute)
        .where(Dispute.id == row.id, Dispute.state.in_(origins), *conditions)
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


def _tell_administrators(session: Session, row: Dispute, sentence: str, team: str) -> None:
    """Those who decide it now."""
    values = {"team": team, "date": _day(row.decide_by) if row.decide_by else ""}
    for person_id in _administrators(session, row):
        notify(session, person_id, sentence, values, LINK.format(id=row.id))


def _administrators(session: Session, row: Dispute) -> list[UUID]:
    """The people who decide it: of the nearest unit that has any, never the resident themself."""
    for unit in deciding_units(row):
        people = people_in_role(session, Role.ADMINISTRATOR, (unit,))
        found = [person_id for person_id in people if person_id != row.person_id]
        if found:
            return found
    return []


def _day(moment: datetime) -> str:
    return clock.local(moment).date().isoformat()

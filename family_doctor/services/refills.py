"""Asking for a long-term medicine to be renewed, the doctor's answer, and what time does to it."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from family_doctor.models import Medicine, Refill
from family_doctor.queries.follow_ups import find_contract
from family_doctor.queries.medicines import (
    allow_medicines,
    find_prescription_rules,
    load_medicine,
    standing_of,
)
from family_doctor.queries.refills import load_refill, named
from family_doctor.refills import hurdles, unstable
from family_doctor.schemas import (
    AskRefill,
    DecideRefill,
    Decision,
    Hurdle,
    PrescriptionAction,
    PrescriptionRules,
    RefillState,
    RefillView,
)
from family_doctor.schemas.prescriptions import GIVEN, UNANSWERED
from family_doctor.services import refill_notices as notices
from family_doctor.services.doctors import PRESCRIBERS, require_one_of

BATCH = 200
BY_DOCTORS = N_("续方由团队的医生答复。请把情况告诉团队的医生。")
MOVED = N_("这份申请刚有变化，请刷新页面，按最新的状态办理。")
ELSEWHERE = N_("这位居民已经不在本团队签约，不能再答复这份申请。")
TOO_LONG = N_("一次最多开 %(days)s 天。")
NEEDS_ASSESSMENT = N_("超过 %(days)s 天要写明评估：病情、用药依从性和对患者的交代。")


REFUSALS = {
    Hurdle.WAITING: N_("这种药已经有一份申请在等答复，不用再申请。"),
    Hurdle.NO_CONTRACT: N_("签约生效以后，才能请家庭医生团队续方。"),
    Hurdle.NO_RULE: N_("本地还没有开通网上续方，请到门诊开药。"),
    Hurdle.DRUG_CLASS: N_("这一类药按规定不能续方，请到门诊由医生当面开具。"),
    Hurdle.EMERGENCY: N_("最近的随访结果危急，请先就诊，不能续方。"),
    Hurdle.NO_FOLLOW_UP: N_("还没有这种病的随访记录，请先约一次随访。"),
    Hurdle.OLD_FOLLOW_UP: N_("上次随访过去太久了，请先约一次随访。"),
    Hurdle.NOT_IN_CONTROL: N_("最近一次随访还没有控制好，请先就诊调整用药。"),
    Hurdle.TOO_EARLY: N_("手里的药还够用，快用完时再申请。"),
}


def ask_refill(session: Session, actor: Actor, medicine_id: UUID, command: AskRefill) -> RefillView:
    """Ask the team to renew a medicine, for oneself or for whom one may renew medicines; the
    person is told of what another asks for them.

    Raises NotFound, Denied, Conflict ``medicine_ended``, or one named as the first of the hurdles.
    """
    medicine = load_medicine(session, medicine_id)
    asking, contract = allow_medicines(session, actor, PrescriptionAction.ASK, medicine.person_id)
    if medicine.ended_at is not None:
        raise Conflict("medicine_ended", N_("这种药已经停用，请刷新页面。"))
    rules = find_prescription_rules(session)
    standing = standing_of(session, medicine.person_id, contract)
    found = hurdles(rules, medicine.class_code, medicine.runs_out_on, standing, waiting=False)
    if found:
        raise Conflict(found[0].value, REFUSALS[found[0]])
    if contract is None or rules is None or actor.person_id is None:
        raise NotFound()
    now = clock.now()
    row = insert(Refill).values(
        id=new_id(),
        medicine_id=medicine.id,
        person_id=medicine.person_id,
        team_id=contract.team_id,
        institution_id=contract.institution_id,
        division_code=contract.division_code,
        class_code=medicine.class_code,
        name=medicine.name,
        dose=medicine.dose,
        note=command.note,
        state=RefillState.WAITING,
        asked_at=now,
        asked_by=actor.name,
        asked_by_id=actor.person_id,
        for_another=actor.person_id != medicine.person_id,
        answer_by=now + timedelta(days=rules.answer_days),
        usual_days=rules.usual_days,
    )
    refill = session.scalars(row.on_conflict_do_nothing().returning(Refill)).one_or_none()
    if refill is None:
        raise Conflict(Hurdle.WAITING.value, REFUSALS[Hurdle.WAITING])
    notices.tell_asked(session, refill, asking.name)
    return named(session, [refill])[0]


def withdraw_refill(session: Session, actor: Actor, refill_id: UUID) -> RefillView:
    """Take a request back before it is answered. Raises NotFound, Denied, Conflict
    ``refill_moved``.
    """
    _, row = load_refill(session, actor, refill_id, PrescriptionAction.ASK)
    moved = _move(session, row, state=RefillState.WITHDRAWN)
    return named(session, [moved])[0]


def decide_refill(
    session: Session, actor: Actor, refill_id: UUID, command: DecideRefill
) -> RefillView:
    """A doctor of the team answers. A renewal stands by what is known now, not when it was asked:
    the class allowed, no emergency, the disease in control; a change needs no control. What is
    given is the person's supply from where the one at hand ends.

    Raises NotFound, Denied, Conflict ``not_a_doctor``, ``refill_moved``, ``not_contracted`` or a
    hurdle's, Invalid (days beyond the rule's, or no assessment).
    """
    _, row = load_refill(session, actor, refill_id, PrescriptionAction.DECIDE)
    require_one_of(session, actor, PRESCRIBERS, BY_DOCTORS)
    medicine = load_medicine(session, row.medicine_id)
    state = RefillState(command.decision.value)
    if state in GIVEN:
        _allow(session, row, command)
    moved = _move(
        session,
        row,
        state=state,
        decided_at=clock.now(),
        decided_by=actor.name,
        days=command.days,
        new_dose=command.dose,
        assessment=command.assessment,
        reason=command.reason,
    )
    if command.days is not None:
        _supply(medicine, command.days, command.dose)
        session.flush()
    notices.tell_decided(session, moved)
    return named(session, [moved])[0]


def confirm_refill(session: Session, actor: Actor, refill_id: UUID) -> RefillView:
    """The resident, or who asked for them, confirms that the doctor explained a supply beyond the
    usual one; asked again it stays as it is.

    Raises NotFound, Denied or Conflict ``refill_moved``.
    """
    _, row = load_refill(session, actor, refill_id, PrescriptionAction.ASK)
    if row.days is None or row.days <= row.usual_days:
        raise Conflict("refill_moved", MOVED)
    session.execute(
        update(Refill)
        .where(Refill.id == row.id, Refill.confirmed_at.is_(None))
        .values(confirmed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    return named(session, [row])[0]


def pass_on_refills(session: Session) -> int:
    """Take at most ``BATCH`` requests whose time went by to the leader, or where that has passed
    too to their end; returns how many. Rows that somebody else holds are left to them.
    """
    now = clock.now()
    query = (
        select(Refill)
        .where(Refill.state.in_(UNANSWERED), Refill.answer_by <= now)
        .order_by(Refill.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(query))
    rules = find_prescription_rules(session) if rows else None
    for row in rows:
        if row.state == RefillState.WAITING and rules is not None:
            until = now + timedelta(days=rules.escalated_days)
            waiting = {RefillState.WAITING}
            _move(session, row, waiting, state=RefillState.ESCALATED, answer_by=until)
            notices.tell_escalated(session, row)
        else:
            _move(session, row, state=RefillState.EXPIRED)
            notices.tell_expired(session, row)
    return len(rows)


def _allow(session: Session, row: Refill, command: DecideRefill) -> None:
    """Whether the rule lets the doctor give what they want to."""
    contract = find_contract(session, row.person_id)
    if contract is None or contract.team_id != row.team_id:
        raise Conflict("not_contracted", ELSEWHERE)
    rules = find_prescription_rules(session)
    drug = rules.drug(row.class_code) if rules else None
    if rules is None or drug is None or not drug.allowed:
        raise Conflict(Hurdle.DRUG_CLASS.value, REFUSALS[Hurdle.DRUG_CLASS])
    standing = standing_of(session, row.person_id, contract)
    if standing.emergency:
        raise Conflict(Hurdle.EMERGENCY.value, REFUSALS[Hurdle.EMERGENCY])
    found = unstable(drug, rules, standing)
    if found and command.decision is Decision.RENEW:
        raise Conflict(found.value, REFUSALS[found])
    _check_days(rules, row, command)


def _check_days(rules: PrescriptionRules, row: Refill, command: DecideRefill) -> None:
    days = command.days or 0
    if days > rules.most_days:
        raise Invalid(
            "too_many_days", TOO_LONG, fields={"days": N_("请改短。")}, days=rules.most_days
        )
    if days > row.usual_days and command.assessment is None:
        raise Invalid(
            "no_assessment",
            NEEDS_ASSESSMENT,
            fields={"assessment": N_("请填写这一项。")},
            days=row.usual_days,
        )


def _supply(medicine: Medicine, days: int, dose: str | None) -> None:
    """What was given lasts from the end of the supply at hand, or from today where that is over or
    not known.
    """
    first = max(clock.today(), medicine.runs_out_on or clock.today())
    medicine.runs_out_on = first + timedelta(days=days)
    medicine.dose = dose or medicine.dose


def _move(
    session: Session,
    row: Refill,
    origins: Collection[RefillState] = UNANSWERED,
    **values: object,
) -> Refill:
    change = (
        update(Refill)
        .where(Refill.id == row.id, Refill.state.in_(origins))
        .values(**values)
        .returning(Refill)
    )
    fresh = {"populate_existing": True, "synchronize_session": False}
    moved = session.scalars(change, execution_options=fresh).one_or_none()
    if moved is None:
        raise Conflict("refill_moved", MOVED)
    return moved

"""The team's doctors keep the list of what a resident takes for long."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from family_doctor.models import Medicine, Refill
from family_doctor.queries.medicines import (
    allow_medicines,
    find_prescription_rules,
    load_medicine,
    medicine_view,
    standing_of,
)
from family_doctor.schemas import EnterMedicine, MedicineView, PrescriptionAction
from family_doctor.schemas.prescriptions import UNANSWERED
from family_doctor.services.doctors import PRESCRIBERS, require_one_of

BY_DOCTORS = N_("长期用药由团队的医生登记和停用。")
ENDED = N_("这种药已经停用，请刷新页面。")
UNANSWERED_FIRST = N_("这种药有一份续方申请在等答复，请先答复再停用。")


def enter_medicine(session: Session, actor: Actor, command: EnterMedicine) -> MedicineView:
    """Enter a medicine of a resident of the actor's team; one of any class, also of one that may
    not be renewed.

    Raises Denied, NotFound (no contract in force), Conflict ``not_a_doctor``, Invalid (the class).
    """
    _, contract = allow_medicines(session, actor, PrescriptionAction.KEEP, command.person_id)
    require_one_of(session, actor, PRESCRIBERS, BY_DOCTORS)
    if contract is None:
        raise NotFound()
    rules = find_prescription_rules(session)
    if rules is None or rules.drug(command.class_code) is None:
        sentence = N_("请从列出的选项中选择。")
        raise Invalid("unknown_class", fields={"class_code": sentence})
    row = Medicine(
        id=new_id(),
        division_code=contract.division_code,
        entered_by=actor.name,
        entered_at=clock.now(),
        **command.model_dump(),
    )
    session.add(row)
    session.flush()
    standing = standing_of(session, command.person_id, contract)
    return medicine_view(row, None, rules, standing)


def end_medicine(session: Session, actor: Actor, medicine_id: UUID) -> MedicineView:
    """Say that a medicine is taken no more.

    Raises NotFound, Denied, or Conflict ``not_a_doctor``, ``medicine_ended``, ``refill_waiting``.
    """
    row = load_medicine(session, medicine_id)
    _, contract = allow_medicines(session, actor, PrescriptionAction.KEEP, row.person_id)
    require_one_of(session, actor, PRESCRIBERS, BY_DOCTORS)
    if row.ended_at is not None:
        raise Conflict("medicine_ended", ENDED)
    waits = select(Refill.id).where(Refill.medicine_id == row.id, Refill.state.in_(UNANSWERED))
    if session.scalar(waits) is not None:
        raise Conflict("refill_waiting", UNANSWERED_FIRST)
    row.ended_at, row.ended_by = clock.now(), actor.name
    session.flush()
    standing = standing_of(session, row.person_id, contract)
    return medicine_view(row, None, find_prescription_rules(session), standing)

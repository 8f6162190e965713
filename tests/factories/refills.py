"""Long-term medicines, the rule of renewing them, and what makes one stable, for tests."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from family_doctor.models import (
    Contract,
    FollowUp,
    FormVersion,
    Medicine,
    PrescriptionRule,
    Refill,
)
from family_doctor.schemas import PrescriptionRules
from regions.pack import load_pack
from tests.factories.family_doctor import make_service_record


def rules() -> PrescriptionRules:
    """The rule of the demo's region."""
    return load_pack("guigang").prescription_rules


def make_prescription_rules(session: Session) -> None:
    """The demo's rule, with the follow-up of the tests' pack (T01) for that of hypertension; safe
    to call again.
    """
    document = rules().model_dump(mode="json")
    for each in document["classes"]:
        each["follow_ups"] = ["T01" if code == "F01" else code for code in each["follow_ups"]]
    row = insert(PrescriptionRule).values(version="T1", document=document, loaded_at=clock.now())
    session.execute(row.on_conflict_do_nothing())


def make_medicine(session: Session, contract: Contract, **more: Any) -> Medicine:
    """A medicine against high blood pressure of the contract's resident."""
    values: dict[str, Any] = {
        "id": new_id(),
        "person_id": contract.person_id,
        "division_code": contract.division_code,
        "class_code": "antihypertensive",
        "name": "苯磺酸氨氯地平片",
        "dose": "每天早上 1 片",
        "supply_days": 28,
        "since": date(2024, 3, 1),
        "runs_out_on": None,
        "entered_by": "医生",
        "entered_at": clock.now(),
    }
    medicine = Medicine(**(values | more))
    session.add(medicine)
    session.flush()
    return medicine


def make_follow_up(
    session: Session,
    contract: Contract,
    *,
    days_ago: int = 10,
    result: str = "controlled",
    emergency: bool = False,
) -> FollowUp:
    """A follow-up of the disease (T01) that found ``result``."""
    form = insert(FormVersion).values(code="t", version=1, document={})
    session.execute(form.on_conflict_do_nothing())
    row = FollowUp(
        id=new_id(),
        service_record_id=make_service_record(session, contract, "T01"),
        person_id=contract.person_id,
        team_id=contract.team_id,
        division_code=contract.division_code,
        item_code="T01",
        form_code="t",
        form_version=1,
        performed_at=clock.now() - timedelta(days=days_ago),
        document="{}",
        computed=result,
        result=result,
        emergency=emergency,
        referral=False,
    )
    session.add(row)
    session.flush()
    return row


def make_refill(session: Session, medicine: Medicine, contract: Contract, **more: Any) -> Refill:
    """A request of the resident that waits."""
    now = clock.now()
    values: dict[str, Any] = {
        "id": new_id(),
        "medicine_id": medicine.id,
        "person_id": contract.person_id,
        "team_id": contract.team_id,
        "institution_id": contract.institution_id,
        "division_code": contract.division_code,
        "class_code": medicine.class_code,
        "name": medicine.name,
        "dose": medicine.dose,
        "state": "waiting",
        "asked_at": now,
        "asked_by": "居民",
        "asked_by_id": contract.person_id,
        "for_another": False,
        "answer_by": now + timedelta(days=3),
        "usual_days": 28,
    }
    refill = Refill(**(values | more))
    session.add(refill)
    session.flush()
    return refill


def medicine_of(session: Session, medicine: Medicine) -> Medicine:
    """The medicine as it is stored now."""
    return session.scalars(select(Medicine).where(Medicine.id == medicine.id)).one()

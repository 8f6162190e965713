"""A team with its resident, and a hospital with places kept for referrals."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from appointments.models import Referral, Slot
from appointments.referral_states import ReferralStep
from appointments.schemas import Direction, ReferralView, SendDown, SendUp, TakeStep, Urgency
from appointments.services.referral_steps import take_step
from appointments.services.referrals import send_down, send_up
from core import clock
from core.access import Actor, Role
from directory.models import Institution, Team
from residents.models import Person
from tests.factories.appointments import Clinic, make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.directory import make_institution, make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_resident

DAYS_AHEAD = 5


@dataclass
class Two:
    """Both sides, and the patient between them."""

    clinic: Clinic
    slots: list[Slot]
    team: Team
    person: Person
    doctor: Actor
    desk: Actor
    patient: Actor


def staff_actor(session: Session, role: Role, unit: object, name: str = "示例职员") -> Actor:
    """Somebody with one right."""
    account = make_account(session, name=name, roles={role: [str(unit)]})
    grants = {role: frozenset({str(unit)})}
    return Actor(account_id=account.id, name=account.display_name, grants=grants, active_role=role)


def make_township(session: Session) -> Institution:
    """A township health centre, below every hospital."""
    return make_institution(session, type_code="C220", level="一级")


def make_two(session: Session, *, reserved: int = 1, capacity: int = 3) -> Two:
    """The first two slots of the department keep ``reserved`` places each."""
    clinic = make_clinic(session)
    day = clock.today() + timedelta(days=DAYS_AHEAD)
    slots = make_slots(session, clinic, capacity=capacity, day=day)
    for slot in slots[:2]:
        slot.remaining, slot.referral = capacity - reserved, reserved
    team = make_team(session, make_township(session))[0]
    account, person = make_resident(session)
    make_contract(session, person, team)
    session.flush()
    return Two(
        clinic=clinic,
        slots=slots,
        team=team,
        person=person,
        doctor=staff_actor(session, Role.LEADER, team.id),
        desk=staff_actor(session, Role.REGISTRAR, clinic.institution.id),
        patient=Actor(account_id=account.id, person_id=person.id, verified=True),
    )


def wish_up(two: Two, **more: Any) -> SendUp:
    """What the doctor writes."""
    given: dict[str, Any] = {
        "person_id": two.person.id,
        "department_id": two.clinic.department.id,
        "urgency": Urgency.ROUTINE,
        "reason": "血压控制不佳",
        "summary": "高血压三年，血压 168/98",
        "criteria": ["any-up-1"],
    }
    return SendUp.model_validate({**given, **more})


def make_referral(
    session: Session,
    person: Person,
    slot: Slot,
    team: Team,
    *,
    down: bool = False,
    to_team: Team | None = None,
) -> Referral:
    """A row as the services leave it: between a team and the slot's hospital, without a place."""
    team_end = {"institution_id": team.institution_id, "division": team.division_code}
    desk_end = {"institution_id": slot.institution_id, "division": slot.division_code}
    sender, receiver = (desk_end, team_end) if down else (team_end, desk_end)
    referral = Referral(
        direction=Direction.DOWN if down else Direction.UP,
        person_id=person.id,
        from_team_id=None if down else team.id,
        from_institution_id=sender["institution_id"],
        from_division=sender["division"],
        from_name="转出",
        to_team_id=to_team.id if to_team else None,
        to_institution_id=receiver["institution_id"],
        to_department_id=None if down else slot.department_id,
        division_code=receiver["division"],
        to_name="转往",
        reason="原因",
        summary="摘要",
        medicines="用药" if down else None,
        watch="留意" if down else None,
        next_check=clock.today() if down else None,
        criteria="",
        answer_by=clock.now() + timedelta(hours=48),
    )
    session.add(referral)
    session.flush()
    return referral


def refer(session: Session, two: Two, **more: Any) -> ReferralView:
    """The doctor sends the resident up."""
    return send_up(session, two.doctor, wish_up(two, **more))


def hand_down(session: Session, two: Two, **more: Any) -> ReferralView:
    """The hospital, whose patient it was, sends the resident down."""
    make_booking(session, two.slots[-1], two.person.id)
    given: dict[str, Any] = {
        "person_id": two.person.id,
        "from_institution_id": two.clinic.institution.id,
        "reason": "病情稳定",
        "plan": "每月随访",
        "medicines": "氨氯地平 5mg 每日一次",
        "watch": "头痛加重时上转",
        "next_check": clock.today() + timedelta(days=14),
        "criteria": ["htn-down-1"],
    }
    return send_down(session, two.desk, SendDown.model_validate({**given, **more}))


def step(
    session: Session, actor: Actor, referral: ReferralView, taken: ReferralStep, **more: Any
) -> ReferralView:
    """Take a step on the version at hand, in a transaction of its own."""
    command = TakeStep.model_validate({"version": referral.version, "note": "好的", **more})
    with session.begin_nested():
        return take_step(session, actor, referral.id, taken, command)

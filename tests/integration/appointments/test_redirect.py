"""Who is sent on to another department at triage: told so, and whoever kept a number follows."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession, HospitalCall, Referral
from appointments.referral_states import ReferralStep
from appointments.schemas import Call, CallState, CheckIn, RecordTriage
from appointments.services.arriving import check_in
from appointments.services.outbound import ask_for_number
from appointments.services.triage import record_triage
from core import clock
from notifications.models import Message
from notifications.sms import SmsGateway
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.exchange import make_link
from tests.factories.referrals import make_two, refer, step
from tests.factories.residents import make_resident
from tests.integration.appointments.test_tickets import DAY, desk_of

Run = Callable[[], int]


@pytest.fixture(autouse=True)
def texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SmsGateway, "send_message", lambda *_, **__: None)


def test_the_patient_is_told_where_to_and_the_hospital_has_its_number_back(
    session: Session, run_jobs: Run
) -> None:
    clinic = make_clinic(session)
    there = make_clinic(session, clinic.institution)
    slot = make_slots(session, clinic, day=DAY)[0]
    other = make_slots(session, there, day=DAY)[0]
    other.remaining, other.onsite = 2, 1
    session.get_one(ClinicSession, slot.session_id).external_id = "S1"
    make_link(session, clinic, "http://127.0.0.1:9/")
    person = make_resident(session)[1]
    booking = make_booking(session, slot, person.id)
    session.flush()
    ask_for_number(session, booking.id)
    done = update(HospitalCall).values(state=CallState.DONE, attempts=1, next_at=None)
    session.execute(done)
    desk = desk_of(session, clinic)
    with clock.shifted(clock.at(DAY, 8) - clock.now()):
        ticket = check_in(session, desk, CheckIn(booking_id=booking.id))
        session.commit()
        run_jobs()
        command = RecordTriage(level=3, complaint="胸闷", department_id=there.department.id)
        record_triage(session, desk, ticket.id, command)
        session.commit()
        run_jobs()
    session.expire_all()
    told = session.scalars(select(Message).where(Message.person_id == person.id)).all()
    (sent_on,) = [each for each in told if "分诊" in each.sentence]
    assert sent_on.values["to"] == there.department.name
    assert not [each for each in told if "取消了" in each.sentence]
    calls = select(HospitalCall.call).where(HospitalCall.booking_id == booking.id)
    assert Call.RETURN in session.scalars(calls).all()


def test_a_referral_goes_on_with_its_patient(session: Session, run_jobs: Run) -> None:
    """Also where the check-in is worked off only after triage."""
    two = make_two(session)
    placed = step(session, two.desk, refer(session, two), ReferralStep.ACCEPT)
    assert placed.booking
    there = make_clinic(session, two.clinic.institution)
    other = make_slots(session, there, day=two.slots[0].date)[0]
    other.remaining, other.onsite = 2, 1
    session.flush()
    former = session.get_one(Booking, placed.booking.id)
    with clock.shifted(two.slots[0].starts_at - clock.now()):
        ticket = check_in(session, two.desk, CheckIn(booking_id=former.id))
        command = RecordTriage(level=3, complaint="胸闷", department_id=there.department.id)
        record_triage(session, two.desk, ticket.id, command)
        session.commit()
        session.expire_all()
        referral = session.get_one(Referral, placed.id)
        assert referral.booking_id
        assert session.get_one(Booking, referral.booking_id).slot_id == other.id
        run_jobs()
    session.expire_all()
    assert referral.state == "arrived"

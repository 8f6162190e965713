"""Who is here tells the desk: nothing else ends the booking of a patient who has checked in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from time import sleep
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession, HospitalCall, Slot
from appointments.queries.bookings import get_booking
from appointments.queries.tickets import ticket_now
from appointments.referral_states import ReferralStep
from appointments.schemas import (
    Call,
    CallState,
    CancelBooking,
    ChangeBooking,
    CheckIn,
    Source,
    State,
    TicketState,
    Transfer,
)
from appointments.services.arriving import check_in
from appointments.services.calling import leave, transfer
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
from appointments.services.outbound import Answer, ask_for_number, conclude
from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_clinic,
    make_slots,
    make_ticket,
)
from tests.factories.auth import actor_for, make_account
from tests.factories.directory import make_institution, make_staff, make_team
from tests.factories.exchange import make_hospital, make_link
from tests.factories.family_doctor import make_contract
from tests.factories.referrals import make_two, refer, step
from tests.factories.residents import make_person, make_resident
from tests.integration.appointments.test_exchange_locks import lock, then, wish
from tests.integration.appointments.test_tickets import DAY, desk_of
from tests.integration.appointments.waiting import resident

Browser = Callable[[UUID], FlaskClient]
Headers = Callable[[UUID], dict[str, str]]
pytestmark = pytest.mark.usefixtures("morning")


@pytest.fixture
def morning() -> object:
    """The clock a little before the slots of this file."""
    with clock.shifted(clock.at(DAY, 8) - clock.now()):
        yield


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def slots(session: Session, clinic: Clinic) -> list[Slot]:
    return make_slots(session, clinic, day=DAY)


@pytest.fixture
def desk(session: Session, clinic: Clinic) -> Actor:
    return desk_of(session, clinic)


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Conflict) as caught:
        work()
    return caught.value.code


def test_the_patient_and_the_team_cannot_give_it_back(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    account, person = make_resident(session)
    team, _, nurse = make_team(session, make_institution(session))
    make_contract(session, person, team)
    booking = make_booking(session, slots[2], person.id)
    session.flush()
    patient = actor_for(session, account.id)
    ticket = check_in(session, desk, CheckIn(booking_id=booking.id))
    view = get_booking(session, patient, booking.id)
    assert (view.checked_in, view.cancellable, view.free_to_cancel) == (True, False, False)
    for actor in (patient, actor_for(session, nurse)):
        late = CancelBooking(late=True)
        assert refused(partial(cancel_booking, session, actor, booking.id, late)) == "checked_in"
    session.refresh(booking)
    assert booking.state == State.BOOKED
    # Away from the hospital again, they may.
    leave(session, desk, ticket.id)
    assert get_booking(session, patient, booking.id).cancellable
    ended = cancel_booking(session, patient, booking.id, CancelBooking(late=True))
    assert ended.state is State.CANCELLED
    assert refused(lambda: check_in(session, desk, CheckIn(booking_id=booking.id))) == "not_booked"
    assert ticket_now(session, ticket.id).state is TicketState.LEFT


def test_the_time_of_who_is_here_is_not_changed(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    patient = resident(session)
    assert patient.person_id
    booking = make_booking(session, slots[2], patient.person_id)
    session.execute(update(Slot).values(cancel_until=slots[2].starts_at))
    check_in(session, desk, CheckIn(booking_id=booking.id))
    change = ChangeBooking(slot_id=slots[5].id)
    assert refused(lambda: change_booking(session, patient, booking.id, change)) == "checked_in"


def test_the_desk_ends_both_at_once(session: Session, desk: Actor, slots: list[Slot]) -> None:
    booking = make_booking(session, slots[2], make_person(session).id)
    ticket = check_in(session, desk, CheckIn(booking_id=booking.id))
    ended = cancel_booking(session, desk, booking.id)
    assert (ended.state, ended.because, ended.checked_in) == ("cancelled", "hospital", False)
    assert ticket_now(session, ticket.id).state is TicketState.LEFT
    session.refresh(slots[2])
    assert slots[2].taken == 0
    assert cancel_booking(session, desk, booking.id).state is State.CANCELLED


def test_the_desk_of_another_hospital_ends_neither(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    """A registrar there who is of the team that cares for the patient is no desk here."""
    person = make_resident(session)[1]
    team = make_team(session, make_institution(session))[0]
    make_contract(session, person, team)
    session.flush()
    roles = {Role.REGISTRAR: [str(team.institution_id)], Role.MEMBER: [str(team.id)]}
    other = actor_for(session, make_account(session, roles=roles).id)
    booking = make_booking(session, slots[2], person.id)
    check_in(session, desk, CheckIn(booking_id=booking.id))
    assert refused(lambda: cancel_booking(session, other, booking.id)) == "checked_in"


def test_page_and_api_say_so_and_the_desk_has_a_button(
    session: Session, clinic: Clinic, slots: list[Slot], signed_in: Browser, bearer: Headers
) -> None:
    account, person = make_resident(session)
    registrar = make_account(session, roles={Role.REGISTRAR: [str(clinic.institution.id)]})
    booking = make_booking(session, slots[2], person.id)
    make_ticket(session, booking, slots[2])
    session.commit()
    phone, desk = signed_in(account.id), signed_in(registrar.id)
    page = f"/appointments/bookings/{booking.id}"
    shown = phone.get(page).text
    assert "请告诉导诊台" in shown
    assert f"{page}/cancel" not in shown
    assert "请告诉导诊台" in phone.post(f"{page}/cancel?late=1", follow_redirects=True).text
    answer = phone.delete(f"/api/v1{page}?late=1", headers=bearer(account.id))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "checked_in")
    session.refresh(booking)
    assert booking.state == State.BOOKED
    assert f"{page}/cancel" in desk.get(page).text
    desk.post(f"{page}/cancel", data={"_once": "a"})
    session.refresh(booking)
    assert booking.because == "hospital"
    assert "已离开候诊" in phone.get(f"{page}/queue").text


def test_a_hospital_cannot_return_the_number_of_who_is_here(
    session: Session, client: FlaskClient
) -> None:
    hospital = make_hospital(client, session)
    session.commit()
    hospital.send(client, hospital.session())
    person = make_person(session)
    session.commit()
    assert lock(client, hospital, "L1", wish(person)).status_code == 200
    then(client, hospital, "L1", "confirm")
    booking = session.scalars(select(Booking)).one()
    make_ticket(session, booking, session.get_one(Slot, booking.slot_id))
    session.commit()
    answer = then(client, hospital, "L1", "return")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "checked_in")
    session.refresh(booking)
    assert booking.state == State.BOOKED


def test_a_refused_number_of_who_is_here_is_for_people(session: Session, clinic: Clinic) -> None:
    slot = make_slots(session, clinic)[0]
    session.get_one(ClinicSession, slot.session_id).external_id = "S1"
    make_link(session, clinic, "http://127.0.0.1:9/")
    booking = make_booking(session, slot, make_person(session).id)
    make_ticket(session, booking, slot)
    session.flush()
    ask_for_number(session, booking.id)
    session.execute(update(HospitalCall).values(attempts=1))
    answer = Answer(CallState.REFUSED)
    assert [conclude(session, booking.id, Call.LOCK, answer) for _ in range(2)] == [True, False]
    session.refresh(booking)
    assert booking.state == State.BOOKED
    locked = session.scalars(select(HospitalCall).where(HospitalCall.call == Call.LOCK)).one()
    assert (locked.state, locked.trouble) == ("exception", "refused")


def test_a_referral_is_not_taken_back_from_who_is_here(session: Session) -> None:
    two = make_two(session)
    sent = refer(session, two)
    placed = step(session, two.desk, sent, ReferralStep.ACCEPT)
    assert placed.booking
    booking = session.get_one(Booking, placed.booking.id)
    make_ticket(session, booking, two.slots[0])
    assert refused(lambda: step(session, two.doctor, placed, ReferralStep.WITHDRAW)) == "checked_in"
    session.refresh(booking)
    assert (booking.state, booking.source) == (State.BOOKED, Source.REFERRAL)


def test_who_checks_in_while_it_is_cancelled_is_here_or_not_booked(
    app: APIFlask, committed_database: Engine
) -> None:
    """The cancellation waits for the check-in that has begun, and sees its ticket."""
    with transaction() as session:
        clinic = make_clinic(session)
        slot = make_slots(session, clinic, day=DAY)[2]
        patient, desk = resident(session), desk_of(session, clinic)
        assert patient.person_id
        booking_id = make_booking(session, slot, patient.person_id).id

    def cancel() -> str:
        try:
            with transaction() as session:
                command = CancelBooking(late=True)
                return cancel_booking(session, patient, booking_id, command).state
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            check_in(session, desk, CheckIn(booking_id=booking_id))
            cancelling = pool.submit(cancel)
            sleep(0.5)
            assert not cancelling.done()
        assert cancelling.result(10) == "checked_in"


def test_who_left_another_room_comes_back_there(
    session: Session, clinic: Clinic, desk: Actor, slots: list[Slot]
) -> None:
    """The own room is stopped: who was sent on before that has nothing to do with it any more."""
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    there = make_slots(session, clinic._replace(doctor=colleague), day=DAY)[0].session_id
    booking = make_booking(session, slots[0], make_person(session).id)
    ticket = check_in(session, desk, CheckIn(booking_id=booking.id))
    transfer(session, desk, ticket.id, Transfer(session_id=there))
    leave(session, desk, ticket.id)
    session.get_one(ClinicSession, slots[0].session_id).stopped_at = clock.now()
    session.flush()
    again = check_in(session, desk, CheckIn(booking_id=booking.id))
    assert (again.session_id, again.state) == (there, TicketState.WAITING)
    leave(session, desk, ticket.id)
    session.get_one(ClinicSession, there).stopped_at = clock.now()
    session.flush()
    assert refused(lambda: check_in(session, desk, CheckIn(booking_id=booking.id))) == "stopped"
    with clock.shifted(timedelta(days=1)):
        late = CheckIn(booking_id=booking.id)
        assert refused(lambda: check_in(session, desk, late)) == "not_today"

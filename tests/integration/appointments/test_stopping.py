"""A stop: nobody books, everybody is told and offered another place; repeated, and undone."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments import jobs
from appointments.events import BookingStopped, WaitStopped
from appointments.jobs import end_bookings
from appointments.models import Booking, ClinicSession, Slot, TemplateException, Wait
from appointments.public import open_sessions
from appointments.queries.bookings import find_booking
from appointments.queries.offers import find_alternatives
from appointments.queries.stops import get_stopped, list_stopped, stop_reason
from appointments.queries.tickets import list_rooms, queue_topic
from appointments.schemas import (
    BookSlot,
    ChangeBooking,
    HalfDay,
    Kind,
    StopDays,
    StopSession,
)
from appointments.services import arriving
from appointments.services.booking import book_slot
from appointments.services.calling import finish
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import take_instead
from appointments.services.stopping import (
    end_stopped,
    preview_stop,
    resume_session,
    stop_days,
    stop_session,
)
from appointments.subscribers.bookings import tell_stopped
from appointments.subscribers.waits import tell_wait_stopped
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from notifications.models import Message
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_clinic,
    make_slots,
    make_template,
    make_ticket,
)
from tests.factories.auth import actor_for
from tests.factories.directory import make_staff
from tests.factories.residents import make_person, make_resident
from tests.factories.supply import DAY, make_registrar

STOP = StopSession(reason="医生生病")


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def registrar(session: Session, clinic: Clinic) -> Actor:
    return make_registrar(session, clinic)


def resident(session: Session) -> Actor:
    return actor_for(session, make_resident(session)[0].id)


def waiting(session: Session, slot: Slot, **more: object) -> Wait:
    """Somebody who waits for the session of this slot."""
    account, person = make_resident(session)
    row = Wait(
        session_id=slot.session_id,
        person_id=person.id,
        account_id=account.id,
        institution_id=slot.institution_id,
        department_id=slot.department_id,
        division_code=slot.division_code,
        date=slot.date,
        priority=3,
        offers_end=slot.cancel_until,
        **more,
    )
    session.add(row)
    session.flush()
    return row


def stop(session: Session, registrar: Actor, slot: Slot) -> None:
    """Stop, and let the worker do the rest."""
    stop_session(session, registrar, slot.session_id, STOP)
    session.commit()
    end_bookings(str(slot.session_id))
    session.expire_all()


def test_every_booking_ends_and_none_is_made(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    first, second, *_ = make_slots(session, clinic)
    bookings = [
        make_booking(session, slot, make_person(session).id) for slot in (first, first, second)
    ]
    outcome = stop_session(session, registrar, first.session_id, STOP)
    assert (outcome.sessions, outcome.bookings, outcome.waiting) == (1, 3, 0)
    patient = resident(session)
    assert patient.person_id
    wish = BookSlot(slot_id=second.id, person_id=patient.person_id)
    with pytest.raises(Conflict) as refused:
        book_slot(session, patient, wish)
    assert refused.value.code == "stopped"
    session.commit()
    end_bookings(str(first.session_id))
    session.expire_all()
    assert {(row.state, row.because) for row in bookings} == {("cancelled", "stopped")}
    assert (first.taken, first.remaining, first.capacity) == (0, 3, 3)
    assert session.get_one(ClinicSession, first.session_id).stop_reason == "医生生病"


def test_a_stop_and_its_work_may_be_repeated(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    slot = make_slots(session, clinic)[0]
    booking = make_booking(session, slot, make_person(session).id)
    stop(session, registrar, slot)
    ended = booking.cancelled_at
    again = stop_session(session, registrar, slot.session_id, StopSession(reason="别的原因"))
    assert (again.sessions, again.bookings) == (0, 0)
    end_bookings(str(slot.session_id))
    session.expire_all()
    assert booking.cancelled_at == ended
    assert session.get_one(ClinicSession, slot.session_id).stop_reason == "医生生病"


def test_the_work_goes_on_where_it_was_left(
    session: Session, clinic: Clinic, registrar: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = make_slots(session, clinic)[:3]
    bookings = [make_booking(session, slot, make_person(session).id) for slot in slots]
    stop_session(session, registrar, slots[0].session_id, STOP)
    session.commit()
    done: list[object] = []

    def dies_at_the_second(current: Session, session_id: UUID, slot_id: UUID) -> None:
        if done:
            raise RuntimeError("the worker died")
        done.append(slot_id)
        end_stopped(current, session_id, slot_id)

    monkeypatch.setattr(jobs, "end_stopped", dies_at_the_second)
    with pytest.raises(RuntimeError):
        end_bookings(str(slots[0].session_id))
    session.expire_all()
    assert sum(row.because == "stopped" for row in bookings) == 1
    monkeypatch.undo()
    end_bookings(str(slots[0].session_id))
    session.expire_all()
    assert {row.because for row in bookings} == {"stopped"}


def test_who_waits_waits_no_more(session: Session, clinic: Clinic, registrar: Actor) -> None:
    slot = make_slots(session, clinic, capacity=1)[0]
    held = make_booking(
        session,
        slot,
        make_person(session).id,
        state="held",
        held_until=clock.now() + timedelta(minutes=20),
    )
    first = waiting(session, slot)
    offered = waiting(session, slot, state="offered", booking_id=held.id)
    stop(session, registrar, slot)
    assert (first.state, offered.state, offered.booking_id) == ("closed", "closed", None)
    assert held.because == "stopped"
    # Nobody is left to whom the place could be offered.
    assert (slot.waitlist, slot.remaining) == (0, 1)
    tell_wait_stopped(session, WaitStopped(wait_id=first.id, person_id=first.person_id))
    message = session.scalars(select(Message).where(Message.person_id == first.person_id)).one()
    assert message.values["reason"] == "医生生病"


def test_the_patient_is_told_why_and_where_to_go(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    slot = make_slots(session, clinic)[0]
    booking = make_booking(session, slot, make_person(session).id)
    stop(session, registrar, slot)
    tell_stopped(session, BookingStopped(booking_id=booking.id, person_id=booking.person_id))
    message = session.scalars(select(Message)).one()
    assert message.values["reason"] == "医生生病"
    assert message.link == f"/appointments/bookings/{booking.id}/instead"


def test_resumed_it_is_booked_again_and_what_ended_stays_ended(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    slot = make_slots(session, clinic)[0]
    booking = make_booking(session, slot, make_person(session).id)
    stop(session, registrar, slot)
    assert resume_session(session, registrar, slot.session_id).state == "open"
    assert resume_session(session, registrar, slot.session_id).state == "open"
    session.expire_all()
    assert booking.because == "stopped"
    patient = resident(session)
    assert patient.person_id
    made = book_slot(session, patient, BookSlot(slot_id=slot.id, person_id=patient.person_id))
    # A number is never given out twice.
    assert made.number == 2
    # A job that comes late finds nothing to end.
    end_bookings(str(slot.session_id))
    live = find_booking(session, made.id)
    assert live is not None
    assert live.state == "booked"


def test_what_is_over_or_anothers_is_not_stopped(session: Session, clinic: Clinic) -> None:
    slot = make_slots(session, clinic)[0]
    stranger = make_registrar(session, make_clinic(session))
    with pytest.raises(Denied):
        stop_session(session, stranger, slot.session_id, STOP)
    with pytest.raises(Denied):
        resume_session(session, stranger, slot.session_id)
    with clock.shifted(10 * DAY), pytest.raises(Conflict) as refused:
        stop_session(session, make_registrar(session, clinic), slot.session_id, STOP)
    assert refused.value.code == "session_over"


def test_a_visit_that_was_stays(session: Session, clinic: Clinic, registrar: Actor) -> None:
    first, *_, last = make_slots(session, clinic)
    seen = make_booking(session, first, make_person(session).id)
    missed = make_booking(session, last, make_person(session).id)
    with clock.shifted(first.ends_at - clock.now() + timedelta(minutes=1)):
        assert stop_session(session, registrar, first.session_id, STOP).bookings == 1
        session.commit()
        end_bookings(str(first.session_id))
    session.expire_all()
    assert (seen.state, missed.because) == ("booked", "stopped")


def beside(session: Session, clinic: Clinic, slot: Slot) -> list[Slot]:
    """The slots of a colleague in the same department, on the day of this slot."""
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    return make_slots(session, clinic._replace(doctor=colleague), day=slot.date)


def test_who_waits_in_the_room_goes_and_who_was_sent_on_stays(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    """Whatever the time: the first were due at eight, and the room was late."""
    first, *_, last = make_slots(session, clinic)
    other = beside(session, clinic, first)[0]
    late, passed_over, sent_on, with_doctor, left = (
        make_booking(session, slot, make_person(session).id)
        for slot in (first, first, first, last, last)
    )
    lent = make_booking(session, other, make_person(session).id)
    stay = make_booking(session, other, make_person(session).id)
    now = clock.now()
    rows: dict[Booking, dict[str, object]] = {
        late: {},
        passed_over: {"state": "skipped", "skipped_at": now},
        sent_on: {"session_id": other.session_id},
        with_doctor: {"state": "called", "called_at": now},
        left: {"state": "left"},
        lent: {"session_id": first.session_id},
        stay: {"session_id": other.session_id},
    }
    tickets = {
        booking: make_ticket(session, booking, first, **more) for booking, more in rows.items()
    }
    with clock.shifted(first.ends_at - clock.now() + timedelta(minutes=30)):
        outcome = stop_session(session, registrar, first.session_id, STOP)
        session.commit()
        end_bookings(str(first.session_id))
    session.expire_all()
    gone = {late, passed_over, left, lent}
    assert {booking for booking in rows if booking.because == "stopped"} == gone
    assert outcome.bookings == len(gone)
    assert {row.state for booking, row in tickets.items() if booking in gone} == {"left"}
    others = {booking: row.state for booking, row in tickets.items() if booking not in gone}
    assert others == {sent_on: "waiting", with_doctor: "called", stay: "waiting"}
    assert (first.taken, last.taken, other.taken) == (1, 1, 1)
    # The desk finds all of them, and they all read why.
    listed = {row.booking_id for row in list_stopped(session, registrar, first.session_id)}
    assert listed == {booking.id for booking in gone}
    assert {stop_reason(session, booking.id) for booking in gone} == {"医生生病"}


def test_a_stopped_room_is_listed_while_somebody_is_there(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    with clock.shifted(clock.at(clock.today() + DAY, 8) - clock.now()):
        slot = make_slots(session, clinic, day=clock.today())[0]
        booking = make_booking(session, slot, make_person(session).id)
        ticket = make_ticket(session, booking, slot, state="called", called_at=clock.now())
        stop(session, registrar, slot)
        rooms = list_rooms(session, registrar, clinic.institution.id)
        assert [row.called for row in rooms] == [ticket.label]
        finish(session, registrar, ticket.id)
        assert list_rooms(session, registrar, clinic.institution.id) == []
    session.expire_all()
    assert booking.state == "attended"


def test_who_watches_sees_that_the_clinic_is_stopped(
    session: Session,
    clinic: Clinic,
    registrar: Actor,
    signed_in: Callable[[UUID], FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slot = make_slots(session, clinic)[0]
    (account, person), (at_home, other) = make_resident(session), make_resident(session)
    booking = make_booking(session, slot, person.id)
    make_ticket(session, booking, slot)
    coming = make_booking(session, slot, other.id)
    session.commit()
    address = f"/appointments/bookings/{booking.id}"
    assert "开诊后第一个就是您" in signed_in(account.id).get(f"{address}/queue/live").text
    told: list[str] = []
    monkeypatch.setattr(arriving, "announce", lambda _, *topics: told.extend(topics))
    stop(session, registrar, slot)
    assert queue_topic(slot.session_id) in told
    page = signed_in(account.id).get(f"{address}/queue/live").text
    assert "停诊" in page
    assert f"{address}/instead" in page
    page = signed_in(at_home.id).get(f"/appointments/bookings/{coming.id}/queue/live").text
    assert "已经结束" in page


def away(clinic: Clinic, days: int, **more: object) -> StopDays:
    """The clinic's doctor is away from tomorrow for so many days."""
    values: dict[str, object] = {
        "department_id": clinic.department.id,
        "staff_id": clinic.doctor.id,
        "first": clock.today() + DAY,
        "last": clock.today() + days * DAY,
        "reason": "外出进修",
    }
    return StopDays.model_validate(values | more)


def test_a_doctor_is_away_for_weeks(session: Session, clinic: Clinic, registrar: Actor) -> None:
    for weekday in range(1, 8):
        make_template(session, clinic, weekday=weekday)
        make_template(session, clinic, weekday=weekday, clinic_name="普通门诊")
    open_sessions(session, clock.today() + 40 * DAY)
    slots = session.scalars(
        select(Slot).join(ClinicSession).where(ClinicSession.staff_id == clinic.doctor.id)
    ).all()
    booked = next(slot for slot in slots if slot.date == clock.today() + 2 * DAY)
    booking = make_booking(session, booked, make_person(session).id)
    command = away(clinic, 20)
    met = preview_stop(session, registrar, command)
    # A week is open, and the day that is to be released next.
    assert (met.sessions, met.bookings, met.closed) == (8, 1, 12)
    assert session.scalar(select(ClinicSession.stopped_at).limit(1)) is None
    done = stop_days(session, registrar, command)
    assert done == met
    again = stop_days(session, registrar, command)
    assert (again.sessions, again.closed) == (0, 12)
    session.commit()
    end_bookings(str(booked.session_id))
    session.expire_all()
    assert booking.because == "stopped"
    assert len(session.scalars(select(TemplateException)).all()) == 12
    with clock.shifted(10 * DAY):
        open_sessions(session, clock.today() + 40 * DAY)
    running = select(ClinicSession.date).where(
        ClinicSession.staff_id == clinic.doctor.id,
        ClinicSession.date > clock.today(),
        ClinicSession.stopped_at.is_(None),
    )
    assert session.scalars(running).all() == []
    # The department's clinic goes on.
    others = select(ClinicSession).where(ClinicSession.staff_id.is_(None))
    assert all(row.stopped_at is None for row in session.scalars(others))


def test_a_half_day_of_a_whole_department(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    day = clock.today() + DAY
    morning = make_slots(session, clinic, day=day)[0]
    afternoon = make_slots(session, clinic, day=day, half_day=HalfDay.AFTERNOON)[0]
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    other = make_slots(session, clinic._replace(doctor=colleague), day=day)[0]
    command = away(clinic, 1, staff_id=None, half_day=HalfDay.MORNING)
    assert stop_days(session, registrar, command).sessions == 2
    session.expire_all()
    assert [morning.stopped, other.stopped, afternoon.stopped] == [True, True, False]


def test_no_stop_reaches_into_the_past(session: Session, clinic: Clinic, registrar: Actor) -> None:
    with pytest.raises(Invalid):
        stop_days(session, registrar, away(clinic, 1, first=clock.today() - DAY))


def test_one_tap_takes_another_place(session: Session, clinic: Clinic, registrar: Actor) -> None:
    slot = make_slots(session, clinic)[0]
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    others = make_slots(session, clinic._replace(doctor=colleague), day=slot.date + DAY)
    beds = make_staff(session, clinic.institution, department=clinic.department)
    make_slots(session, clinic._replace(doctor=beds), day=slot.date, kind=Kind.ADMISSION)
    patient = resident(session)
    assert patient.person_id
    booking = make_booking(session, slot, patient.person_id)
    with pytest.raises(NotFound):
        get_stopped(session, patient, booking.id)
    with pytest.raises(Conflict):
        take_instead(session, patient, booking.id, ChangeBooking(slot_id=others[0].id))
    stop(session, registrar, slot)
    former = get_stopped(session, patient, booking.id)
    found = find_alternatives(session, former.department_id, former.kind, former.starts_at)
    # The earliest of each session; a bed is no consultation.
    assert [each.id for each in found] == [others[0].id]
    wish = ChangeBooking(slot_id=found[0].id)
    made = take_instead(session, patient, booking.id, wish)
    assert (made.state, made.changed_from) == ("booked", booking.id)
    assert take_instead(session, patient, booking.id, wish).id == made.id
    cancel_booking(session, patient, made.id)
    # Given back, it may be taken anew: nothing counts against them.
    assert take_instead(session, patient, booking.id, wish).id != made.id


def test_anothers_stopped_booking_is_not_shown(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    slot = make_slots(session, clinic)[0]
    booking = make_booking(session, slot, make_person(session).id)
    stop(session, registrar, slot)
    with pytest.raises(Denied):
        get_stopped(session, resident(session), booking.id)
    assert session.scalars(select(Booking)).one().because == "stopped"


def test_the_desk_sees_whom_a_stop_met_who_was_told_and_who_moved(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    slot, later, *_ = make_slots(session, clinic)
    other = make_slots(session, clinic, day=slot.date + timedelta(days=1))[0]
    people = [make_person(session, name=f"甲{n}", phone=None) for n in range(2)]
    reader, mover = make_resident(session)[1], resident(session)
    assert mover.person_id
    ids = [people[0].id, reader.id, mover.person_id]
    bookings = [make_booking(session, slot, person_id) for person_id in ids]
    cancel_booking(session, registrar, make_booking(session, later, people[1].id).id)
    assert list_stopped(session, registrar, slot.session_id) == []
    stop(session, registrar, slot)
    before = list_stopped(session, registrar, slot.session_id)
    assert [row.booking_id for row in before] == [booking.id for booking in bookings]
    assert {row.told_at for row in before} == {None}
    for booking in bookings:
        tell_stopped(session, BookingStopped(booking_id=booking.id, person_id=booking.person_id))
    session.flush()
    read = session.scalars(select(Message).where(Message.person_id == reader.id)).one()
    read.read_at = clock.now()
    take_instead(session, mover, bookings[2].id, ChangeBooking(slot_id=other.id))
    nobody, seen, moved = list_stopped(session, registrar, slot.session_id)
    assert nobody.told_at
    assert (nobody.reachable, nobody.read_at, nobody.moved_to) == (False, None, None)
    assert seen.read_at
    assert (moved.reachable, moved.moved_to) == (True, other.starts_at)
    elsewhere = make_registrar(session, make_clinic(session))
    with pytest.raises(Denied):
        list_stopped(session, elsewhere, slot.session_id)
    with pytest.raises(NotFound):
        list_stopped(session, registrar, slot.id)

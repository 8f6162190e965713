"""The pages of the day: desk, console, triage, screens, and what the patient sees."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appointments.checkin_codes import make_code
from appointments.models import Booking, HallScreen, Slot, Ticket, Triage
from appointments.schemas import Precedence, State, TicketState
from core import clock
from core.access import Role
from core.models import AuditEvent
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_clinic,
    make_slots,
    make_ticket,
)
from tests.factories.auth import make_account
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[list[str]]]
DAY = date(2027, 3, 17)
MOST_STATEMENTS = 8
COUNT = select(func.count()).select_from(AuditEvent)


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """The clock at the start of the day's first slot."""
    with clock.shifted(clock.at(DAY, 8) - clock.now()):
        yield


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def slot(session: Session, clinic: Clinic) -> Slot:
    return make_slots(session, clinic, day=DAY, capacity=9)[0]


@pytest.fixture
def desk(session: Session, clinic: Clinic, signed_in: Browser) -> FlaskClient:
    account = make_account(session, roles={Role.REGISTRAR: [str(clinic.institution.id)]})
    return signed_in(account.id)


def test_the_scanner_types_a_code_and_the_console_calls(
    session: Session, slot: Slot, desk: FlaskClient
) -> None:
    booking = make_booking(session, slot, make_person(session, name="覃小满").id)
    assert "autofocus" in desk.get("/appointments/queues").text
    form = {"code": make_code(booking.id), "next": "/appointments/queues", "_once": "a"}
    answer = desk.post("/appointments/check-in", data=form, follow_redirects=True)
    assert "已报到：001 号" in answer.text
    assert "覃小满" not in answer.text
    console = f"/appointments/queues/{slot.session_id}"
    assert "覃小满" in desk.get(console).text
    page = desk.post(f"{console}/next", data={"_once": "b"}, follow_redirects=True).text
    assert "再叫一次（还可 3 次）" in page
    ticket = session.scalars(select(Ticket)).one()
    for step, state in (("recall", "called"), ("skip", "skipped"), ("left", "left")):
        address = f"/appointments/tickets/{ticket.id}/{step}"
        assert desk.post(address, data={"_once": step}).location == console
        session.refresh(ticket)
        assert ticket.state == state
    said = desk.post(f"{console}/next", data={"_once": "c"}, follow_redirects=True).text
    assert "现在没有人候诊" in said
    refused = desk.post(f"/appointments/tickets/{ticket.id}/done", follow_redirects=True).text
    assert "001 号已离开" in refused


def test_a_room_pauses_with_a_reason_that_the_hall_reads(
    session: Session, slot: Slot, desk: FlaskClient
) -> None:
    console = f"/appointments/queues/{slot.session_id}"
    page = desk.post(f"{console}/pause", data={"reason": "ward"}, follow_redirects=True).text
    assert "已暂停叫号：医生去病房会诊" in page
    assert "恢复叫号" in page
    assert "恢复叫号" not in desk.post(f"{console}/resume", follow_redirects=True).text


def test_who_is_late_is_offered_a_place_behind(
    session: Session, slot: Slot, desk: FlaskClient
) -> None:
    booking = make_booking(session, slot, make_person(session).id)
    booking.starts_at -= timedelta(minutes=31)
    session.flush()
    answer = desk.post("/appointments/check-in", data={"booking_id": str(booking.id)})
    assert answer.status_code == 409
    assert "让迟到的患者排在准时的人后面" in answer.text
    form = {"booking_id": str(booking.id), "late": "true"}
    assert desk.post("/appointments/check-in", data=form).status_code == 302
    assert session.scalars(select(Ticket)).one().due_at > slot.starts_at


@pytest.mark.parametrize("code", ["", "KQ123", "'; --", "二维码", "A" * 300])
def test_what_is_no_code_is_said(desk: FlaskClient, slot: Slot, code: str) -> None:
    answer = desk.post("/appointments/check-in", data={"code": code})
    assert answer.status_code == 422
    assert "data-focus" in answer.text


def test_the_day_list_checks_in_and_shows_the_number(
    session: Session, slot: Slot, desk: FlaskClient
) -> None:
    booking = make_booking(session, slot, make_person(session).id)
    listed = f"/appointments/day-list?date={DAY}"
    assert f'name="booking_id" value="{booking.id}"' in desk.get(listed).text
    form = {"booking_id": str(booking.id), "next": listed}
    answer = desk.post("/appointments/check-in", data=form)
    assert answer.location == listed
    page = desk.get(listed).text
    assert "候诊号 001" in page
    assert f'name="booking_id" value="{booking.id}"' not in page


def test_triage_puts_first_and_keeps_the_words_sealed(
    session: Session, slot: Slot, desk: FlaskClient
) -> None:
    ticket = make_ticket(session, make_booking(session, slot, make_person(session).id), slot)
    address = f"/appointments/tickets/{ticket.id}/triage"
    assert "待核实" in desk.get(address).text
    assert desk.post(address, data={"level": "9", "complaint": "x"}).status_code == 422
    form = {"level": "2", "complaint": "胸痛两小时", "_once": "a"}
    assert "已登记分诊 2 级" in desk.post(address, data=form, follow_redirects=True).text
    session.refresh(ticket)
    assert ticket.priority == Precedence.EMERGENCY
    triage = session.scalars(select(Triage)).one()
    assert triage.complaint == "胸痛两小时"
    stored = session.connection().exec_driver_sql("SELECT complaint FROM appointments_triage")
    assert "胸痛".encode() not in bytes(stored.scalar_one())
    desk.post(address, data={"level": "4", "complaint": "好转"})
    session.refresh(ticket)
    assert ticket.priority == Precedence.ORDINARY


def test_triage_sends_to_a_department_with_a_place_or_says_there_is_none(
    session: Session, clinic: Clinic, slot: Slot, desk: FlaskClient
) -> None:
    there = make_clinic(session, clinic.institution)
    free = make_slots(session, there, day=DAY, capacity=1)[0]
    booking = make_booking(session, slot, make_person(session).id)
    ticket = make_ticket(session, booking, slot)
    address = f"/appointments/tickets/{ticket.id}/triage"
    form = {"level": "3", "complaint": "腹痛", "department_id": str(there.department.id)}
    answer = desk.post(address, data=form)
    assert answer.status_code == 409
    assert "今天没有现场号" in answer.text
    session.refresh(ticket)
    assert ticket.state == TicketState.WAITING
    free.remaining, free.onsite = 0, 1
    session.flush()
    said = desk.post(address, data=form | {"_once": "b"}, follow_redirects=True).text
    assert "已转到新科室，候诊号 001" in said
    for row in (ticket, booking, slot):
        session.refresh(row)
    assert (ticket.state, booking.state, booking.because) == ("left", "cancelled", "hospital")
    assert (slot.taken, slot.remaining) == (0, 9)
    new = session.scalars(select(Booking).where(Booking.department_id == there.department.id)).one()
    assert (new.state, new.pool) == (State.BOOKED, "onsite")


def test_a_screen_shows_numbers_rooms_and_no_names(
    session: Session, clinic: Clinic, slot: Slot, desk: FlaskClient, client: FlaskClient
) -> None:
    for name, state in (("覃小满", "called"), ("欧阳建国", "waiting")):
        booking = make_booking(session, slot, make_person(session, name=name).id)
        make_ticket(session, booking, slot, state=state, called_at=clock.now(), calls=1)
    form = {"institution_id": str(clinic.institution.id), "name": "二楼", "_once": "a"}
    made = desk.post("/appointments/screens", data=form).text
    path = re.search(r"/appointments/halls/[\w-]+", made)
    assert path
    again = desk.post("/appointments/screens", data=form).text
    assert "不会再显示" in again
    assert path[0] not in again
    assert path[0] not in desk.get("/appointments/screens").text
    audited = session.scalar(select(func.count()).select_from(AuditEvent))
    for address in (path[0], f"{path[0]}/live"):
        page = client.get(address).text
        assert "001" in page
        assert "覃**" in page
        assert "欧**" in page
        assert "小满" not in page
        assert "建国" not in page
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == audited
    screen = session.scalars(select(HallScreen)).one()
    desk.post(f"/appointments/screens/{screen.id}/end")
    for address in (path[0], f"{path[0]}/live", "/appointments/halls/guessed"):
        assert client.get(address).status_code == 404


def test_a_screen_of_some_departments_shows_no_others(
    session: Session, clinic: Clinic, slot: Slot, desk: FlaskClient, client: FlaskClient
) -> None:
    other = make_clinic(session, clinic.institution)
    for where in (slot, make_slots(session, other, day=DAY)[0]):
        make_ticket(session, make_booking(session, where, make_person(session).id), where)
    form = {
        "institution_id": str(clinic.institution.id),
        "name": "二楼",
        "department_ids": [str(other.department.id)],
    }
    made = desk.post("/appointments/screens", data=form).text
    path = re.search(r"/appointments/halls/[\w-]+", made)
    assert path
    page = client.get(path[0]).text
    assert other.doctor.name in page
    assert clinic.doctor.name not in page


def test_the_patient_follows_from_code_to_call(
    session: Session, slot: Slot, desk: FlaskClient, signed_in: Browser
) -> None:
    account, person = make_resident(session)
    booking = make_booking(session, slot, person.id)
    phone = signed_in(account.id)
    address = f"/appointments/bookings/{booking.id}/queue"
    assert address in phone.get(f"/appointments/bookings/{booking.id}").text
    before = phone.get(address).text
    assert "data:image/svg+xml" in before
    assert make_code(booking.id)[:4] in before
    ticket = make_ticket(session, booking, slot)
    for page in (address, f"{address}/live"):
        assert "下一个就是您" in phone.get(page).text
    desk.post(f"/appointments/queues/{slot.session_id}/next", data={"_once": "a"})
    assert "轮到您了" in phone.get(f"{address}/live").text
    desk.post(f"/appointments/tickets/{ticket.id}/done")
    assert "已就诊完" in phone.get(address).text
    stranger, _ = make_resident(session)
    for page in (address, f"{address}/live"):
        assert signed_in(stranger.id).get(page).status_code == 403


def test_a_page_that_asks_again_and_again_does_not_fill_the_audit(
    session: Session, slot: Slot, desk: FlaskClient, signed_in: Browser
) -> None:
    account, person = make_resident(session)
    ticket = make_ticket(session, make_booking(session, slot, person.id), slot)
    session.commit()
    phone = signed_in(account.id)
    looks = [
        (phone, f"/appointments/bookings/{ticket.booking_id}/queue/live", 2),
        (desk, f"/appointments/queues/{slot.session_id}/live", 1),
    ]
    for browser, address, events in looks:
        before = session.scalar(COUNT) or 0
        for _ in range(3):
            assert browser.get(address).status_code == 200
        assert session.scalar(COUNT) == before + events
        with clock.shifted(timedelta(minutes=1, seconds=5)):
            assert browser.get(address).status_code == 200
        assert session.scalar(COUNT) == before + 2 * events


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_in_few_statements_and_both_languages(
    session: Session,
    clinic: Clinic,
    slot: Slot,
    desk: FlaskClient,
    signed_in: Browser,
    count_statements: Counting,
    language: str,
) -> None:
    account, person = make_resident(session)
    ticket = make_ticket(session, make_booking(session, slot, person.id), slot)
    for _ in range(6):
        make_ticket(session, make_booking(session, slot, make_person(session).id), slot)
    desk.post(f"/appointments/queues/{slot.session_id}/next", data={"_once": "a"})
    form = {"institution_id": str(clinic.institution.id), "name": "二楼"}
    path = re.search(
        r"/appointments/halls/[\w-]+", desk.post("/appointments/screens", data=form).text
    )
    assert path
    phone = signed_in(account.id)
    addresses = [
        (desk, "/appointments/queues"),
        (desk, f"/appointments/queues/{slot.session_id}"),
        (desk, f"/appointments/queues/{slot.session_id}/live"),
        (desk, f"/appointments/tickets/{ticket.id}/triage"),
        (desk, "/appointments/screens"),
        (desk, path[0]),
        (desk, f"{path[0]}/live"),
        (phone, f"/appointments/bookings/{ticket.booking_id}/queue"),
        (phone, f"/appointments/bookings/{ticket.booking_id}/queue/live"),
    ]
    for browser, address in addresses:
        with count_statements() as counter:
            answer = browser.get(f"{address}?lang={language}")
        assert answer.status_code == 200
        assert len(counter) <= MOST_STATEMENTS, (address, counter.statements)  # type: ignore[attr-defined]
        assert re.findall(r"\{\{|\}\}|%\(", answer.text) == [], address

"""The pages: the way from hospital to booking and back, in few statements."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession
from appointments.schemas import Kind
from core import clock
from core.access import Role
from core.ids import new_id
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[list[str]]]
MOST_STATEMENTS = 8


def test_the_whole_way(session: Session, signed_in: Browser) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, capacity=1)[0]
    account, person = make_resident(session)
    browser = signed_in(account.id)
    assert clinic.institution.name in browser.get("/appointments/").text
    hospital = browser.get(f"/appointments/hospitals/{clinic.institution.id}").text
    assert clinic.department.name in hospital
    department = browser.get(f"/appointments/departments/{clinic.department.id}").text
    assert f"/appointments/slots/{slot.id}" in department
    confirm = browser.get(f"/appointments/slots/{slot.id}").text
    assert clinic.doctor.name in confirm
    assert person.name in confirm
    answer = browser.post(f"/appointments/slots/{slot.id}", data={"_once": "a"})
    booking = session.scalars(select(Booking)).one()
    assert answer.location == f"/appointments/bookings/{booking.id}/booked"
    assert "第 1 号" in browser.get(answer.location).text
    assert clinic.department.name in browser.get("/appointments/bookings").text
    assert "取消预约" in browser.get(f"/appointments/bookings/{booking.id}").text
    ended = browser.post(f"/appointments/bookings/{booking.id}/cancel", follow_redirects=True)
    assert "预约已取消，名额已退回" in ended.text
    assert clinic.department.name in browser.get("/appointments/bookings?when=past").text
    # The page of success does not outlive the booking.
    again = browser.get(f"/appointments/bookings/{booking.id}/booked")
    assert again.location == f"/appointments/bookings/{booking.id}"


def test_a_double_click_books_once(session: Session, signed_in: Browser) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, _ = make_resident(session)
    browser = signed_in(account.id)
    first = browser.post(f"/appointments/slots/{slot.id}", data={"_once": "same"})
    second = browser.post(f"/appointments/slots/{slot.id}", data={"_once": "same"})
    assert first.location == second.location


def test_a_refusal_keeps_the_choice_and_offers_the_nearest(
    session: Session, signed_in: Browser
) -> None:
    first, second, *_ = make_slots(session, make_clinic(session), capacity=1)
    make_booking(session, first, make_person(session).id)
    account, _ = make_resident(session)
    answer = signed_in(account.id).post(f"/appointments/slots/{first.id}", data={"_once": "a"})
    assert answer.status_code == 409
    assert "这个时段刚被约满，最近的空位是 08:30。" in answer.text
    assert f"/appointments/slots/{second.id}" in answer.text


def test_what_to_bring_is_that_of_the_kind(session: Session, signed_in: Browser) -> None:
    slot = make_slots(session, make_clinic(session), kind=Kind.VACCINATION)[0]
    account, _ = make_resident(session)
    session.commit()
    page = signed_in(account.id).get(f"/appointments/slots/{slot.id}").text
    assert "预防接种证" in page
    assert "正在用的药" not in page


def test_a_full_slot_is_no_button(session: Session, client: FlaskClient) -> None:
    clinic = make_clinic(session)
    first, *_ = make_slots(session, clinic, capacity=1)
    make_booking(session, first, make_person(session).id)
    page = client.get(f"/appointments/departments/{clinic.department.id}").text
    assert f"/appointments/slots/{first.id}" not in page
    assert "约满" in page


def test_a_day_beyond_the_horizon_says_when_it_opens(session: Session, client: FlaskClient) -> None:
    clinic = make_clinic(session, horizon_days=3)
    day = clock.today() + timedelta(days=9)
    make_slots(session, clinic, day=day)
    page = client.get(f"/appointments/departments/{clinic.department.id}?date={day}").text
    assert "放号，请到时再约" in page
    assert "/appointments/slots/" not in page


def test_a_visitor_is_asked_to_sign_in_and_comes_back(
    session: Session, client: FlaskClient
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    answer = client.get(f"/appointments/slots/{slot.id}")
    assert answer.status_code == 302
    assert f"next=/appointments/slots/{slot.id}" in answer.location


def test_without_the_real_name_check_the_way_leads_there(
    session: Session, signed_in: Browser
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    browser = signed_in(make_account(session, phone="12000099999").id)
    page = browser.get(f"/appointments/slots/{slot.id}").text
    assert "先去实名认证" in page
    assert f"next=/appointments/slots/{slot.id}" in page
    assert browser.post(f"/appointments/slots/{slot.id}").status_code == 403


def test_anothers_booking_is_refused(session: Session, signed_in: Browser) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    booking = make_booking(session, slot, make_person(session).id)
    account, _ = make_resident(session)
    browser = signed_in(account.id)
    assert browser.get(f"/appointments/bookings/{booking.id}").status_code == 403
    assert browser.post(f"/appointments/bookings/{booking.id}/cancel").status_code == 403


def test_too_late_to_cancel_says_what_to_do(session: Session, signed_in: Browser) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, person = make_resident(session)
    booking = make_booking(session, slot, person.id)
    slot.cancel_until = clock.now()
    session.flush()
    browser = signed_in(account.id)
    page = browser.get(f"/appointments/bookings/{booking.id}").text
    assert "现在取消会计入爽约记录" in page
    assert "/cancel?late=1" in page
    address = f"/appointments/bookings/{booking.id}/cancel"
    assert "免责取消已于" in browser.post(address, follow_redirects=True).text
    assert "预约已取消" in browser.post(f"{address}?late=1", follow_redirects=True).text
    assert session.get_one(Booking, booking.id, populate_existing=True).because == "late"


def test_the_desk_prints_its_day(session: Session, signed_in: Browser) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, day=clock.today())[0]
    make_booking(session, slot, make_person(session, name="覃小满").id)
    desk = make_account(session, roles={Role.REGISTRAR: [str(clinic.institution.id)]})
    browser = signed_in(desk.id)
    assert "覃小满" in browser.get("/appointments/day-list").text
    nothing = browser.get("/appointments/day-list?search=没有这个人").text
    assert "没有找到这位患者" in nothing
    other = make_clinic(session).institution.id
    assert browser.get(f"/appointments/day-list?institution_id={other}").status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_in_few_statements_and_both_languages(
    session: Session, signed_in: Browser, count_statements: Counting, language: str
) -> None:
    clinic = make_clinic(session, active_limit=30)
    account, person = make_resident(session)
    bookings = [
        make_booking(
            session,
            make_slots(session, clinic, day=clock.today() + timedelta(days=ahead))[0],
            person.id,
        )
        for ahead in range(20)
    ]
    desk = make_account(session, roles={Role.REGISTRAR: ["990100"]})
    resident, registrar = signed_in(account.id), signed_in(desk.id)
    addresses = [
        (resident, "/appointments/"),
        (resident, f"/appointments/hospitals/{clinic.institution.id}"),
        (resident, f"/appointments/departments/{clinic.department.id}"),
        (resident, f"/appointments/slots/{bookings[3].slot_id}"),
        (resident, "/appointments/bookings"),
        (resident, f"/appointments/bookings/{bookings[5].id}"),
        (resident, f"/appointments/bookings/{bookings[5].id}/booked"),
        (registrar, "/appointments/day-list"),
    ]
    for browser, address in addresses:
        with count_statements() as counter:
            answer = browser.get(f"{address}?lang={language}")
        assert answer.status_code == 200
        assert len(counter) <= MOST_STATEMENTS, address
        untranslated = re.findall(r"\{\{|\}\}|%\(", answer.text)
        assert untranslated == [], address


def test_unknown_ids_are_not_found(client: FlaskClient) -> None:
    for kind in ("hospitals", "departments"):
        assert client.get(f"/appointments/{kind}/{new_id()}").status_code == 404


def test_a_clinic_reads_in_english(session: Session, client: FlaskClient) -> None:
    clinic = make_clinic(session)
    clinic.department.name, clinic.department.name_en = "心血管内科", "Cardiology"
    slot = make_slots(session, clinic)[0]
    opened = session.get_one(ClinicSession, slot.session_id)
    opened.staff_id, opened.doctor_title = None, ""
    opened.clinic_name, opened.place = "心血管内科周末门诊", "3F 2 诊室"
    session.commit()
    address = f"/appointments/departments/{clinic.department.id}?date={slot.date}"
    english = client.get(f"{address}&lang=en").text
    assert "Cardiology, weekend clinic" in english
    assert "3F, room 2" in english
    assert "心血管内科周末门诊" in client.get(f"{address}&lang=zh").text

"""Staff find another time for a patient from the places that are theirs to give."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.jobs import end_bookings
from appointments.models import Booking, Slot
from appointments.queries.elsewhere import Way, way_of
from appointments.schemas import Because, Pool, Source, StopSession
from appointments.services.stopping import stop_session
from core import clock
from core.access import Actor, Role
from residents.models import Person
from tests.factories.appointments import Clinic, make_booking, make_clinic, make_slots
from tests.factories.auth import actor_for, make_account
from tests.factories.directory import make_institution, make_staff, make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]
BOOKINGS = "/appointments/bookings"
AHEAD = timedelta(days=5)


class Case(NamedTuple):
    """A patient with a booking, and who may change it for them."""

    clinic: Clinic
    slots: list[Slot]
    booking: Booking
    patient: Person
    desk: UUID
    doctor: UUID


def kept(slots: list[Slot], pool: Pool) -> None:
    """One place of each of these for this pool."""
    for slot in slots:
        slot.remaining -= 1
        setattr(slot, pool.value, 1)


@pytest.fixture
def case(session: Session) -> Case:
    clinic = make_clinic(session)
    slots = make_slots(session, clinic, day=clock.today() + AHEAD)
    _, patient = make_resident(session, name="覃秀英", birth_date=date(1950, 1, 2))
    team, _, nurse = make_team(session, make_institution(session))
    make_contract(session, patient, team)
    booking = make_booking(session, slots[0], patient.id)
    desk = make_account(session, roles={Role.REGISTRAR: [str(clinic.institution.id)]})
    session.commit()
    return Case(clinic, slots, booking, patient, desk.id, nurse)


def colleague(session: Session, case: Case) -> list[Slot]:
    """Another doctor's session on the day."""
    institution, department, _ = case.clinic
    doctor = make_staff(session, institution, department=department)
    return make_slots(session, Clinic(institution, department, doctor), day=case.slots[0].date)


def stop(session: Session, case: Case) -> None:
    unit = frozenset({str(case.clinic.institution.id)})
    actor = Actor(case.desk, grants={Role.REGISTRAR: unit}, active_role=Role.REGISTRAR)
    stop_session(session, actor, case.slots[0].session_id, StopSession(reason="医生外出"))
    session.commit()
    end_bookings(str(case.slots[0].session_id))


def offered(page: str, case: Case) -> list[str]:
    """The slots that the page of another time leads to, in order."""
    return re.findall(rf"{BOOKINGS}/{case.booking.id}/change/([0-9a-f-]+)", page)


def pool_of(page: str) -> list[str]:
    return re.findall(r'name="pool" value="(\w+)"', page)


def made_from(session: Session, case: Case) -> Booking:
    query = select(Booking).where(Booking.changed_from == case.booking.id)
    return session.scalars(query).one()


def test_the_doctor_changes_a_time_while_the_public_has_places(
    session: Session, signed_in: Browser, case: Case
) -> None:
    kept(case.slots[1:3], Pool.FAMILY_DOCTOR)
    session.commit()
    browser = signed_in(case.doctor)
    address = f"{BOOKINGS}/{case.booking.id}/change"
    day = f"?date={case.slots[0].date}"
    page = browser.get(address + day).text
    assert offered(page, case) == [str(slot.id) for slot in case.slots[1:3]]
    asked = browser.get(f"{address}/{case.slots[1].id}").text
    assert pool_of(asked) == ["family_doctor"]
    answer = browser.post(
        f"{address}/{case.slots[1].id}", data={"pool": "family_doctor", "_once": "a"}
    )
    made = made_from(session, case)
    assert (answer.status_code, answer.location) == (302, f"{BOOKINGS}/{made.id}")
    assert (made.pool, made.source) == (Pool.FAMILY_DOCTOR, Source.FAMILY_DOCTOR)
    shown = browser.get(answer.location)
    assert shown.status_code == 200
    assert "由医院或家庭医生取消，什么时候都不计爽约" in shown.text


def test_the_doctor_takes_a_place_instead_of_a_stopped_one(
    session: Session, signed_in: Browser, case: Case
) -> None:
    """One kept for the doctor, though an earlier one is the public's."""
    others = colleague(session, case)
    kept(others[3:4], Pool.FAMILY_DOCTOR)
    session.commit()
    stop(session, case)
    browser = signed_in(case.doctor)
    address = f"{BOOKINGS}/{case.booking.id}/instead"
    page = browser.get(address).text
    assert pool_of(page) == ["family_doctor"]
    assert str(others[3].id) in page
    data = {"slot_id": str(others[3].id), "pool": "family_doctor", "_once": "a"}
    answer = browser.post(address, data=data)
    assert answer.location == f"{BOOKINGS}/{made_from(session, case).id}"
    assert browser.get(answer.location).status_code == 200


def test_the_desk_reaches_a_booking_and_changes_its_time(
    session: Session, signed_in: Browser, case: Case
) -> None:
    kept(case.slots[2:3], Pool.ELDERLY)
    session.commit()
    browser = signed_in(case.desk)
    day = case.slots[0].date
    here = f"{BOOKINGS}/{case.booking.id}"
    listed = browser.get(
        f"/appointments/day-list?institution_id={case.clinic.institution.id}&date={day}"
    )
    assert f'href="{here}"' in listed.text
    shown = browser.get(here).text
    assert f'href="{here}/change"' in shown
    assert "计入爽约记录" not in shown
    page = browser.get(f"{here}/change?date={day}").text
    assert offered(page, case) == [str(case.slots[2].id)]
    assert "老年电话号 余 1" in page
    # The public has some left: only the desk has none to give.
    assert "约满" not in page
    assert pool_of(browser.get(f"{here}/change/{case.slots[2].id}").text) == ["elderly"]
    assert pool_of(browser.get(f"{here}/change/{case.slots[1].id}").text) == []
    answer = browser.post(
        f"{here}/change/{case.slots[2].id}", data={"pool": "elderly", "_once": "a"}
    )
    made = made_from(session, case)
    assert answer.location == f"/appointments/desk/slips/{made.id}"
    assert browser.get(answer.location).status_code == 200
    assert (made.pool, made.source) == (Pool.ELDERLY, Source.PHONE)


def test_the_desk_cancels_after_the_deadline_and_it_never_counts(
    session: Session, signed_in: Browser, case: Case
) -> None:
    with clock.shifted(case.slots[0].cancel_until - clock.now()):
        browser = signed_in(case.desk)
        page = browser.get(f"{BOOKINGS}/{case.booking.id}").text
        (address,) = set(re.findall(rf'action="({BOOKINGS}/{case.booking.id}/cancel[^"]*)"', page))
        assert browser.post(address, data={"_once": "a"}).status_code == 302
    session.refresh(case.booking)
    assert case.booking.because == Because.HOSPITAL


def test_the_desk_takes_a_place_instead_of_a_stopped_one(
    session: Session, signed_in: Browser, case: Case
) -> None:
    others = colleague(session, case)
    session.commit()
    stop(session, case)
    browser = signed_in(case.desk)
    session_page = browser.get(f"/appointments/schedule/sessions/{case.slots[0].session_id}").text
    address = f"{BOOKINGS}/{case.booking.id}/instead"
    assert f'href="{address}"' in session_page
    assert f'href="{BOOKINGS}/{case.booking.id}"' in session_page
    assert "没有窗口能给的号" in browser.get(address).text
    kept(others[2:3], Pool.ELDERLY)
    session.commit()
    page = browser.get(address).text
    assert pool_of(page) == ["elderly"]
    data = {"slot_id": str(others[2].id), "pool": "elderly", "_once": "a"}
    answer = browser.post(address, data=data)
    made = made_from(session, case)
    assert answer.location == f"/appointments/desk/slips/{made.id}"
    assert (made.pool, made.source) == (Pool.ELDERLY, Source.PHONE)
    assert (
        "代为改约"
        not in browser.get(f"/appointments/schedule/sessions/{case.slots[0].session_id}").text
    )


def test_the_desk_offers_no_place_of_the_elderly_to_the_young(
    session: Session, signed_in: Browser, case: Case
) -> None:
    kept(case.slots[1:3], Pool.ELDERLY)
    case.patient.birth_date = date(1990, 1, 2)
    session.commit()
    page = signed_in(case.desk).get(
        f"{BOOKINGS}/{case.booking.id}/change?date={case.slots[0].date}"
    )
    assert offered(page.text, case) == []


def test_the_desk_moves_a_visit_to_today_from_the_places_of_the_day(
    session: Session, signed_in: Browser, case: Case
) -> None:
    """Also of a slot that is closed to the public."""
    today = clock.today()
    with clock.shifted(clock.at(today, 7) - clock.now()):
        (slot, *_) = make_slots(session, case.clinic, day=today)
        kept([slot], Pool.ONSITE)
        session.commit()
    with clock.shifted(slot.starts_at - timedelta(minutes=1) - clock.now()):
        browser = signed_in(case.desk)
        address = f"{BOOKINGS}/{case.booking.id}/change"
        page = browser.get(f"{address}?date={today}").text
        assert offered(page, case) == [str(slot.id)]
        assert pool_of(browser.get(f"{address}/{slot.id}").text) == ["onsite"]
        answer = browser.post(f"{address}/{slot.id}", data={"pool": "onsite", "_once": "a"})
        assert answer.status_code == 302
    assert made_from(session, case).source == Source.DESK


def test_a_registrar_changes_their_own_booking_as_anybody(session: Session, case: Case) -> None:
    unit = frozenset({str(case.clinic.institution.id)})
    own = Actor(case.desk, person_id=case.patient.id, grants={Role.REGISTRAR: unit})
    assert way_of(session, own, case.patient.id) is Way.OWN
    assert way_of(session, own, make_person(session).id) is Way.DESK
    assert way_of(session, actor_for(session, case.doctor), case.patient.id) is Way.CARE

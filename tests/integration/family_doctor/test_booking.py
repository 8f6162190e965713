"""The team books a hospital visit for its resident, who is told and may refuse."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, Slot
from appointments.schemas import Pool, Source
from core import clock
from family_doctor.states import State
from notifications.models import Message
from notifications.sms import SmsGateway
from residents.models import Person
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.directory import make_institution, make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]
Jobs = Callable[[], int]
Counting = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def slot(session: Session) -> Slot:
    """In five days, with a place for family doctors."""
    slot = make_slots(session, make_clinic(session), day=clock.today() + timedelta(days=5))[0]
    slot.remaining, slot.family_doctor = 2, 1
    session.commit()
    return slot


@pytest.fixture
def care(session: Session) -> tuple[UUID, UUID, UUID, Person]:
    """(contract, nurse, the resident's account, the resident)."""
    team, _, nurse = make_team(session, make_institution(session))
    account, person = make_resident(session, name="覃秀英")
    contract = make_contract(session, person, team)
    session.commit()
    return contract.id, nurse, account.id, person


def test_from_the_resident_to_the_booking_and_its_refusal(
    session: Session,
    signed_in: Browser,
    run_jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    slot: Slot,
    care: tuple[UUID, UUID, UUID, Person],
) -> None:
    texts: list[str] = []

    def send(gateway: SmsGateway, phone: str, text: str, link: str, message_id: UUID) -> None:
        texts.append(text)

    monkeypatch.setattr(SmsGateway, "send_message", send)
    contract, nurse, account, person = care
    browser = signed_in(nurse)
    at = f"/family-doctor/panel/{contract}/book"
    assert f"{at}/" in browser.get(f"/family-doctor/panel/{contract}").text
    assert f"{at}/institutions/{slot.institution_id}" in browser.get(f"{at}/").text
    departments = browser.get(f"{at}/institutions/{slot.institution_id}").text
    assert f"{at}/departments/{slot.department_id}" in departments
    times = browser.get(f"{at}/departments/{slot.department_id}").text
    assert times.count(f"{at}/slots/") == 1
    assert "覃秀英" in browser.get(f"{at}/slots/{slot.id}").text
    answer = browser.post(f"{at}/slots/{slot.id}", data={"_once": "a"}, follow_redirects=True)
    assert "已为覃秀英约好" in answer.text
    booking = session.scalars(select(Booking)).one()
    assert (booking.pool, booking.source) == (Pool.FAMILY_DOCTOR, Source.FAMILY_DOCTOR)
    visits = browser.get(f"/family-doctor/panel/{contract}/visits").text
    assert f"/appointments/bookings/{booking.id}" in visits
    run_jobs()
    message = session.scalars(select(Message).where(Message.person_id == person.id)).one()
    assert "家庭医生为您预约了" in message.sentence
    assert message.link == f"/appointments/bookings/{booking.id}"
    assert [text for text in texts if "不计爽约" in text]
    resident = signed_in(account)
    assert "不需要，取消" in resident.get(message.link).text
    resident.post(f"{message.link}/cancel", data={"_once": "b"})
    assert session.get_one(Booking, booking.id, populate_existing=True).because == "refused"
    session.refresh(slot)
    assert (slot.taken, slot.family_doctor) == (0, 1)


def test_a_used_up_place_is_refused_in_words(
    session: Session, signed_in: Browser, slot: Slot, care: tuple[UUID, UUID, UUID, Person]
) -> None:
    contract, nurse, _, _ = care
    slot.family_doctor, slot.remaining = 0, 3
    session.commit()
    address = f"/family-doctor/panel/{contract}/book/slots/{slot.id}"
    answer = signed_in(nurse).post(address, data={"_once": "a"})
    assert answer.status_code == 409
    assert "确认代约</button>" not in answer.text
    assert session.scalars(select(Booking)).all() == []
    # Soon before the visit the kept places are the public's again, and the team takes one of these.
    slot.reserved_until = clock.now() - timedelta(hours=1)
    session.commit()
    days = f"/family-doctor/panel/{contract}/book/departments/{slot.department_id}"
    assert address in signed_in(nurse).get(days).text
    signed_in(nurse).post(address, data={"_once": "b"})
    booking = session.scalars(select(Booking)).one()
    assert (booking.pool, booking.source) == (Pool.PUBLIC, Source.FAMILY_DOCTOR)


def test_only_the_own_team_and_only_under_contract(
    session: Session, signed_in: Browser, slot: Slot, care: tuple[UUID, UUID, UUID, Person]
) -> None:
    contract, nurse, account, _ = care
    _, rival, _ = make_team(session)
    team, leader, _ = make_team(session)
    waiting = make_contract(session, make_person(session), team, state=State.APPLIED)
    session.commit()
    for at in (f"/family-doctor/panel/{contract}/book/slots/{slot.id}",):
        assert signed_in(rival).get(at).status_code == 403
        assert signed_in(rival).post(at, data={"_once": "a"}).status_code == 403
        assert signed_in(account).get(at).status_code == 403
    assert signed_in(rival).get(f"/family-doctor/panel/{contract}/visits").status_code == 403
    early = f"/family-doctor/panel/{waiting.id}/book/slots/{slot.id}"
    assert signed_in(leader).post(early, data={"_once": "a"}).status_code == 409
    assert session.scalars(select(Booking)).all() == []
    assert nurse


@pytest.mark.parametrize("language", ["zh", "en"])
def test_these_pages_in_few_statements(
    signed_in: Browser,
    count_statements: Counting,
    slot: Slot,
    care: tuple[UUID, UUID, UUID, Person],
    language: str,
) -> None:
    contract, nurse, _, _ = care
    browser = signed_in(nurse)
    for path in (
        "book/",
        f"book/institutions/{slot.institution_id}",
        f"book/departments/{slot.department_id}",
        f"book/slots/{slot.id}",
        "visits",
    ):
        with count_statements() as counter:
            answer = browser.get(f"/family-doctor/panel/{contract}/{path}?lang={language}")
        assert answer.status_code == 200, path
        assert len(counter) <= 8, (path, counter)

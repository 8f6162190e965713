"""Booking for one's family: together or not at all, within limits, and everybody is told."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appointments.events import PatientSuspended, VisitMissed
from appointments.models import Booking
from appointments.queries.bookings import list_bookings
from appointments.schemas import (
    Because,
    BookingQuery,
    BookSlot,
    BookTogether,
    CancelBooking,
    ChangeBooking,
    Pool,
    ReminderKind,
    Source,
    State,
)
from appointments.services.booking import book_slot, book_together, confirm_booking, hold_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
from appointments.services.reminding import remind_of_visit
from appointments.subscribers.visits import tell_missed, tell_suspended
from core import clock
from core.access import Actor, Role
from core.audit import PENDING
from core.errors import Conflict, Denied
from directory.models import Institution
from notifications.models import Message
from notifications.sms import SmsGateway
from residents.models import Person
from residents.schemas import GiveConsent
from residents.services.consents import end_consent, give_consent
from tests.factories.appointments import (
    make_booking,
    make_clinic,
    make_full,
    make_slots,
    make_suspension,
)
from tests.factories.directory import make_institution, make_team
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.residents import make_person, make_resident
from tests.integration.appointments.waiting import give_back, held, join

Browser = Callable[[UUID], FlaskClient]
Jobs = Callable[[], int]


@pytest.fixture(autouse=True)
def texts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(phone, text) of what was sent by SMS."""
    sent: list[tuple[str, str]] = []

    def send(gateway: SmsGateway, phone: str, text: str, link: str, message_id: UUID) -> None:
        sent.append((phone, f"{text} {link}"))

    monkeypatch.setattr(SmsGateway, "send_message", send)
    return sent


def resident(session: Session, **more: object) -> Actor:
    account, person = make_resident(session, **more)
    return Actor(account_id=account.id, name=person.name, person_id=person.id, verified=True)


def child_of(session: Session, parent: Actor, name: str = "覃小宝") -> Person:
    born = clock.today() - timedelta(days=2000)
    child = make_person(session, name=name, birth_date=born)
    child.household_id = session.get_one(Person, parent.person_id).household_id
    session.flush()
    return child


def let_act(session: Session, giver: Actor, other: Actor) -> UUID:
    person = session.get_one(Person, other.person_id)
    command = GiveConsent(name=person.name, id_number=person.id_number)
    return give_consent(session, giver, command).id


def told(session: Session) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for message in session.scalars(select(Message)):
        found.setdefault(message.person_id, []).append(message.sentence % message.values)
    return found


def contract_for(session: Session, person_id: UUID) -> tuple[UUID, Actor]:
    """(contract id, the team's leader) of a contract in force."""
    team, leader, _ = make_team(session, make_institution(session))
    contract = make_contract(session, session.get_one(Person, person_id), team)
    return contract.id, actor_of(session, leader)


def test_a_consent_opens_bookings_and_its_end_closes_them(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    mother, daughter = resident(session, name="覃秀英"), resident(session)
    assert mother.person_id
    wish = BookSlot(slot_id=slot.id, person_id=mother.person_id)
    with pytest.raises(Denied):
        book_slot(session, daughter, wish)
    consent = let_act(session, mother, daughter)
    booking = book_slot(session, daughter, wish)
    assert (booking.source, booking.person_name) == (Source.FAMILY, "覃秀英")
    row = session.get_one(Booking, booking.id)
    assert row.account_id == daughter.account_id
    noted = {event["action"]: event["acting_for"] for event in session.info[PENDING]}
    assert noted["appointments:book"] == mother.person_id
    assert [view.id for view in list_bookings(session, daughter, BookingQuery()).items] == [
        booking.id
    ]
    end_consent(session, mother, consent)
    with pytest.raises(Denied):
        cancel_booking(session, daughter, booking.id)
    assert cancel_booking(session, mother, booking.id).state is State.CANCELLED


def test_who_is_booked_for_is_told_by_name(
    session: Session, run_jobs: Jobs, texts: list[tuple[str, str]]
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    mother, daughter = resident(session, name="覃秀英"), resident(session, name="覃小满")
    assert mother.person_id
    assert daughter.person_id
    let_act(session, mother, daughter)
    booking = book_slot(session, daughter, BookSlot(slot_id=slot.id, person_id=mother.person_id))
    session.commit()
    run_jobs()
    assert any("覃小满为您预约了" in text for text in told(session)[mother.person_id])
    ((phone, text),) = texts
    assert phone == session.get_one(Person, mother.person_id).phone
    assert "覃小满为您预约了" in text
    assert text.endswith(f"/appointments/bookings/{booking.id}")
    assert any("已为覃秀英预约" in text for text in told(session)[daughter.person_id])
    cancel_booking(session, mother, booking.id)
    session.commit()
    run_jobs()
    assert any("已取消覃秀英的预约" in text for text in told(session)[daughter.person_id])


def test_together_the_refusal_names_whose_limit_it_was(session: Session) -> None:
    clinic = make_clinic(session)
    first, second, *_ = make_slots(session, clinic)
    parent = resident(session)
    one, two = child_of(session, parent, "覃大宝"), child_of(session, parent, "覃二宝")
    make_booking(session, first, two.id)
    both = BookTogether(slot_id=second.id, person_ids=[one.id, two.id])
    with pytest.raises(Conflict) as caught, session.begin_nested():
        book_together(session, parent, both)
    assert caught.value.code == "already_booked"
    assert str(caught.value.message).startswith("覃二宝：就诊人这一天在这个科室已有预约")
    assert session.scalars(select(Booking).where(Booking.person_id == one.id)).all() == []


def test_together_with_too_few_places_nobody_gets_one(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=1)[0]
    parent = resident(session)
    children = [child_of(session, parent).id for _ in range(2)]
    with pytest.raises(Conflict) as caught, session.begin_nested():
        book_together(session, parent, BookTogether(slot_id=slot.id, person_ids=children))
    assert caught.value.code == "not_enough"
    session.refresh(slot)
    assert (slot.taken, slot.remaining) == (0, 1)


def test_kept_places_are_used_after_public_ones_and_by_the_contracted(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=4)[0]
    slot.remaining, slot.family_doctor = 2, 2
    session.flush()
    parent = resident(session)
    assert parent.person_id
    children = [child_of(session, parent).id for _ in range(2)]
    contract_for(session, children[1])
    made = book_together(
        session, parent, BookTogether(slot_id=slot.id, person_ids=[parent.person_id, *children])
    )
    assert {each.person_id: each.pool for each in made.items} == {
        parent.person_id: Pool.PUBLIC,
        children[0]: Pool.PUBLIC,
        children[1]: Pool.FAMILY_DOCTOR,
    }


def test_an_account_books_for_so_many_people_and_no_more(session: Session) -> None:
    clinic = make_clinic(session, proxies_limit=2)
    slots = make_slots(session, clinic)
    parent = resident(session)
    assert parent.person_id
    children = [child_of(session, parent, name) for name in ("甲宝", "乙宝", "丙宝")]
    third = BookSlot(slot_id=slots[0].id, person_id=children[2].id)
    all_three = BookTogether(slot_id=slots[0].id, person_ids=[each.id for each in children])
    with pytest.raises(Conflict) as caught, session.begin_nested():
        book_together(session, parent, all_three)
    assert caught.value.code == "proxies_limit"
    assert "丙宝" in str(caught.value.message)
    for child in children[:2]:
        wish = BookSlot(slot_id=slots[0].id, person_id=child.id)
        cancel_booking(session, parent, book_slot(session, parent, wish).id)
    for book in (book_slot, hold_slot):
        with pytest.raises(Conflict) as caught, session.begin_nested():
            book(session, parent, third)
        assert caught.value.code == "proxies_limit"
    # Oneself and who was booked for before do not count; elsewhere nobody was.
    book_slot(session, parent, BookSlot(slot_id=slots[1].id, person_id=parent.person_id))
    again = book_slot(session, parent, BookSlot(slot_id=slots[1].id, person_id=children[0].id))
    change_booking(session, parent, again.id, ChangeBooking(slot_id=slots[2].id))
    elsewhere = make_slots(session, make_clinic(session))[0]
    book_slot(session, parent, BookSlot(slot_id=elsewhere.id, person_id=children[2].id))
    session.execute(update(Booking).values(created_at=clock.now() - timedelta(days=366)))
    assert book_slot(session, parent, third).person_id == children[2].id


def test_the_family_refuses_what_the_doctor_booked(session: Session, run_jobs: Jobs) -> None:
    slot = make_slots(session, make_clinic(session), day=clock.today() + timedelta(days=5))[0]
    slot.remaining, slot.family_doctor = 2, 1
    session.flush()
    parent = resident(session)
    assert parent.person_id
    child = child_of(session, parent, "覃小宝")
    _, leader = contract_for(session, child.id)
    wish = BookSlot(slot_id=slot.id, person_id=child.id, pool=Pool.FAMILY_DOCTOR)
    booking = book_slot(session, leader, wish)
    assert booking.source is Source.FAMILY_DOCTOR
    session.commit()
    run_jobs()
    assert any("家庭医生为覃小宝预约了" in text for text in told(session)[parent.person_id])
    with clock.shifted(slot.cancel_until - clock.now()):
        view = cancel_booking(session, parent, booking.id)
    assert view.because is Because.REFUSED
    # The doctor is no person with an account of their own here; nobody else hears of the refusal.
    session.commit()
    run_jobs()
    assert any("已取消覃小宝的预约" in text for text in told(session)[parent.person_id])


def test_parents_choose_both_children_on_the_page(session: Session, signed_in: Browser) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, person = make_resident(session, name="覃秀英")
    parent = Actor(account_id=account.id, person_id=person.id, verified=True)
    one, two = child_of(session, parent, "覃大宝"), child_of(session, parent, "覃二宝")
    session.commit()
    browser = signed_in(account.id)
    page = browser.get(f"/appointments/slots/{slot.id}").text
    for name in ("覃秀英", "覃大宝", "覃二宝", "谁来看？"):
        assert name in page
    address = f"/appointments/slots/{slot.id}"
    nobody = browser.post(address, data={"choosing": "1", "_once": "a"})
    assert nobody.status_code == 422
    assert "请选择就诊人" in nobody.text
    chosen = {"choosing": "1", "person_ids": [str(one.id), str(two.id)], "_once": "b"}
    answer = browser.post(address, data=chosen, follow_redirects=True)
    assert "已为 覃大宝、覃二宝 约好" in answer.text
    assert "正在为 覃大宝、覃二宝 办理" in answer.text
    assert answer.text.count("code.svg") == 2
    mine = browser.get("/appointments/bookings").text
    assert "覃大宝" in mine
    assert "覃二宝" in mine
    refused = browser.post(address, data=chosen | {"_once": "c"})
    assert refused.status_code == 409
    assert "覃大宝：就诊人这一天在这个科室已有预约" in refused.text


def test_contracted_residents_see_their_places(session: Session, signed_in: Browser) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, capacity=1)[0]
    slot.remaining, slot.family_doctor = 0, 1
    account, person = make_resident(session)
    other, _ = make_resident(session)
    contract_for(session, person.id)
    session.commit()
    browser, stranger = signed_in(account.id), signed_in(other.id)
    address = f"/appointments/departments/{clinic.department.id}?date={slot.date}"
    assert "签约居民专属 余 1" in browser.get(address).text
    assert "签约居民专属" not in stranger.get(address).text
    assert "签约居民专属号" in browser.get(f"/appointments/slots/{slot.id}").text
    assert stranger.post(f"/appointments/slots/{slot.id}", data={"_once": "a"}).status_code == 409
    browser.post(f"/appointments/slots/{slot.id}", data={"_once": "a"})
    booking = session.scalars(select(Booking)).one()
    assert (booking.pool, booking.person_id) == (Pool.FAMILY_DOCTOR, person.id)


def test_a_grown_up_without_consent_is_not_offered(session: Session, signed_in: Browser) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, person = make_resident(session)
    parent = Actor(account_id=account.id, person_id=person.id, verified=True)
    adult = child_of(session, parent, "覃成年")
    adult.birth_date = date(2000, 1, 1)
    session.commit()
    browser = signed_in(account.id)
    assert "覃成年" not in browser.get(f"/appointments/slots/{slot.id}").text
    forged = {"choosing": "1", "person_ids": str(adult.id), "_once": "a"}
    assert browser.post(f"/appointments/slots/{slot.id}", data=forged).status_code == 403


def test_a_desk_role_is_no_family(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, _ = make_resident(session)
    desk = Actor(
        account_id=account.id,
        grants={Role.REGISTRAR: frozenset({str(slot.institution_id)})},
        active_role=Role.REGISTRAR,
    )
    with pytest.raises(Denied):
        book_slot(session, desk, BookSlot(slot_id=slot.id, person_id=make_person(session).id))


def test_of_a_childs_visit_those_hear_who_act_for_it(session: Session, run_jobs: Jobs) -> None:
    (slot,) = make_full(session, make_clinic(session))
    mother, father = resident(session, name="覃秀英"), resident(session)
    child = child_of(session, mother)
    session.get_one(Person, father.person_id).household_id = child.household_id
    session.flush()
    wait = join(session, mother, slot, child.id)
    noted = {event["action"]: event["acting_for"] for event in session.info[PENDING]}
    assert noted["appointments:join-wait"] == child.id
    give_back(session, slot)
    booking = confirm_booking(session, mother, held(session, wait).id)
    remind_of_visit(session, booking.id, ReminderKind.DAY_BEFORE)
    session.commit()
    run_jobs()
    with clock.shifted(booking.cancel_until - clock.now() + timedelta(minutes=1)):
        cancel_booking(session, mother, booking.id, CancelBooking(late=True))
        tell_missed(session, VisitMissed(booking_id=booking.id, person_id=child.id))
        clinic = session.get_one(Institution, slot.institution_id)
        suspended = make_suspension(session, clinic, child.id)
        tell_suspended(session, PatientSuspended(suspension_id=suspended.id, person_id=child.id))
        session.commit()
        run_jobs()
    found = told(session)
    assert child.id not in found
    for person_id in (mother.person_id, father.person_id):
        assert person_id
        heard = "\n".join(found[person_id])
        for words in (
            "候补", "覃小宝有了预约", "覃小宝明天就诊", "已取消覃小宝的预约",
            "计 0.5 次爽约", "没有到诊", "因爽约，覃小宝",
        ):  # fmt: skip
            assert words in heard
    assert any("覃秀英为覃小宝候补" in text for text in found[father.person_id or child.id])


def test_what_kin_do_is_told_as_theirs(session: Session, run_jobs: Jobs) -> None:
    slots = make_slots(session, make_clinic(session))
    mother, daughter = resident(session, name="覃秀英"), resident(session, name="覃小满")
    assert mother.person_id
    let_act(session, mother, daughter)
    booking = book_slot(session, mother, BookSlot(slot_id=slots[0].id, person_id=mother.person_id))
    moved = change_booking(session, daughter, booking.id, ChangeBooking(slot_id=slots[1].id))
    session.commit()
    run_jobs()
    cancel_booking(session, daughter, moved.id)
    session.commit()
    run_jobs()
    heard = told(session)[mother.person_id]
    assert any("覃小满把您的预约改到" in text for text in heard)
    assert any("覃小满取消了您的预约" in text for text in heard)

"""Waiting for a full session: who may, who is offered what when, and where each place ends up."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments import ports
from appointments.jobs import keep_waits_moving, offer_places, return_places
from appointments.models import Booking, ClinicSession, Slot, Wait
from appointments.schemas import Because, BookSlot, JoinWait, Source, State, Waiting, WaitView
from appointments.services import places
from appointments.services.booking import book_slot, cancel_booking, confirm_booking
from appointments.services.waitlist import join_wait, leave_wait
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, NotFound
from core.ids import new_id
from notifications.models import Message
from notifications.public import SmsGateway
from residents.models import Person
from tests.factories.appointments import (
    make_booking,
    make_clinic,
    make_full,
    make_slots,
    make_suspension,
)
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person, make_resident

Texts = list[tuple[str, str, str]]
OVER = timedelta(minutes=21)
Jobs = Callable[[], int]


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Texts:
    """What the SMS gateway was given: phone, text, address."""
    sent: Texts = []

    def send(_: SmsGateway, phone: str, text: str, link: str, message_id: UUID) -> None:
        sent.append((phone, text, link))

    monkeypatch.setattr(SmsGateway, "send_message", send)
    return sent


def resident(session: Session, born: date = date(1980, 5, 17)) -> Actor:
    account, person = make_resident(session, birth_date=born)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def join(session: Session, actor: Actor, slot: Slot, person_id: UUID | None = None) -> WaitView:
    whose = person_id or actor.person_id
    assert whose
    return join_wait(session, actor, JoinWait(session_id=slot.session_id, person_id=whose))


def give_back(session: Session, slot: Slot) -> None:
    """Whoever has the place cancels it, and what follows from it is done."""
    booking = session.scalars(
        select(Booking).where(Booking.slot_id == slot.id, Booking.state == State.BOOKED)
    ).first()
    assert booking
    owner = Actor(account_id=new_id(), person_id=booking.person_id, verified=True)
    cancel_booking(session, owner, booking.id)
    offer_places(str(slot.session_id))


def state(session: Session, wait: WaitView) -> Waiting:
    return Waiting(session.get_one(Wait, wait.id, populate_existing=True).state)


def held(session: Session, wait: WaitView) -> Booking:
    row = session.get_one(Wait, wait.id, populate_existing=True)
    assert row.booking_id
    return session.get_one(Booking, row.booking_id, populate_existing=True)


def free(session: Session, slot: Slot) -> tuple[int, int, int]:
    """(taken, public, for those who wait)."""
    session.refresh(slot)
    assert slot.taken + slot.remaining + slot.waitlist == slot.capacity
    return slot.taken, slot.remaining, slot.waitlist


def refused(session: Session, actor: Actor, slot: Slot) -> str:
    with pytest.raises(Conflict) as caught:
        join(session, actor, slot)
    return caught.value.code


def test_with_a_place_free_nobody_waits(session: Session) -> None:
    clinic = make_clinic(session)
    first, *_ = make_slots(session, clinic, capacity=1)
    make_booking(session, first, make_person(session).id)
    with pytest.raises(Conflict) as caught:
        join(session, resident(session), first)
    assert caught.value.code == "place_free"
    assert "08:30" in str(caught.value.message.values["free"])


def test_who_waits_already_goes_on_waiting(session: Session) -> None:
    (slot,) = make_full(session, make_clinic(session))
    actor = resident(session)
    first = join(session, actor, slot)
    assert (first.state, first.ahead) == (Waiting.WAITING, 0)
    assert join(session, actor, slot).id == first.id


def test_the_limit_of_waits_is_the_institutions(session: Session) -> None:
    clinic = make_clinic(session, waitlist_limit=1)
    day = clock.today() + timedelta(days=3)
    (one,) = make_full(session, clinic, day=day)
    (two,) = make_full(session, clinic, day=day + timedelta(days=1))
    (elsewhere,) = make_full(session, make_clinic(session))
    actor = resident(session)
    wait = join(session, actor, one)
    assert refused(session, actor, two) == "wait_limit"
    assert join(session, actor, elsewhere).state is Waiting.WAITING
    leave_wait(session, actor, wait.id)
    assert join(session, actor, two).state is Waiting.WAITING


def test_what_refuses_a_booking_refuses_waiting(session: Session) -> None:
    clinic = make_clinic(session)
    (slot,) = make_full(session, clinic)
    booked, barred = resident(session), resident(session)
    afternoon = make_slots(session, make_clinic(session, clinic.institution)._replace(
        department=clinic.department))[0]  # fmt: skip
    assert booked.person_id and barred.person_id
    book_slot(session, booked, BookSlot(slot_id=afternoon.id, person_id=booked.person_id))
    assert refused(session, booked, slot) == "already_booked"
    make_suspension(session, clinic.institution, barred.person_id)
    assert refused(session, barred, slot) == "suspended"
    with clock.shifted(slot.cancel_until - clock.now()):
        assert refused(session, resident(session), slot) == "wait_over"
    with clock.shifted(slot.opens_at - clock.now() - timedelta(hours=1)):
        assert refused(session, resident(session), slot) == "slot_not_open"
    session.get_one(ClinicSession, slot.session_id).stopped_at = clock.now()
    session.flush()
    assert refused(session, resident(session), slot) == "stopped"


def test_one_waits_for_oneself_and_a_child_only(session: Session) -> None:
    (slot,) = make_full(session, make_clinic(session))
    parent, stranger = resident(session), resident(session)
    child = make_person(session, birth_date=clock.today() - timedelta(days=2000))
    child.household_id = session.get_one(Person, parent.person_id).household_id
    session.flush()
    wait = join(session, parent, slot, child.id)
    with pytest.raises(Denied):
        join(session, stranger, slot, child.id)
    with pytest.raises(Denied):
        leave_wait(session, stranger, wait.id)
    with pytest.raises(NotFound):
        join_wait(session, parent, JoinWait(session_id=new_id(), person_id=child.id))
    assert leave_wait(session, parent, wait.id).state is Waiting.LEFT


def test_the_order_is_referred_elderly_contracted_then_time(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = make_clinic(session)
    (slot,) = make_full(session, clinic)
    younger, contracted, referred = (resident(session) for _ in range(3))
    today = clock.today()
    elderly = resident(session, today - timedelta(days=66 * 366))
    almost = resident(session, today - timedelta(days=65 * 365))
    patient = session.get_one(Person, contracted.person_id)
    team, *_ = make_team(session, clinic.institution)
    make_contract(session, patient, team)
    monkeypatch.setattr(
        ports,
        "_open_referral",
        lambda _, person_id, department_id: (
            (person_id, department_id) == (referred.person_id, clinic.department.id)
        ),
    )
    waits = {
        name: join(session, actor, slot)
        for name, actor in {
            "younger": younger,
            "almost": almost,
            "contracted": contracted,
            "elderly": elderly,
            "referred": referred,
        }.items()
    }
    order = ["referred", "elderly", "contracted", "younger", "almost"]
    assert [waits[name].priority for name in order] == [0, 1, 2, 3, 3]
    for actor, name in zip((referred, elderly, contracted, younger, almost), order, strict=True):
        give_back(session, slot)
        assert [n for n in order if state(session, waits[n]) is Waiting.OFFERED] == [name]
        confirm_booking(session, actor, held(session, waits[name]).id)
        assert state(session, waits[name]) is Waiting.TAKEN
        session.expire_all()


def test_an_offer_is_held_told_and_confirmed(
    session: Session, run_jobs: Jobs, texts: Texts
) -> None:
    (slot,) = make_full(session, make_clinic(session, offer_minutes=20))
    first, second = resident(session), resident(session)
    one, two = join(session, first, slot), join(session, second, slot)
    assert two.ahead == 1
    session.commit()
    give_back(session, slot)
    offer = held(session, one)
    assert (offer.state, offer.source, offer.pool) == (State.HELD, Source.WAITLIST, "waitlist")
    assert offer.held_until
    assert timedelta(minutes=19) < offer.held_until - clock.now() <= timedelta(minutes=20)
    assert free(session, slot) == (1, 0, 0)
    run_jobs()
    told = session.scalars(select(Message).where(Message.person_id == first.person_id)).all()
    assert [message.link for message in told] == [f"/appointments/waits/{one.id}"]
    until = f"{clock.local(offer.held_until):%H:%M}"
    phone = session.get_one(Person, first.person_id).phone
    assert [(to, until in text) for to, text, _ in texts] == [(phone, True)]
    assert texts[0][2].endswith(f"/appointments/waits/{one.id}")
    confirm_booking(session, first, offer.id)
    assert state(session, one) is Waiting.TAKEN
    assert state(session, two) is Waiting.WAITING


def test_whoever_joined_for_a_child_is_told_too(
    session: Session, run_jobs: Jobs, texts: Texts
) -> None:
    (slot,) = make_full(session, make_clinic(session))
    parent = resident(session)
    child = make_person(session, birth_date=clock.today() - timedelta(days=2000))
    own = session.get_one(Person, parent.person_id)
    child.household_id = own.household_id
    session.flush()
    join(session, parent, slot, child.id)
    session.commit()
    give_back(session, slot)
    run_jobs()
    told = set(session.scalars(select(Message.person_id).where(Message.link.contains("/waits/"))))
    assert told == {own.id, child.id}
    assert [phone for phone, _, link in texts if "/waits/" in link] == [own.phone]


def test_a_declined_place_goes_to_the_next_at_once(session: Session) -> None:
    (slot,) = make_full(session, make_clinic(session))
    first, second = resident(session), resident(session)
    one, two = join(session, first, slot), join(session, second, slot)
    give_back(session, slot)
    assert leave_wait(session, first, one.id).state is Waiting.LAPSED
    assert free(session, slot) == (0, 0, 1)
    offer_places(str(slot.session_id))
    assert state(session, two) is Waiting.OFFERED
    assert leave_wait(session, first, one.id).state is Waiting.LAPSED


def test_an_offer_that_is_over_goes_to_the_next_and_the_last_to_the_public(
    session: Session,
) -> None:
    (slot,) = make_full(session, make_clinic(session))
    first, second = resident(session), resident(session)
    one, two = join(session, first, slot), join(session, second, slot)
    give_back(session, slot)
    with clock.shifted(OVER):
        with pytest.raises(Conflict):
            confirm_booking(session, first, held(session, one).id)
        return_places()
        keep_waits_moving()
        assert state(session, one) is Waiting.LAPSED
        assert held(session, one).because == Because.EXPIRED
        assert state(session, two) is Waiting.OFFERED
        assert free(session, slot) == (1, 0, 0)
    with clock.shifted(2 * OVER):
        return_places()
        keep_waits_moving()
        assert state(session, two) is Waiting.LAPSED
        assert free(session, slot) == (0, 1, 0)


def test_whose_limits_are_used_up_is_passed_over_and_stays_first(session: Session) -> None:
    clinic = make_clinic(session, day_limit=1)
    (slot,) = make_full(session, clinic)
    elsewhere = make_slots(session, make_clinic(session, clinic.institution))[0]
    first, second = resident(session), resident(session)
    one, two = join(session, first, slot), join(session, second, slot)
    assert first.person_id
    other = book_slot(session, first, BookSlot(slot_id=elsewhere.id, person_id=first.person_id))
    give_back(session, slot)
    assert state(session, one) is Waiting.WAITING
    assert state(session, two) is Waiting.OFFERED
    cancel_booking(session, first, other.id)
    leave_wait(session, second, two.id)
    offer_places(str(slot.session_id))
    assert state(session, one) is Waiting.OFFERED


def test_what_nobody_can_take_is_the_publics(session: Session) -> None:
    clinic = make_clinic(session, day_limit=1)
    (slot,) = make_full(session, clinic)
    elsewhere = make_slots(session, make_clinic(session, clinic.institution))[0]
    actor = resident(session)
    wait = join(session, actor, slot)
    assert actor.person_id
    book_slot(session, actor, BookSlot(slot_id=elsewhere.id, person_id=actor.person_id))
    give_back(session, slot)
    assert free(session, slot) == (0, 1, 0)
    keep_waits_moving()
    assert free(session, slot) == (0, 1, 0)
    assert state(session, wait) is Waiting.WAITING


def test_places_that_no_event_told_of_are_offered(session: Session) -> None:
    (slot,) = make_full(session, make_clinic(session))
    wait = join(session, resident(session), slot)
    slot.capacity, slot.remaining = 3, 2
    session.flush()
    keep_waits_moving()
    assert state(session, wait) is Waiting.OFFERED
    assert free(session, slot) == (2, 1, 0)


def test_no_offer_lasts_beyond_the_deadline_and_waits_close_then(
    session: Session, run_jobs: Jobs, texts: Texts
) -> None:
    (slot,) = make_full(session, make_clinic(session))
    first, second = resident(session), resident(session)
    one, two = join(session, first, slot), join(session, second, slot)
    session.commit()
    with clock.shifted(slot.cancel_until - clock.now() - timedelta(minutes=5)):
        give_back(session, slot)
        assert held(session, one).held_until == slot.cancel_until
    with clock.shifted(slot.cancel_until - clock.now() + timedelta(minutes=1)):
        return_places()
        keep_waits_moving()
        assert state(session, one) is Waiting.LAPSED
        assert state(session, two) is Waiting.CLOSED
        assert free(session, slot) == (0, 1, 0)
        run_jobs()
    told = session.scalars(
        select(Message.sentence).where(Message.person_id == second.person_id)
    ).all()
    assert len(told) == 1
    assert "没有等到退号" in told[0]
    assert [text for _, text, _ in texts if "没有等到退号" in text]


def test_a_stopped_session_offers_nothing_and_closes(session: Session) -> None:
    (slot,) = make_full(session, make_clinic(session))
    wait = join(session, resident(session), slot)
    session.execute(places.SET_STOPPED, {"stopped": True, "slot_ids": [slot.id]})
    places.end_all(session, slot.id, Because.STOPPED)
    session.get_one(ClinicSession, slot.session_id).stopped_at = clock.now()
    session.flush()
    offer_places(str(slot.session_id))
    keep_waits_moving()
    assert state(session, wait) is Waiting.CLOSED
    assert free(session, slot) == (0, 1, 0)


def test_the_page_and_the_api_tell_the_same(
    session: Session,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    signed_in: Callable[[UUID], FlaskClient],
) -> None:
    clinic = make_clinic(session)
    (slot,) = make_full(session, clinic)
    account, person = make_resident(session)
    headers, browser = bearer(account.id), signed_in(account.id)
    department = browser.get(
        f"/appointments/departments/{clinic.department.id}?date={slot.date}"
    ).text
    address = f"/appointments/waits/join/{slot.session_id}"
    assert address in department
    assert address in browser.get(f"/appointments/slots/{slot.id}").text
    assert "开始候补" in browser.get(address).text
    joined = browser.post(address, data={"person_id": str(person.id), "_once": "a"})
    assert joined.status_code == 303
    page = browser.get(joined.location).text
    assert "前面 0 位" in page
    waits = client.get("/api/v1/appointments/waits?when=coming", headers=headers).json
    assert waits and [each["ahead"] for each in waits["items"]] == [0]
    session.commit()
    give_back(session, slot)
    page = browser.get(joined.location).text
    assert "候补到号了" in page
    assert "data-countdown=" in page
    confirmed = browser.post(f"{joined.location}/confirm", data={"_once": "b"})
    assert confirmed.location.endswith("/booked")
    assert clinic.department.name in browser.get(confirmed.location).text
    assert "已候补到" in browser.get("/appointments/waits/?when=past").text
    one = client.get(f"/api/v1/appointments/waits/{waits['items'][0]['id']}", headers=headers)
    assert one.json and one.json["state"] == "taken"
    again = client.post(
        "/api/v1/appointments/waits",
        json={"session_id": str(slot.session_id), "person_id": str(person.id)},
        headers=headers,
    )
    assert again.json and again.json["code"] == "already_booked"


def test_a_refused_join_keeps_the_page_and_names_the_place(
    session: Session, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    first, *_ = make_slots(session, make_clinic(session), capacity=1)
    account, person = make_resident(session)
    browser = signed_in(account.id)
    answer = browser.post(
        f"/appointments/waits/join/{first.session_id}",
        data={"person_id": str(person.id), "_once": "a"},
    )
    assert answer.status_code == 409
    assert "还有号，可以直接预约" in answer.text
    assert f"/appointments/slots/{first.id}" in answer.text

"""Who of those who wait is offered which place when, and where each place ends up."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments import ports
from appointments.jobs import keep_waits_moving, offer_places, return_places
from appointments.models import ClinicSession
from appointments.schemas import Because, BookSlot, Source, State, Waiting
from appointments.services import places
from appointments.services.booking import book_slot, confirm_booking
from appointments.services.cancelling import cancel_booking
from appointments.services.stopping import end_stopped
from appointments.services.waitlist import leave_wait
from core import clock
from core.errors import Conflict
from notifications.models import Message
from notifications.public import SmsGateway
from residents.models import Person
from tests.factories.appointments import make_clinic, make_full, make_slots
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person
from tests.integration.appointments.waiting import free, give_back, held, join, resident, state

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


def test_whoever_joined_for_a_child_without_an_account_is_told(
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
    assert told == {own.id}
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


def test_who_lost_an_offer_to_the_next_patient_is_told(
    session: Session, run_jobs: Jobs, texts: Texts
) -> None:
    (slot,) = make_full(session, make_clinic(session))
    first, second = resident(session), resident(session)
    one = join(session, first, slot)
    session.commit()
    give_back(session, slot)
    run_jobs()
    texts.clear()
    assert second.person_id
    with clock.shifted(OVER):
        wish = BookSlot(slot_id=slot.id, person_id=second.person_id)
        book_slot(session, second, wish)
        session.commit()
        run_jobs()
    assert state(session, one) is Waiting.LAPSED
    assert ["没有按时确认" in text for _, text, _ in texts] == [True]


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
    session.get_one(ClinicSession, slot.session_id).stopped_at = clock.now()
    session.flush()
    end_stopped(session, slot.session_id, slot.id)
    offer_places(str(slot.session_id))
    keep_waits_moving()
    assert state(session, wait) is Waiting.CLOSED
    assert free(session, slot) == (0, 1, 0)

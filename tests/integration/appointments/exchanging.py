"""A hospital's system, stood in for, and a place whose numbers are its own."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.jobs import call_hospitals
from appointments.models import Booking, ClinicSession, HospitalCall, HospitalLink, Slot
from appointments.schemas import BookSlot
from appointments.services.booking import book_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.outbound import ask_for_number
from core import clock
from core.access import Actor
from core.database import transaction
from notifications.models import Message
from standins.hospital.system import Mode
from tests.factories.appointments import Clinic, make_clinic, make_slots
from tests.factories.exchange import StandIn, hospital_running, make_link
from tests.factories.residents import make_resident

LOCK, CONFIRM, RETURN = "lock", "confirm", "return"
Run = Callable[[], int]


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with hospital_running() as standin:
        yield standin


@pytest.fixture
def his(running: StandIn) -> StandIn:
    running.answers(Mode.HONEST)
    return running


class Place:
    """A linked hospital's session, and somebody who books there."""

    def __init__(self, session: Session, url: str, *, enabled: bool = True) -> None:
        self.session = session
        self.clinic: Clinic = make_clinic(session)
        self.slots = make_slots(session, self.clinic, capacity=2)
        session.get_one(ClinicSession, self.slots[0].session_id).external_id = "S1"
        self.link: HospitalLink = make_link(session, self.clinic, url, enabled=enabled)
        account, person = make_resident(session)
        self.actor = Actor(account_id=account.id, person_id=person.id, verified=True)
        session.commit()

    def book(self, slot: int = 0) -> UUID:
        assert self.actor.person_id
        wish = BookSlot(slot_id=self.slots[slot].id, person_id=self.actor.person_id)
        with transaction() as session:
            return book_slot(session, self.actor, wish).id

    def book_and_ask(self) -> UUID:
        """With the calls made known, and none made yet."""
        booking_id = self.book()
        with transaction() as session:
            ask_for_number(session, booking_id)
        return booking_id

    def cancel(self, booking_id: UUID) -> None:
        with transaction() as session:
            cancel_booking(session, self.actor, booking_id)

    def calls(self) -> dict[str, tuple[str, int]]:
        """State and tries of each call."""
        query = select(HospitalCall).execution_options(populate_existing=True)
        return {call.call: (call.state, call.attempts) for call in self.session.scalars(query)}

    def booking(self, booking_id: UUID) -> Booking:
        return self.session.get_one(Booking, booking_id, populate_existing=True)

    def slot(self, number: int = 0) -> Slot:
        return self.session.get_one(Slot, self.slots[number].id, populate_existing=True)

    def messages(self) -> list[str]:
        query = select(Message.sentence).where(Message.person_id == self.actor.person_id)
        return list(self.session.scalars(query.order_by(Message.created_at)))


@pytest.fixture
def place(session: Session, his: StandIn) -> Place:
    return Place(session, his.api)


def later(run_jobs: Run, *minutes: float) -> None:
    """Let the sweep run after each of these pauses."""
    total = 0.0
    for pause in minutes:
        total += pause
        with clock.shifted(timedelta(minutes=total)):
            call_hospitals()
            run_jobs()

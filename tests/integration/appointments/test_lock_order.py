"""Slots before bookings, whoever ends one: two who want the same ones never wait for each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from time import sleep
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, HospitalCall, Slot
from appointments.referral_states import ReferralStep
from appointments.schemas import Call, CallState, RecordTriage, ReferralView, TakeStep
from appointments.services import outbound
from appointments.services.outbound import Answer, ask_for_number, conclude
from appointments.services.referral_steps import take_step
from appointments.services.stopping import end_stopped, set_stopped
from appointments.services.triage import record_triage
from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import PortalError
from tests.factories.appointments import (
    make_booking,
    make_clinic,
    make_slots,
    make_ticket,
)
from tests.factories.auth import make_account
from tests.factories.exchange import make_link
from tests.factories.family_doctor import make_contract
from tests.factories.referrals import Two, make_two, refer
from tests.factories.residents import make_person, make_resident
from tests.integration.appointments.test_tickets import DAY

ROUNDS = 6
pytestmark = pytest.mark.usefixtures("app", "committed_database")


def at_once(*works: Callable[[Session], object]) -> list[object]:
    """What each work came to in a transaction of its own, or the code of its refusal."""
    gate = Barrier(len(works))

    def run(work: Callable[[Session], object]) -> object:
        gate.wait()
        try:
            with transaction() as session:
                return work(session)
        except PortalError as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def two_departments(session: Session) -> tuple[Actor, list[tuple[UUID, UUID]]]:
    """A patient in each of two departments, and the other department."""
    first = make_clinic(session)
    second = make_clinic(session, first.institution)
    tickets = []
    for clinic in (first, second):
        slot = make_slots(session, clinic, day=DAY, capacity=4)[0]
        slot.remaining, slot.onsite = 2, 2
        booking = make_booking(session, slot, make_person(session).id)
        tickets.append(make_ticket(session, booking, slot).id)
    units = frozenset({str(first.institution.id)})
    desk = Actor(make_account(session).id, grants={Role.REGISTRAR: units})
    elsewhere = [second.department.id, first.department.id]
    return desk, list(zip(tickets, elsewhere, strict=True))


def test_two_patients_are_sent_to_each_others_department() -> None:
    def send(desk: Actor, ticket_id: UUID, department_id: UUID) -> Callable[[Session], object]:
        command = RecordTriage(level=3, complaint="头晕", department_id=department_id)
        return lambda session: record_triage(session, desk, ticket_id, command).redirected

    with clock.shifted(clock.at(DAY, 8) - clock.now()):
        for _ in range(ROUNDS):
            with transaction() as session:
                desk, wishes = two_departments(session)
            assert at_once(*(send(desk, *wish) for wish in wishes)) == [True, True]


def test_two_referred_patients_change_places() -> None:
    def accept(two: Two, sent: ReferralView, slot: Slot) -> Callable[[Session], object]:
        command = TakeStep(version=sent.version, slot_id=slot.id)
        return lambda session: (
            take_step(session, two.desk, sent.id, ReferralStep.ACCEPT, command).state
        )

    for _ in range(ROUNDS):
        with transaction() as session:
            two = make_two(session)
            neighbour = make_resident(session)[1]
            make_contract(session, neighbour, two.team)
            session.flush()
            here, there = two.slots[:2]
            first = refer(session, two, slot_id=here.id)
            second = refer(session, replace(two, person=neighbour), slot_id=there.id)
        answers = at_once(accept(two, first, there), accept(two, second, here))
        assert answers == ["accepted", "accepted"]


def test_a_hospital_refuses_while_the_session_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        clinic = make_clinic(session)
        slot = make_slots(session, clinic, capacity=2)[0]
        session.get_one(ClinicSession, slot.session_id).external_id = "S1"
        make_link(session, clinic, "http://127.0.0.1:9/")
        booking_id = make_booking(session, slot, make_resident(session)[1].id).id
        session.flush()
        ask_for_number(session, booking_id)
        session.execute(update(HospitalCall).values(attempts=1))
    with transaction() as session:
        stopping = update(ClinicSession).where(ClinicSession.id == slot.session_id)
        session.execute(stopping.values(stopped_at=clock.now()))
        set_stopped(session, [slot.session_id], stopped=True)
    forget = outbound._void

    def slowly(session: Session, voided: UUID) -> None:
        forget(session, voided)
        sleep(0.5)

    monkeypatch.setattr(outbound, "_void", slowly)

    def refuse(session: Session) -> object:
        return conclude(session, booking_id, Call.LOCK, Answer(CallState.REFUSED))

    def stop(session: Session) -> object:
        sleep(0.2)
        return end_stopped(session, slot.session_id, slot.id)

    # The hospital was first: nothing was left for the stop to end.
    assert at_once(refuse, stop) == [True, []]
    with transaction() as session:
        assert session.scalar(select(Slot.taken).where(Slot.id == slot.id)) == 0

"""What other rooms ask of appointments: the next visit, the figures."""

from datetime import timedelta

from sqlalchemy.orm import Session

from appointments.public import booking_facts, next_booking
from core import clock
from core.access import Actor
from tests.factories.appointments import make_booking, make_clinic, make_rule, make_slots
from tests.factories.directory import OTHER_TOWNSHIP, TOWNSHIP, make_institution
from tests.factories.residents import make_person, make_resident


def test_the_next_visit_is_the_soonest_that_is_not_over(session: Session) -> None:
    clinic = make_clinic(session)
    account, person = make_resident(session)
    actor = Actor(account_id=account.id, person_id=person.id, verified=True)
    assert next_booking(session, actor) is None
    today = clock.today()
    for ahead in (4, 2, -1):
        slots = make_slots(session, clinic, day=today + timedelta(days=ahead))
        make_booking(session, slots[0], person.id)
    cancelled = make_slots(session, clinic, day=today + timedelta(days=1))[0]
    make_booking(session, cancelled, person.id, state="cancelled", cancelled_at=clock.now())
    found = next_booking(session, actor)
    assert found
    assert found.date == today + timedelta(days=2)


def test_an_account_without_a_person_has_no_next_visit(session: Session) -> None:
    account, _ = make_resident(session)
    assert next_booking(session, Actor(account_id=account.id)) is None


def test_the_figures_count_visits_of_the_period_by_division(session: Session) -> None:
    day = clock.today()
    for division in (TOWNSHIP, OTHER_TOWNSHIP):
        institution = make_institution(session, division_code=division)
        make_rule(session, institution)
        clinic = make_clinic(session, institution)
        slots = make_slots(session, clinic, day=day)
        make_booking(session, slots[0], make_person(session).id)
        make_booking(
            session, slots[1], make_person(session).id, state="cancelled", cancelled_at=clock.now()
        )
        outside = make_slots(session, clinic, day=day + timedelta(days=1))
        make_booking(session, outside[0], make_person(session).id)
    facts = booking_facts(session, day, day + timedelta(days=1))
    assert facts == [(TOWNSHIP, 2, 1), (OTHER_TOWNSHIP, 2, 1)]

"""What is out of service is neither offered nor booked, and closing says what it leaves behind."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.models import Slot
from appointments.queries.offers import (
    department_offers,
    find_nearest,
    get_slot,
    list_days,
    list_slots,
)
from appointments.schemas import BookSlot, Pool, SlotQuery, SlotState, Source, State
from appointments.services import places
from appointments.services.booking import book_slot
from core import clock
from core.access import Actor, Role
from core.errors import Conflict
from core.ids import new_id
from tests.factories.appointments import Clinic, make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.directory import CITY, make_staff
from tests.factories.residents import make_person, make_resident

PARTS = ("institution", "department", "doctor")


def close(session: Session, clinic: Clinic, part: str) -> None:
    getattr(clinic, part).disabled_at = clock.now()
    session.flush()


@pytest.mark.parametrize("part", PARTS)
def test_what_is_closed_is_not_offered(session: Session, part: str) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic)[0]
    query = SlotQuery(department_id=slot.department_id, date=slot.date)
    assert list_slots(session, query)
    close(session, clinic, part)
    assert list_slots(session, query) == []
    assert department_offers(session, [slot.department_id]) == {}
    assert sum(day.free for day in list_days(session, slot.department_id)) == 0
    closed = get_slot(session, slot.id)
    assert closed.state is SlotState.OUT_OF_SERVICE
    assert find_nearest(session, closed) is None


@pytest.mark.parametrize("part", PARTS)
def test_what_is_closed_cannot_be_booked_until_it_opens_again(session: Session, part: str) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic)[0]
    account, person = make_resident(session)
    actor = Actor(account_id=account.id, person_id=person.id, verified=True)
    command = BookSlot(slot_id=slot.id, person_id=person.id)
    close(session, clinic, part)
    with pytest.raises(Conflict) as refusal:
        book_slot(session, actor, command)
    assert refusal.value.code == "out_of_service"
    session.refresh(slot)
    assert slot.remaining == slot.capacity
    getattr(clinic, part).disabled_at = None
    session.flush()
    assert book_slot(session, actor, command).number == 1


def test_another_doctor_of_the_department_is_still_offered(session: Session) -> None:
    clinic = make_clinic(session)
    gone = make_slots(session, clinic)[0]
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    make_slots(session, clinic._replace(doctor=colleague))
    close(session, clinic, "doctor")
    slots = list_slots(session, SlotQuery(department_id=gone.department_id, date=gone.date))
    assert {slot.clinic_name for slot in slots} == {colleague.name}


def test_closing_in_the_last_moment_counts_too(session: Session) -> None:
    """The statement that books asks for itself, whatever was read before it."""
    clinic = make_clinic(session)
    slot = make_slots(session, clinic)[0]
    close(session, clinic, "doctor")
    outcome = session.execute(
        places.TAKE[Pool.PUBLIC],
        {
            "id": new_id(),
            "slot_id": slot.id,
            "person_id": make_person(session).id,
            "account_id": None,
            "institution_id": slot.institution_id,
            "department_id": slot.department_id,
            "date": slot.date,
            "day_limit": 1,
            "active_limit": 1,
            "source": Source.OWN,
            "state": State.BOOKED,
            "held_until": None,
            "changed_from": None,
            "rests": True,
            "now": clock.now(),
            "since": clock.now(),
        },
    ).one()
    assert outcome.number is None


@pytest.mark.parametrize(("kind", "part"), [("institutions", 0), ("departments", 1), ("staff", 2)])
def test_closing_says_how_many_visits_it_leaves_behind(
    session: Session,
    bearer: Callable[[UUID], dict[str, str]],
    signed_in: Callable[[UUID], FlaskClient],
    client: FlaskClient,
    kind: str,
    part: int,
) -> None:
    clinic = make_clinic(session)
    booked(session, clinic)
    subject = clinic[part]
    if kind == "departments":
        clinic.doctor.disabled_at = clock.now()
    administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    session.commit()
    browser = signed_in(administrator.id)
    assert (
        "还有 2 个已约未到的就诊，需要另行通知患者。"
        in browser.get(f"/admin/{kind}/{subject.id}").text
    )
    answer = client.post(
        f"/api/v1/directory/{kind}/{subject.id}/disable",
        json={"version": subject.version} | ({"cascade": True} if part == 0 else {}),
        headers=bearer(administrator.id),
    )
    assert answer.status_code == 200, answer.text
    assert answer.json and answer.json["coming_bookings"] == 2
    assert (
        "这里不再接受预约，但还有 2 个已约未到的就诊。"
        in browser.get(f"/admin/{kind}/{subject.id}").text
    )


def booked(session: Session, clinic: Clinic) -> list[Slot]:
    """Two visits to come, one of the past, one cancelled, one elsewhere."""
    slots = make_slots(session, clinic)
    yesterday = make_slots(session, clinic, day=clock.today() - timedelta(days=1))
    elsewhere = make_slots(session, make_clinic(session))
    for slot in (slots[0], slots[1], yesterday[0], elsewhere[0]):
        make_booking(session, slot, make_person(session).id)
    make_booking(
        session, slots[2], make_person(session).id, state="cancelled", cancelled_at=clock.now()
    )
    return slots

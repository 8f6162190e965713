"""What a rule lets one book far ahead is found wherever one looks for a place, and no more."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.models import Slot
from appointments.queries.finding import list_doctor_slots
from appointments.queries.offers import (
    department_offers,
    find_alternatives,
    find_nearest,
    get_slot,
    list_days,
)
from appointments.schemas import Kind
from core import clock
from core.access import Role
from tests.factories.appointments import Clinic, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.residents import make_person

Browser = Callable[[UUID], FlaskClient]
DAY = timedelta(days=1)
AHEAD = 45


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session, horizon_days=AHEAD, by_kind={})


@pytest.fixture
def far(session: Session, clinic: Clinic) -> Slot:
    return make_slots(session, clinic, day=clock.today() + (AHEAD - 1) * DAY)[0]


def test_residents_reach_as_far_as_the_rule(
    session: Session, client: FlaskClient, clinic: Clinic, far: Slot
) -> None:
    department = clinic.department.id
    days = list_days(session, department)
    assert [day.date for day in days] == [
        clock.today() + ahead * DAY for ahead in range(AHEAD)
    ]  # gapless
    assert days[-1].free == 24
    assert department_offers(session, [department])[department].free == 24
    assert list_doctor_slots(session, clinic.doctor.id)[0].id == far.id
    wanted = get_slot(session, make_slots(session, clinic, capacity=0)[0].id)
    nearest = find_nearest(session, wanted)
    assert nearest
    assert nearest.id == far.id
    instead = find_alternatives(session, department, Kind.GENERAL, wanted.starts_at)
    assert [slot.id for slot in instead] == [far.id]
    page = client.get(f"/appointments/departments/{department}").text
    assert f"/appointments/slots/{far.id}" in page


def test_what_opens_later_does_not_lengthen_the_strip(session: Session) -> None:
    """A hospital may send its schedule two months ahead."""
    clinic = make_clinic(session, horizon_days=20, by_kind={})
    for ahead in (10, 21, 22, 50):
        make_slots(session, clinic, day=clock.today() + ahead * DAY)
    days = list_days(session, clinic.department.id)
    # The day whose release is tomorrow is the last.
    assert days[-1].date == clock.today() + 21 * DAY
    assert days[-1].free == 0
    assert days[-1].opens_at
    usual = make_clinic(session, horizon_days=2, by_kind={})
    make_slots(session, usual, day=clock.today() + 50 * DAY)
    assert len(list_days(session, usual.department.id)) == 15


def test_a_caller_is_offered_places_as_far_as_any_kind_reaches(
    session: Session, signed_in: Browser
) -> None:
    clinic = make_clinic(session, horizon_days=7, by_kind={"expert": {"horizon_days": 30}})
    slot = make_slots(session, clinic, day=clock.today() + 30 * DAY, kind=Kind.EXPERT)[0]
    slot.remaining, slot.elderly = 2, 1
    unit = str(clinic.institution.id)
    account = make_account(session, roles={Role.REGISTRAR: [unit]})
    patient = make_person(session)
    session.commit()
    address = f"/appointments/desk/{unit}/patients/{patient.id}?pool=elderly"
    page = signed_in(account.id).get(address).text
    assert f'<option value="{slot.date}">' in page
    assert f'<option value="{slot.date + DAY}">' not in page

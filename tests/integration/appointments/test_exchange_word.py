"""What a patient is told of a place at a linked hospital before it was asked, and after."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, HospitalCall
from appointments.queries.bookings import find_booking
from appointments.schemas import AtHospital, Call, CallState, SaveLink
from appointments.services.hospital_links import save_link
from core.access import Actor, Role
from standins.hospital.system import Mode
from tests.factories.auth import make_account
from tests.factories.exchange import StandIn
from tests.integration.appointments.exchanging import Place, Run, his, place, running

__all__ = ["his", "place", "running"]
Bearer = Callable[[UUID], dict[str, str]]
Browser = Callable[[UUID], FlaskClient]
MINE = "/appointments/bookings"


def test_the_pages_wait_until_the_hospital_has_answered(
    place: Place, run_jobs: Run, signed_in: Browser
) -> None:
    browser = signed_in(place.actor.account_id)
    booking_id = place.book()
    done = browser.get(f"{MINE}/{booking_id}/booked").text
    assert "等待医院确认" in done
    assert "预约成功" not in done
    assert 'href="/messages/"' in done
    for address in (MINE, f"{MINE}/{booking_id}", "/"):
        assert "等待医院确认" in browser.get(address).text, address
    run_jobs()
    query = select(HospitalCall.their_number).where(HospitalCall.call == Call.LOCK)
    number = place.session.scalar(query)
    assert number
    for address in (MINE, f"{MINE}/{booking_id}", "/", f"{MINE}/{booking_id}/booked"):
        assert "等待医院确认" not in browser.get(address).text, address
    assert "预约成功" in browser.get(f"{MINE}/{booking_id}/booked").text
    assert number in browser.get(f"{MINE}/{booking_id}").text


def test_the_api_says_so_too(
    place: Place, client: FlaskClient, bearer: Bearer, run_jobs: Run
) -> None:
    address = "/api/v1/appointments/bookings"
    headers = bearer(place.actor.account_id)
    body = {"slot_id": str(place.slots[0].id), "person_id": str(place.actor.person_id)}
    made = client.post(address, json=body, headers=headers).get_json()
    assert (made["hospital"], made["hospital_number"]) == ("waiting", "")
    run_jobs()
    one = client.get(f"{address}/{made['id']}", headers=headers).get_json()
    assert one["hospital"] == "kept"
    assert one["hospital_number"]


def test_no_success_is_told_while_the_hospital_is_silent(
    place: Place, his: StandIn, run_jobs: Run
) -> None:
    his.answers(Mode.FAILING)
    booking_id = place.book()
    run_jobs()
    assert [told for told in place.messages() if told.startswith("预约成功")] == []
    assert place.messages()[0].startswith("已为您占号，等待医院确认")
    assert word(place, booking_id) is AtHospital.WAITING


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (CallState.EXCEPTION, AtHospital.WAITING),
        (CallState.SETTLED, AtHospital.KEPT),
        (CallState.VOID, None),
    ],
)
def test_what_people_do_counts(
    place: Place, session: Session, state: CallState, said: AtHospital | None
) -> None:
    booking_id, by = place.book_and_ask(), make_account(session).id
    for call in session.scalars(select(HospitalCall)):
        settled = ("电话确认", by) if state is CallState.SETTLED else ("", None)
        call.note, call.settled_by = settled
        call.state, call.next_at = state, None
    session.commit()
    assert word(place, booking_id) is said


def test_hospitals_that_are_not_asked_are_not_waited_for(session: Session, his: StandIn) -> None:
    off = Place(session, his.api, enabled=False)
    unasked = off.book()
    assert word(off, unasked) is None
    unit = str(off.clinic.institution.id)
    account = make_account(session, roles={Role.ADMINISTRATOR: [unit]})
    admin = Actor(account_id=account.id, grants={Role.ADMINISTRATOR: frozenset({unit})})
    on = SaveLink(version=1, base_url=his.api, enabled=True)
    save_link(session, admin, off.clinic.institution.id, on)
    session.commit()
    assert word(off, unasked) is None  # booked while nobody asked
    own = Place(session, his.api)
    session.get_one(ClinicSession, own.slots[0].session_id).external_id = None
    session.commit()
    assert word(own, own.book()) is None


def word(place: Place, booking_id: UUID) -> AtHospital | None:
    found = find_booking(place.session, booking_id)
    assert found
    return found.hospital

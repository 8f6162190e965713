"""A hospital's schedule comes in: whole or not at all, the same as often as it likes, and never at
the cost of anybody who has a place.
"""

import json
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession, HospitalCall, Rule, Slot
from appointments.schemas import Because, State
from appointments.services.opening import open_sessions
from core import clock
from core.access import Role
from core.ids import new_id
from core.models import AuditEvent
from notifications.models import Message
from tests.factories.appointments import make_booking, make_template
from tests.factories.auth import make_account
from tests.factories.directory import make_staff
from tests.factories.exchange import Hospital, make_hospital, make_service, slot, token_headers
from tests.factories.residents import make_person

DAY = timedelta(days=3)


@pytest.fixture
def hospital(client: FlaskClient, session: Session) -> Hospital:
    return make_hospital(client, session, onsite_share=20, family_doctor_share=20)


def result(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def counts(answer: Any) -> tuple[int, int, int, list[str]]:
    found = result(answer)
    codes = [f"{error['row']} {error['code']}" for error in found["errors"]]
    return found["created"], found["changed"], found["unchanged"], codes


def slots(session: Session, number: str = "S1") -> list[Slot]:
    query = (
        select(Slot)
        .join(ClinicSession, ClinicSession.id == Slot.session_id)
        .where(ClinicSession.external_id == number)
        .order_by(Slot.starts_at)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def snapshot(session: Session) -> list[Any]:
    """Everything of every session and slot."""
    session.expire_all()
    rows: list[Any] = []
    for table in (ClinicSession.__table__, Slot.__table__):
        rows += session.execute(select(table).order_by(table.c.id)).all()
    return rows


def test_a_session_comes_with_its_slots(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    assert counts(hospital.send(client, hospital.session())) == (1, 0, 0, [])
    opened = session.scalars(select(ClinicSession)).one()
    assert (opened.external_id, opened.fee_fen, opened.staff_id) == (
        "S1", 1200, hospital.clinic.doctor.id,
    )  # fmt: skip
    assert opened.place == "门诊楼 2 层 3 诊室"
    first, second = slots(session)
    assert clock.local(first.starts_at).hour == 8
    assert [first.capacity, second.capacity] == [3, 3]
    # Of six places one is on site and one for family doctors, from the end.
    assert (first.family_doctor, first.onsite, first.remaining) == (0, 1, 2)
    assert (second.family_doctor, second.onsite, second.remaining) == (1, 0, 2)
    event = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "appointments:import-schedule")
    ).one()
    assert (event.outcome, event.channel) == ("allowed", "exchange")
    assert event.resource_id == str(hospital.clinic.institution.id)


def test_the_same_document_changes_nothing(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    sessions = [hospital.session(), hospital.session("S2", half_day="afternoon",
                                                    slots=[slot("15:00", "15:30")])]  # fmt: skip
    assert counts(hospital.send(client, *sessions)) == (2, 0, 0, [])
    before = snapshot(session)
    assert counts(hospital.send(client, *sessions)) == (0, 0, 2, [])
    assert snapshot(session) == before


def test_fee_room_and_places_change_but_not_below_what_is_taken(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    hospital.send(client, hospital.session())
    first, second = slots(session)
    people = [make_person(session) for _ in range(2)]
    for person in people:
        make_booking(session, first, person.id)
    session.commit()
    fewer = hospital.session(
        fee_fen=1500, room="5 诊室", slots=[slot("08:00", "08:30", 1), slot("08:30", "09:00", 8)]
    )
    assert counts(hospital.send(client, fewer)) == (0, 1, 0, [])
    first, second = slots(session)
    assert (first.capacity, first.taken, first.remaining) == (2, 2, 0)
    assert second.capacity == 8
    clinic = session.get_one(ClinicSession, first.session_id, populate_existing=True)
    assert (clinic.fee_fen, clinic.place) == (1500, "门诊楼 2 层 5 诊室")
    # As was sent, though one place more is taken.
    assert counts(hospital.send(client, fewer)) == (0, 0, 1, [])
    assert slots(session)[0].excess == 1
    # Those who are there keep their place; with a larger number again there is room again.
    assert counts(hospital.send(client, hospital.session())) == (0, 1, 0, [])
    first, second = slots(session)
    assert (first.capacity, first.taken, second.capacity) == (3, 2, 3)


def test_what_would_close_before_it_opens_is_refused_row_by_row(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    assert counts(hospital.send(client, hospital.session()))[0] == 1
    rule = session.get_one(Rule, hospital.clinic.institution.id)
    rule.horizon_days, rule.release_time, rule.close_minutes = 1, time(9), 1440
    session.commit()
    early = {"half_day": "morning", "slots": [slot("08:00", "08:30")]}
    late = {"half_day": "afternoon", "slots": [slot("15:00", "15:30")]}
    rows = [
        hospital.session("S2", clinic="普通门诊", doctor=None, **early),
        hospital.session("S3", **late),
        # A slot more of a session that is open already.
        hospital.session(slots=[slot("07:30", "08:00"), slot("08:00", "08:30")]),
    ]
    assert counts(hospital.send(client, *rows)) == (1, 0, 0, ["0 never_open", "2 never_open"])
    assert len(slots(session)) == 2


def test_what_is_not_named_stays_and_what_is_stopped_ends(
    client: FlaskClient, session: Session, hospital: Hospital, run_jobs: Callable[[], int]
) -> None:
    hospital.send(client, hospital.session())
    first, _ = slots(session)
    person = make_person(session)
    booking = make_booking(session, first, person.id)
    session.commit()
    other = hospital.session("S2", half_day="afternoon", slots=[slot("15:00", "15:30")])
    assert counts(hospital.send(client, other)) == (1, 0, 0, [])
    session.refresh(booking)
    assert booking.state == State.BOOKED
    off = hospital.session(stopped=True, stop_reason="医生外出")
    assert counts(hospital.send(client, off)) == (0, 1, 0, [])
    session.refresh(booking)
    assert (booking.state, booking.because) == (State.CANCELLED, Because.STOPPED)
    run_jobs()
    message = session.scalars(select(Message).where(Message.person_id == person.id)).one()
    assert message.values["reason"] == "医生外出"
    before = snapshot(session)
    assert counts(hospital.send(client, off)) == (0, 0, 1, [])
    # Left out, it stays off; only said, it is on again.
    assert counts(hospital.send(client, hospital.session())) == (0, 0, 1, [])
    assert snapshot(session) == before
    assert counts(hospital.send(client, hospital.session(stopped=False))) == (0, 1, 0, [])
    assert session.scalars(select(ClinicSession.stopped_at).limit(1)).first() is None


def test_a_session_of_a_template_becomes_the_hospitals(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    day = clock.today() + DAY
    make_template(session, hospital.clinic, weekday=day.isoweekday())
    open_sessions(session, day)
    session.commit()
    assert counts(hospital.send(client, hospital.session())) == (0, 1, 0, [])
    assert len(slots(session)) == 8
    assert counts(hospital.send(client, hospital.session())) == (0, 0, 1, [])
    # Another id for the same half-day is a mistake of theirs.
    assert counts(hospital.send(client, hospital.session("S9"))) == (0, 0, 0, ["0 half_day_taken"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"department": "没有的科"}, "department_unknown"),
        ({"doctor": "没有的人"}, "doctor_unknown"),
        ({"date": "2020-01-01"}, "wrong_day"),
        ({"half_day": "afternoon"}, "wrong_half_day"),
        ({"kind": "expert"}, "session_moved"),
        ({"slots": [slot("08:00", "08:20")]}, "slot_moved"),
        ({"slots": [slot("08:15", "08:45")]}, "slots_overlap"),
    ],
)
def test_what_is_wrong_is_said_by_row_and_nothing_of_it_is_done(
    client: FlaskClient, session: Session, hospital: Hospital, changes: Mapping[str, Any], code: str
) -> None:
    hospital.send(client, hospital.session())
    before = snapshot(session)
    good = hospital.session()
    bad = hospital.session(fee_fen=9900, **changes)
    other = {"half_day": "afternoon", "slots": [slot("15:00", "15:30")]}
    answer = hospital.send(client, bad, hospital.session("S2", **other))
    assert counts(answer) == (1, 0, 0, [f"0 {code}"])
    assert result(answer)["errors"][0]["id"] == "S1"
    assert not [row for row in before if row not in snapshot(session)]
    assert counts(hospital.send(client, good)) == (0, 0, 1, [])


def test_two_doctors_of_one_name_are_told_apart_by_id(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    clinic = hospital.clinic
    make_staff(session, clinic.institution, department=clinic.department, name=clinic.doctor.name)
    session.commit()
    assert counts(hospital.send(client, hospital.session())) == (0, 0, 0, ["0 doctor_unknown"])
    by_id = hospital.session(doctor=str(clinic.doctor.id), department=str(clinic.department.id))
    assert counts(hospital.send(client, by_id)) == (1, 0, 0, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"slots": []},
        {"slots": [slot("08:00", "08:30", 201)]},
        {"slots": [slot("08:00", "08:30", -1)]},
        {"slots": [slot("08:00", "08:30"), slot("08:15", "08:45")]},
        {"slots": [slot("08:30", "08:00")]},
        {"slots": [slot("08:00", "11:00")]},
        {"id": "no spaces please"},
        {"fee_fen": -1},
        {"clinic": "便民门诊"},
        {"doctor": None},
        {"unknown": 1},
    ],
)
def test_a_document_that_is_none_is_refused_whole(
    client: FlaskClient, session: Session, hospital: Hospital, changes: Mapping[str, Any]
) -> None:
    answer = hospital.send(client, hospital.session("S2"), hospital.session(**changes))
    assert answer.status_code == 422
    assert any("1" in error["field"] for error in answer.get_json()["errors"])
    assert session.scalar(select(func.count()).select_from(ClinicSession)) == 0


def test_too_much_at_once_is_refused(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    many = [slot(f"{8 + n // 60:02d}:{n % 60:02d}", f"{8 + (n + 1) // 60:02d}:{(n + 1) % 60:02d}")
            for n in range(100)]  # fmt: skip
    sessions = [hospital.session(f"S{number}", slots=many) for number in range(21)]
    assert hospital.send(client, *sessions).status_code == 422
    twice = [hospital.session(), hospital.session()]
    assert hospital.send(client, *twice).status_code == 422
    body = json.dumps({"sessions": [hospital.session(room="室" * 90)] * 3}) + " " * 1024 * 1024
    headers = {**hospital.headers, "Content-Type": "application/json"}
    answer = client.put(f"{hospital.path}/schedule", data=body, headers=headers)
    assert answer.status_code == 413
    assert session.scalar(select(func.count()).select_from(ClinicSession)) == 0


def test_only_its_own_institution(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    other = make_hospital(client, session, "other")
    foreign = Hospital(hospital.clinic, "other", other.headers)
    assert foreign.send(client, hospital.session()).status_code == 403
    division = hospital.clinic.institution.division_code
    for client_id, unit in (("county", division), ("nowhere", None)):
        make_service(session, client_id, unit)
        session.commit()
        headers = token_headers(client, client_id)
        calls = Hospital(hospital.clinic, client_id, headers)
        assert calls.send(client, hospital.session()).status_code == 403
    make_service(session, "narrow", str(hospital.clinic.institution.id),
                 service_scopes=["screens.read"])  # fmt: skip
    session.commit()
    narrow = Hospital(hospital.clinic, "narrow", token_headers(client, "narrow"))
    assert narrow.send(client, hospital.session()).status_code == 401
    assert Hospital(hospital.clinic, "", {}).send(client, hospital.session()).status_code == 401
    with clock.shifted(timedelta(minutes=11)):
        assert hospital.send(client, hospital.session()).status_code == 401
    denied = session.scalars(select(AuditEvent).where(AuditEvent.outcome == "denied")).all()
    assert {event.action for event in denied} == {"appointments:import-schedule"}
    assert session.scalar(select(func.count()).select_from(ClinicSession)) == 0


def test_a_persons_token_is_none(
    client: FlaskClient, session: Session, hospital: Hospital, bearer: Callable[..., dict[str, str]]
) -> None:
    unit = str(hospital.clinic.institution.id)
    account = make_account(session, roles={Role.ADMINISTRATOR: [unit]})
    session.commit()
    as_person = Hospital(hospital.clinic, "", bearer(account.id))
    assert as_person.send(client, hospital.session()).status_code == 401


# Whatever was sent before, the last document counts.

CAPACITY = st.integers(0, 6)
SENT = st.fixed_dictionaries(
    {
        "fee_fen": st.integers(0, 5000),
        "room": st.sampled_from(["", "1 诊室", "2 诊室"]),
        "stopped": st.sampled_from([None, True, False]),
        "capacities": st.lists(CAPACITY, min_size=1, max_size=4),
    }
)
FULL = {"fee_fen": 1, "room": "", "stopped": None, "capacities": [2]}
NONE_LEFT = FULL | {"capacities": [0]}
OFF = NONE_LEFT | {"stopped": True}
BOOKED = st.lists(st.integers(0, 3), max_size=2)
TIMES = (("08:00", "08:30"), ("08:30", "09:00"), ("09:00", "09:30"), ("09:30", "10:00"))


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([(FULL, [0]), (NONE_LEFT, []), (OFF, [])])
@given(documents=st.lists(st.tuples(SENT, BOOKED), min_size=1, max_size=4))
def test_any_sequence_ends_in_the_state_of_the_last(
    client: FlaskClient, session: Session, documents: list[tuple[dict[str, Any], list[int]]]
) -> None:
    number = f"S-{new_id()}"
    hospital = make_hospital(client, session, number, onsite_share=20, family_doctor_share=20)
    wanted: dict[int, int] = {}
    stopped = False
    booked = 0
    for sent, takes in documents:
        capacities = sent["capacities"]
        more = {name: value for name, value in sent.items() if name != "capacities"}
        wanted |= dict(enumerate(capacities))
        stopped = stopped if sent["stopped"] is None else sent["stopped"]
        times = zip(TIMES, capacities, strict=False)
        periods = [slot(*when, size) for when, size in times]
        given = hospital.session(number, slots=periods, **more)
        found = counts(hospital.send(client, given))
        assert found[3] == []
        assert counts(hospital.send(client, given)) == (0, 0, 1, [])
        clinic = session.scalars(
            select(ClinicSession)
            .where(ClinicSession.external_id == number)
            .execution_options(populate_existing=True)
        ).one()
        assert (clinic.fee_fen, clinic.place) == (
            sent["fee_fen"],
            " ".join(filter(None, ("门诊楼 2 层", sent["room"]))),
        )
        assert (clinic.stopped_at is not None) is stopped
        live = session.scalar(
            select(func.count()).where(
                Booking.institution_id == clinic.institution_id, Booking.state == State.BOOKED
            )
        )
        if stopped:
            booked = 0
        assert live == booked
        there = slots(session, number)
        assert [each.capacity for each in there] == [
            max(wanted[index], each.taken) for index, each in enumerate(there)
        ]
        for each in there:
            free = (each.remaining, each.family_doctor, each.onsite)
            assert each.capacity == each.taken + sum(free)
        for index in takes:
            if index < len(there) and there[index].remaining and not stopped:
                make_booking(session, there[index], make_person(session).id)
                booked += 1
        session.commit()
    assert session.scalar(select(func.count()).select_from(HospitalCall)) == 0

"""With five million bookings no statement on a path of a booking reads a whole table."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, text

from appointments.jobs import offer_places, return_places
from appointments.queries.due import reminders_due
from bench.pgbench import recording
from core import clock, database
from core.access import Role
from core.database import reading, transaction
from residents.models import Person
from tests import postgres
from tests.conftest import _scratch
from tests.factories.appointments import Clinic, make_clinic, make_slots
from tests.factories.auth import make_account, make_token
from tests.factories.residents import make_person, make_resident
from tests.integration.plans import read_whole

API = "/api/v1/appointments"
BOOKINGS, TO_A_SLOT, SLOTS_OF_A_SESSION, PATIENTS, DEPARTMENTS = 5_000_000, 10, 8, 100_000, 200
SLOTS = BOOKINGS // TO_A_SLOT
SESSIONS = SLOTS // SLOTS_OF_A_SESSION
# Each department has one session a day.
DAYS_BACK, DAYS_AHEAD = 300, 13
LARGE = {
    "appointments_booking",
    "appointments_slot",
    "appointments_session",
    "appointments_wait",
    "appointments_suspension",
    "appointments_conduct_act",
}
# Constraints and indexes are away until the rows are there. Patients take turns.
BARE = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)
FROM pg_constraint WHERE conrelid = ANY(:tables ::regclass[]) AND contype IN ('p', 'u', 'c', 'f')
ORDER BY contype = 'p'
"""
INDEXES = """
SELECT pg_get_indexdef(indexrelid) AS made, indexrelid::regclass::text AS name, EXISTS (
    SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u')
) AS of_constraint
FROM pg_index WHERE indrelid = ANY(:tables ::regclass[])
"""
FILL = (
    """CREATE TEMPORARY TABLE patient AS
    SELECT n, gen_random_uuid() AS id FROM generate_series(0, :patients - 1) AS n""",
    """CREATE TEMPORARY TABLE department AS
    SELECT n, CASE WHEN n = 0 THEN :department ::uuid ELSE gen_random_uuid() END AS id,
        CASE WHEN n < 4 THEN :institution ::uuid ELSE institution.id END AS institution_id
    FROM generate_series(0, :departments - 1) AS n
    JOIN (SELECT m, gen_random_uuid() AS id FROM generate_series(0, 49) AS m) AS institution
        ON institution.m = n / 4""",
    """INSERT INTO appointments_session (id, institution_id, department_id, division_code,
        institution_name, department_name, clinic_name, doctor_title, place, example, kind, date,
        half_day, fee_fen, stop_reason, pause_reason, created_at)
    SELECT gen_random_uuid(), institution_id, id, '990102', '', '', 'c' || m, '', '', false,
        'general', :today ::date - :back + (m / :departments) % (:back + :ahead), 'morning', 0,
        '', '', :now
    FROM generate_series(0, :sessions - 1) AS m JOIN department ON n = m % :departments""",
    """INSERT INTO appointments_slot (id, session_id, institution_id, department_id, division_code,
        date, starts_at, ends_at, capacity, taken, remaining, family_doctor, referral, onsite,
        elderly, waitlist, issued, opens_at, closes_at, cancel_until, reserved_until)
    SELECT gen_random_uuid(), id, institution_id, department_id, division_code, date,
        begins, begins + interval '30 minutes', :to_a_slot + 4, :to_a_slot, 4, 0, 0, 0, 0, 0,
        :to_a_slot, begins - interval '10 days', begins - interval '30 minutes',
        begins - interval '15 hours', begins - interval '48 hours'
    FROM appointments_session, generate_series(0, :slots - 1) AS k,
        LATERAL (SELECT date + k * interval '30 minutes' AS begins) AS moment""",
    """INSERT INTO appointments_booking (id, slot_id, person_id, institution_id, department_id,
        division_code, date, starts_at, number, pool, source, state, created_at, held_until,
        cancelled_at, because)
    SELECT gen_random_uuid(), slot.id, patient.id, institution_id, department_id, division_code,
        date, starts_at, k, 'public', 'own', state, :now,
        CASE WHEN state = 'held' THEN :now - interval '1 minute' END,
        CASE WHEN state = 'cancelled' THEN :now END,
        CASE WHEN state = 'cancelled' THEN 'patient' END
    FROM (SELECT *, row_number() OVER (ORDER BY session_id, starts_at) AS n
        FROM appointments_slot) AS slot
    CROSS JOIN generate_series(1, :to_a_slot) AS k
    JOIN patient ON patient.n = (slot.n * :to_a_slot + k) % :patients,
    LATERAL (SELECT CASE WHEN k = 7 THEN 'cancelled' WHEN date < :today THEN 'attended'
        WHEN k = 3 AND slot.n % 1000 = 0 THEN 'held' ELSE 'booked' END AS state) AS how""",
    """INSERT INTO appointments_wait (id, session_id, person_id, account_id, institution_id,
        department_id, division_code, date, priority, state, created_at, offers_end)
    SELECT gen_random_uuid(), id, gen_random_uuid(), gen_random_uuid(), institution_id,
        department_id, division_code, date, k % 4,
        CASE WHEN date < :today THEN 'closed' ELSE 'waiting' END, :now, :now
    FROM appointments_session, generate_series(1, 3) AS k""",
    """INSERT INTO appointments_suspension (id, person_id, institution_id, institution_name,
        division_code, since, until, points, decision)
    SELECT gen_random_uuid(), patient.id, department.institution_id, '', '990102',
        :now - interval '1 year', :now - interval '9 months', 3, ''
    FROM patient JOIN department ON department.n = patient.n % :departments""",
    """INSERT INTO appointments_conduct_act (id, account_id, person_id, at, cancel)
    SELECT gen_random_uuid(), patient.id, patient.id, :now - n % 1440 * interval '1 minute', k = 3
    FROM patient, generate_series(1, 3) AS k""",
)


@pytest.fixture(scope="module")
def clinic(app: APIFlask, template: str) -> Iterator[Clinic]:
    """A department of a region that has booked for two years, in a database of its own."""
    url = postgres.clone(_scratch, template, "plans")
    engine = database.make_engine(url, 4)
    before = database.bound()
    database.use(engine)
    with transaction() as session:
        made = make_clinic(session, day_limit=9, active_limit=9)
    fill(engine, made)
    yield made
    database.use(before)
    engine.dispose()
    postgres.drop(_scratch, url)


def fill(engine: Engine, clinic: Clinic) -> None:
    values = {
        "patients": PATIENTS, "departments": DEPARTMENTS, "sessions": SESSIONS,
        "slots": SLOTS_OF_A_SESSION, "to_a_slot": TO_A_SLOT, "back": DAYS_BACK,
        "ahead": DAYS_AHEAD, "today": clock.today(), "now": clock.now(),
        "department": clinic.department.id, "institution": clinic.institution.id,
    }  # fmt: skip
    with engine.begin() as connection:
        for setting in (
            "session_replication_role = replica", "synchronous_commit = off",
            "maintenance_work_mem = '512MB'", "work_mem = '128MB'",
        ):  # fmt: skip
            connection.execute(text(f"SET LOCAL {setting}"))
        tables = {"tables": sorted(LARGE)}
        indexes = connection.execute(text(INDEXES), tables).all()
        for (drop,) in connection.execute(text(BARE), tables).all():
            connection.execute(text(drop))
        for index in indexes:
            connection.execute(text(f"DROP INDEX IF EXISTS {index.name}"))
        for table in sorted(LARGE):  # no plan hangs on the log that is written ahead
            connection.execute(text(f"ALTER TABLE {table} SET UNLOGGED"))
        for statement in FILL:
            _run(connection, statement, values)
        for index in indexes:
            connection.execute(text(index.made))
        connection.execute(text("ANALYZE"))


def _run(connection: Connection, statement: str, values: dict[str, Any]) -> None:
    query = text(statement)
    connection.execute(query, {name: values[name] for name in query._bindparams})


def read_large(sent: list[str]) -> dict[str, set[str]]:
    """What is read whole of the large tables, some of which must have been asked."""
    assert any(table in each for each in sent for table in LARGE)
    return read_whole(sent, LARGE)


class Visit:
    """A resident at the API, and what was sent to the database meanwhile."""

    def __init__(self, app: APIFlask, clinic: Clinic, *days: int) -> None:
        with transaction() as session:
            account, person = make_resident(session)
            self.headers = {"Authorization": f"Bearer {make_token(session, account.id)}"}
            self.slots = [
                make_slots(session, clinic, day=clock.today() + timedelta(days=ahead))
                for ahead in days
            ]
        self.client, self.person_id = app.test_client(), person.id

    def wish(self, day: int, slot: int) -> dict[str, str]:
        return {"slot_id": str(self.slots[day][slot].id), "person_id": str(self.person_id)}

    def post(self, path: str, body: dict[str, str] | None = None) -> str:
        answer = self.client.post(API + path, json=body, headers=self.headers)
        assert answer.status_code in (200, 201), answer.text
        assert answer.json
        return str(answer.json["id"])


def test_the_way_of_a_booking(app: APIFlask, clinic: Clinic) -> None:
    visit = Visit(app, clinic, 3, 4)
    with recording() as sent:
        held = visit.post("/holds", visit.wish(0, 0))
        visit.post(f"/bookings/{held}/confirm")
        booked = visit.post("/bookings", visit.wish(1, 0))
        changed = visit.post(f"/bookings/{booked}/change", {"slot_id": visit.wish(1, 1)["slot_id"]})
        address = f"{API}/bookings/{changed}"
        assert visit.client.delete(address, headers=visit.headers).status_code == 200
        for path in ("/bookings", "/bookings?when=coming", "/bookings?when=past"):
            assert visit.client.get(API + path, headers=visit.headers).status_code == 200
        department = f"/appointments/departments/{clinic.department.id}"
        hospital = f"/appointments/hospitals/{clinic.institution.id}"
        for page in (department, hospital):
            assert visit.client.get(page).status_code == 200
    assert read_large(sent) == {}


def test_the_refusal_of_a_full_slot(app: APIFlask, clinic: Clinic) -> None:
    visit = Visit(app, clinic, 5)
    with transaction() as session:
        slot = session.merge(visit.slots[0][0])
        slot.taken, slot.remaining, slot.issued = slot.capacity, 0, slot.capacity
    with recording() as sent:
        answer = visit.client.post(f"{API}/bookings", json=visit.wish(0, 0), headers=visit.headers)
    assert answer.status_code == 409
    assert read_large(sent) == {}


def test_the_wait_for_a_place_and_its_offer(app: APIFlask, clinic: Clinic) -> None:
    first, second = Visit(app, clinic, 6), Visit(app, clinic)
    with transaction() as session:
        for slot in first.slots[0]:
            session.merge(slot).remaining = 0
        one = session.merge(first.slots[0][0])
        one.remaining = 1
        session_id = str(one.session_id)
    with recording() as sent:
        booked = first.post("/bookings", first.wish(0, 0))
        wish = {"session_id": session_id, "person_id": str(second.person_id)}
        wait = second.post("/waits", wish)
        address = f"{API}/bookings/{booked}"
        assert first.client.delete(address, headers=first.headers).status_code == 200
        offer_places(session_id)
        offered = second.client.get(f"{API}/waits/{wait}", headers=second.headers).json
        assert offered
        second.post(f"/bookings/{offered['booking_id']}/confirm")
    assert read_large(sent) == {}


def test_the_wait_for_a_child(app: APIFlask, clinic: Clinic) -> None:
    parent = Visit(app, clinic, 2)
    with transaction() as session:
        child = make_person(session, birth_date=clock.today() - timedelta(days=2000))
        child.household_id = session.get_one(Person, parent.person_id).household_id
        for slot in parent.slots[0]:
            session.merge(slot).remaining = 0
        session_id = str(parent.slots[0][0].session_id)
        child_id = str(child.id)
    with recording() as sent:
        parent.post("/waits", {"session_id": session_id, "person_id": child_id})
    assert read_large(sent) == {}


def test_the_job_that_reminds(app: APIFlask, clinic: Clinic) -> None:
    with recording() as sent, reading() as session:
        reminders_due(session)
    assert read_large(sent) == {}


def test_the_desk(app: APIFlask, clinic: Clinic, signed_in: Any) -> None:
    with transaction() as session:
        roles = {Role.REGISTRAR: [str(clinic.institution.id)]}
        account = make_account(session, roles=roles)
    desk: FlaskClient = signed_in(account.id)
    with recording() as sent:
        assert desk.get("/appointments/day-list").status_code == 200
        chosen = f"department_id={clinic.department.id}&search=7"
        assert desk.get(f"/appointments/day-list?{chosen}").status_code == 200
    assert read_large(sent) == {}


def test_the_job_that_returns_places(clinic: Clinic) -> None:
    with recording() as sent:
        return_places()
    assert any("held_until <=" in statement for statement in sent)
    assert read_large(sent[:40]) == {}

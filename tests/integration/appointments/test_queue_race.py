"""Many at once at a release, on real commits: one draw, one place each, no number twice."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from apiflask import APIFlask
from sqlalchemy import Engine, select

from appointments.models import Arrival, Release
from appointments.queries.queue import order_proof
from core import clock
from core.database import transaction
from tests.factories.appointments import make_clinic, make_release
from tests.integration.appointments.test_race import at_once, residents

THREADS = 16


def release_in(after: timedelta) -> UUID:
    with transaction() as session:
        clinic = make_clinic(session, queue_minutes=30, queue_rate=5)
        return make_release(session, clinic.institution, clock.now() + after, rate=5)


def join(app: APIFlask, who: tuple[dict[str, str], UUID], release_id: UUID):  # type: ignore[no-untyped-def]
    address = f"/api/v1/appointments/releases/{release_id}/join"
    return lambda: app.test_client().post(address, headers=who[0])


def look(app: APIFlask, who: tuple[dict[str, str], UUID], release_id: UUID):  # type: ignore[no-untyped-def]
    address = f"/api/v1/appointments/releases/{release_id}"
    return lambda: app.test_client().get(address, headers=who[0])


def test_the_order_is_drawn_exactly_once(app: APIFlask, committed_database: Engine) -> None:
    release_id = release_in(timedelta(minutes=5))
    people = residents(THREADS)
    answers = at_once([join(app, who, release_id) for who in people])
    assert {answer.status_code for answer in answers} == {200}
    with clock.shifted(timedelta(minutes=5)):
        late = residents(4)
        calls = [look(app, who, release_id) for who in people]
        answers = at_once([*calls, *(join(app, who, release_id) for who in late)])
        assert {answer.status_code for answer in answers} == {200}
        again = at_once(calls)
    first = [answer.json["number"] for answer in answers if answer.json]
    assert sorted(first) == list(range(1, THREADS + 5))
    assert sorted(first[:THREADS]) == list(range(1, THREADS + 1))
    assert [answer.json["number"] for answer in again if answer.json] == first[:THREADS]
    with transaction() as session:
        assert session.get_one(Release, release_id).drawn == THREADS
        assert len(order_proof(session, release_id).places) == THREADS + 4


def test_one_person_from_many_places_has_one_number(
    app: APIFlask, committed_database: Engine
) -> None:
    release_id = release_in(timedelta(minutes=5))
    early, late = residents(2)
    answers = at_once([join(app, early, release_id)] * THREADS)
    assert Counter(answer.status_code for answer in answers) == {200: THREADS}
    with clock.shifted(timedelta(minutes=5)):
        answers = at_once([join(app, late, release_id)] * THREADS)
    assert {answer.json["number"] for answer in answers if answer.json} == {2}
    with transaction() as session:
        assert session.get_one(Release, release_id).arrivals == 2
        assert len(session.scalars(select(Arrival.number)).all()) == 2


def test_nobody_slips_past_the_draw(app: APIFlask, committed_database: Engine) -> None:
    """Who comes in the very moment of the draw is either drawn or numbered after."""
    release_id = release_in(timedelta(seconds=1))
    people = residents(48)
    calls = [join(app, who, release_id) for who in people]
    with clock.shifted(timedelta(milliseconds=850)):
        answers = at_once(calls)
        assert {answer.status_code for answer in answers} == {200}
    with clock.shifted(timedelta(seconds=5)):
        at_once([look(app, people[0], release_id)])
    with transaction() as session:
        numbers = sorted(session.scalars(select(Arrival.number)), key=lambda each: each or 0)
    assert numbers == list(range(1, len(people) + 1))

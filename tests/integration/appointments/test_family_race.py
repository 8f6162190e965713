"""Families at once, on real commits: all of a family or nobody of it, and never a deadlock."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle
from threading import Barrier
from uuid import UUID

from apiflask import APIFlask
from sqlalchemy import Engine, func, select, text, update
from werkzeug.test import TestResponse

from appointments.models import Booking, Slot
from core import clock
from core.database import transaction
from residents.models import Person
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.auth import make_token
from tests.factories.residents import make_person, make_resident

GROUPS = "/api/v1/appointments/booking-groups"
BOOKINGS = "/api/v1/appointments/bookings"
ROUNDS = 25
Family = tuple[dict[str, str], list[UUID]]


def make_family(children: int) -> Family:
    """(headers of the parent, the children)."""
    with transaction() as session:
        account, parent = make_resident(session)
        made = []
        for _ in range(children):
            child = make_person(session, birth_date=clock.today() - timedelta(days=2000))
            child.household_id = session.get_one(Person, parent.id).household_id
            made.append(child.id)
        headers = {"Authorization": f"Bearer {make_token(session, account.id)}"}
    return headers, made


def at_once(calls: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    gate = Barrier(len(calls))

    def go(call: Callable[[], TestResponse]) -> TestResponse:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


def group(app: APIFlask, family: Family, slots: list[UUID]) -> Callable[[], TestResponse]:
    headers, children = family
    wishes = [
        {"slot_id": str(slot), "person_id": str(child)}
        for child, slot in zip(children, cycle(slots), strict=False)
    ]
    return lambda: app.test_client().post(GROUPS, json={"bookings": wishes}, headers=headers)


def clear(slots: list[UUID]) -> None:
    """All places are free again, and nobody has any."""
    with transaction() as session:
        session.execute(text("TRUNCATE appointments_booking CASCADE"))
        again = update(Slot).where(Slot.id.in_(slots))
        session.execute(again.values(remaining=Slot.capacity, taken=0, issued=0))


def test_two_families_for_the_last_places_from_both_ends(
    app: APIFlask, committed_database: Engine
) -> None:
    with transaction() as session:
        clinic = make_clinic(session, proxies_limit=60)
        first, second = (slot.id for slot in make_slots(session, clinic, capacity=3)[:2])
    # Each family wants two places of each slot: there is room for one family only.
    families = [make_family(4), make_family(4)]
    outcomes: Counter[tuple[int, ...]] = Counter()
    for _ in range(ROUNDS):
        clear([first, second])
        answers = at_once(
            [
                group(app, families[0], [first, second]),
                group(app, families[1], [second, first]),
            ]
        )
        codes = tuple(sorted(answer.status_code for answer in answers))
        outcomes[codes] += 1
        refused = [answer.json for answer in answers if answer.status_code == 409]
        assert {problem["code"] for problem in refused if problem} <= {"not_enough"}
        with transaction() as session:
            taken = {slot: session.get_one(Slot, slot) for slot in (first, second)}
            assert [slot.taken for slot in taken.values()] == [2, 2]
            assert all(slot.taken + slot.remaining == 3 for slot in taken.values())
            assert session.scalar(select(func.count()).select_from(Booking)) == 4
    assert outcomes == {(201, 409): ROUNDS}


def test_groups_changes_and_cancellations_cross_without_deadlock(
    app: APIFlask, committed_database: Engine
) -> None:
    with transaction() as session:
        clinic = make_clinic(session, proxies_limit=60, active_limit=60, day_limit=60)
        slots = [slot.id for slot in make_slots(session, clinic, capacity=8)[:2]]
    family, other = make_family(3), make_family(3)
    headers, children = family
    for turn in range(ROUNDS):
        clear(slots)
        made = app.test_client().post(
            BOOKINGS,
            json={"slot_id": str(slots[turn % 2]), "person_id": str(children[2])},
            headers=headers,
        )
        assert made.json
        address = f"{BOOKINGS}/{made.json['id']}"
        target = {"slot_id": str(slots[1 - turn % 2])}

        def move(address: str = address, target: dict[str, str] = target) -> TestResponse:
            return app.test_client().post(f"{address}/change", json=target, headers=headers)

        def give_back(address: str = address) -> TestResponse:
            return app.test_client().delete(address, headers=headers)

        answers = at_once(
            [
                group(app, (headers, children[:2]), slots),
                group(app, other, slots[::-1]),
                move,
                give_back,
            ]
        )
        assert max(answer.status_code for answer in answers) < 500
        with transaction() as session:
            live = session.scalar(
                select(func.count()).select_from(Booking).where(Booking.state != "cancelled")
            )
            places = [session.get_one(Slot, slot) for slot in slots]
            assert sum(slot.taken for slot in places) == live
            assert all(slot.taken + slot.remaining == 8 for slot in places)


def test_one_account_in_many_requests_keeps_its_limit(
    app: APIFlask, committed_database: Engine
) -> None:
    with transaction() as session:
        slot = make_slots(session, make_clinic(session, proxies_limit=3), capacity=20)[0].id
    headers, children = make_family(8)

    def book(child: UUID) -> Callable[[], TestResponse]:
        body = {"slot_id": str(slot), "person_id": str(child)}
        return lambda: app.test_client().post(BOOKINGS, json=body, headers=headers)

    answers = at_once([book(child) for child in children])
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 5}
    assert {a.json["code"] for a in answers if a.status_code == 409 and a.json} == {"proxies_limit"}

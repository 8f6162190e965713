"""The queue at a release: joined, drawn, entered in turn, and not to be got around."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from appointments.jobs import keep_releases
from appointments.models import Arrival, Release, Slot
from appointments.queries.queue import JOINED_BEFORE, Pace, order_proof
from appointments.schemas import BookGroup, BookSlot, ChangeBooking, OrderQuery, Phase, Pool
from appointments.services.booking import book_group, book_slot, hold_slot
from appointments.services.changing import change_booking
from appointments.services.queue import NUMBER, QueueFirst, draw_due, join, look, release_of_slot
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied
from residents.models import Person
from tests.factories.appointments import Clinic, make_clinic, make_release, make_slots
from tests.factories.directory import make_institution
from tests.factories.residents import make_person, make_resident

# A release that no slot's day or hour of running can disturb.
OPENS_IN = timedelta(hours=2)
TRIALS = 1200
SECOND = timedelta(seconds=1)


def resident(session: Session) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def released(session: Session, *, rate: int = 1, capacity: int = 9) -> tuple[Clinic, Slot, UUID]:
    """A clinic with a queue, a slot that opens in a while, and its release."""
    clinic = make_clinic(session, queue_minutes=30, queue_rate=rate)
    day = clock.today() + timedelta(days=3)
    opens_at = clock.now() + OPENS_IN
    slots = make_slots(session, clinic, day=day, capacity=capacity)
    for slot in slots:
        slot.opens_at = opens_at
    session.flush()
    return clinic, slots[0], make_release(session, clinic.institution, opens_at, rate=rate)


@contextmanager
def at(session: Session, release_id: UUID, after: timedelta) -> Iterator[None]:
    """So long after the release; negative is before it."""
    opens_at = session.get_one(Release, release_id).opens_at
    with clock.shifted(opens_at + after - clock.now()):
        yield


def wish(slot: Slot, actor: Actor) -> BookSlot:
    assert actor.person_id
    return BookSlot(slot_id=slot.id, person_id=actor.person_id)


def refuse(session: Session, actor: Actor, slot: Slot) -> QueueFirst:
    with pytest.raises(QueueFirst) as caught, session.begin_nested():
        book_slot(session, actor, wish(slot, actor))
    return caught.value


def test_who_waits_sees_how_many_and_the_seal_but_no_number(session: Session) -> None:
    *_, release_id = released(session)
    people = [resident(session) for _ in range(3)]
    with at(session, release_id, -timedelta(minutes=5)):
        for actor in people:
            join(session, actor, release_id)
        view = look(session, people[0], release_id)
    assert (view.phase, view.waiting, view.joined) == (Phase.GATHERING, 3, True)
    assert (view.number, view.turn_at, view.seed, view.admitted) == (None, None, None, False)
    assert len(view.seed_hash) == 64


def test_the_seed_is_sealed_in_the_database_until_it_is_drawn(session: Session) -> None:
    *_, release_id = released(session)
    seed = session.get_one(Release, release_id).sealed_seed
    row = text("SELECT encode(sealed_seed, 'escape'), seed FROM appointments_release")
    sealed, shown = session.execute(row).one()
    assert seed not in sealed
    assert shown is None
    with at(session, release_id, SECOND):
        assert draw_due(session, release_id)
    assert session.execute(row).one().seed == seed


def test_one_comes_neither_too_early_nor_when_it_is_over(session: Session) -> None:
    *_, release_id = released(session)
    actor = resident(session)
    for after, code in (
        (-JOINED_BEFORE - SECOND, "queue_not_open"),
        (timedelta(minutes=30), "queue_over"),
    ):
        with at(session, release_id, after), pytest.raises(Conflict) as caught:
            join(session, actor, release_id)
        assert caught.value.code == code
    with at(session, release_id, -JOINED_BEFORE):
        assert join(session, actor, release_id).joined


def test_the_order_is_that_of_the_seed_and_anybody_can_draw_it_again(session: Session) -> None:
    *_, release_id = released(session)
    early, late = [resident(session) for _ in range(12)], [resident(session) for _ in range(3)]
    with at(session, release_id, -timedelta(minutes=1)):
        for actor in early:
            join(session, actor, release_id)
        sealed = look(session, early[0], release_id).seed_hash
    with at(session, release_id, timedelta(seconds=2)):
        numbers = [join(session, actor, release_id).number for actor in late]
        proof = order_proof(session, release_id)
        part = order_proof(session, release_id, OrderQuery(after=12, limit=2))
        rest = order_proof(session, release_id, OrderQuery(after=part.next_after, limit=2))
    assert [[place.number for place in each.places] for each in (part, rest)] == [[13, 14], [15]]
    assert (part.total, part.next_after, rest.next_after) == (15, 14, None)
    assert numbers == [13, 14, 15]
    seed = bytes.fromhex(proof.seed)
    assert hashlib.sha256(seed).hexdigest() == sealed == proof.seed_hash
    assert proof.drawn == 12

    def ticket(actor: Actor) -> bytes:
        assert actor.person_id
        return hashlib.sha256(release_id.bytes + actor.person_id.bytes).digest()

    drawn = sorted(map(ticket, early), key=lambda each: hashlib.sha256(seed + each).digest())
    shown = [place.ticket for place in proof.places]
    assert shown == [each.hex() for each in [*drawn, *map(ticket, late)]]
    assert [place.number for place in proof.places] == list(range(1, 16))
    arrived = [place.arrived_at for place in proof.places[12:]]
    assert arrived == sorted(arrived)


def test_the_order_is_told_only_when_it_is_drawn(session: Session) -> None:
    *_, release_id = released(session)
    with pytest.raises(Conflict) as caught:
        order_proof(session, release_id)
    assert caught.value.code == "not_drawn"


def test_a_place_survives_coming_again(session: Session) -> None:
    *_, release_id = released(session)
    actor, other = resident(session), resident(session)
    with at(session, release_id, -timedelta(minutes=1)):
        for _ in range(3):
            join(session, actor, release_id)
            join(session, other, release_id)
    with at(session, release_id, SECOND / 10):
        first = join(session, actor, release_id)
        elsewhere = Actor(
            account_id=actor.account_id, person_id=actor.person_id, verified=True, channel="api"
        )
        again = look(session, elsewhere, release_id)
    assert first.number == again.number
    assert first.waiting == 2


@pytest.mark.parametrize("rate", [1, 7, 20])
def test_numbers_enter_at_the_rate_and_not_before(rate: int) -> None:
    opens_at = datetime.fromisoformat("2026-12-01T07:00:00+08:00")
    pace = Pace(opens_at, rate)
    assert pace.entered(opens_at - SECOND) == 0
    assert pace.entered(opens_at) == 0
    for number in (1, rate, rate + 1, 300):
        turn = pace.turn(number)
        assert pace.entered(turn - timedelta(milliseconds=1)) < number
        assert pace.entered(turn + timedelta(microseconds=1)) >= number
    assert pace.entered(opens_at + SECOND) == rate


def test_only_whose_turn_it_is_books(session: Session) -> None:
    _, slot, release_id = released(session, rate=1)
    people = [resident(session) for _ in range(3)]
    with at(session, release_id, -timedelta(minutes=1)):
        for actor in people:
            join(session, actor, release_id)
    with at(session, release_id, SECOND * 1.5):
        by_number = sorted(people, key=lambda each: look(session, each, release_id).number or 0)
        first, second, third = by_number
        refused = refuse(session, second, slot)
        assert refused.code == "queue"
        assert refused.members["release_id"] == str(release_id)
        assert refused.queue.before == 0
        assert refuse(session, third, slot).queue.before == 1
        assert book_slot(session, first, wish(slot, first)).number == 1
    with at(session, release_id, SECOND * 2.5):
        assert hold_slot(session, second, wish(slot, second)).number == 2


def test_there_is_no_way_around_the_queue(session: Session) -> None:
    """By holding, changing, a group, another hospital's queue, or without a place."""
    clinic, slot, release_id = released(session, rate=1)
    waiting = [resident(session) for _ in range(9)]
    actor = resident(session)
    open_slot = make_slots(session, clinic, day=clock.today() + timedelta(days=4))[0]
    booked = book_slot(session, actor, wish(open_slot, actor))
    elsewhere = make_institution(session)
    opens_at = session.get_one(Release, release_id).opens_at
    other = make_release(session, elsewhere, opens_at, rate=1000)
    with at(session, release_id, -timedelta(minutes=1)):
        for each in waiting:
            join(session, each, release_id)
        join(session, actor, other)
    with at(session, release_id, SECOND * 2):
        assert look(session, actor, other).admitted
        for attempt in (
            lambda: book_slot(session, actor, wish(slot, actor)),
            lambda: hold_slot(session, actor, wish(slot, actor)),
            lambda: book_group(session, actor, BookGroup(bookings=[wish(slot, actor)])),
            lambda: change_booking(session, actor, booked.id, ChangeBooking(slot_id=slot.id)),
        ):
            with pytest.raises(QueueFirst), session.begin_nested():
                attempt()
        late = join(session, actor, release_id)
        assert (late.number, late.admitted) == (10, False)
    session.refresh(open_slot)
    assert open_slot.taken == 1


def test_a_parents_place_counts_for_the_child_and_a_childs_for_nobody(session: Session) -> None:
    _, slot, release_id = released(session, rate=1)
    parent, stranger = resident(session), resident(session)
    child = make_person(session, birth_date=clock.today() - timedelta(days=2000))
    child.household_id = session.get_one(Person, parent.person_id).household_id
    session.flush()
    with at(session, release_id, -timedelta(minutes=1)):
        join(session, parent, release_id)
        join(session, stranger, release_id)
    with at(session, release_id, SECOND * 2):
        assert look(session, parent, release_id).admitted
        booking = book_slot(session, parent, BookSlot(slot_id=slot.id, person_id=child.id))
        assert booking.person_id == child.id
        assert session.get(Arrival, (release_id, child.id)) is None


def test_with_nobody_waiting_the_queue_is_not_felt(session: Session) -> None:
    _, slot, release_id = released(session, rate=1)
    actor, next_one = resident(session), resident(session)
    with at(session, release_id, SECOND * 1.1):
        assert book_slot(session, actor, wish(slot, actor)).number == 1
        assert refuse(session, next_one, slot).queue.phase is Phase.MOVING
    with at(session, release_id, SECOND * 2.1):
        assert book_slot(session, next_one, wish(slot, next_one)).number == 2


def test_a_release_nobody_prepared_is_made_by_who_books(session: Session) -> None:
    clinic, slot, release_id = released(session)
    session.delete(session.get_one(Release, release_id))
    opens_at = slot.opens_at
    session.flush()
    actor = resident(session)
    with clock.shifted(opens_at + SECOND * 3 - clock.now()):
        book_slot(session, actor, wish(slot, actor))
    assert (
        session.query(Release).where(Release.institution_id == clinic.institution.id).count() == 1
    )


def test_after_the_queue_and_in_other_pools_nobody_queues(session: Session) -> None:
    _, slot, release_id = released(session, rate=1)
    waiting = [resident(session) for _ in range(9)]
    actor = resident(session)
    with at(session, release_id, -timedelta(minutes=1)):
        for each in waiting:
            join(session, each, release_id)
    with at(session, release_id, timedelta(minutes=30) - SECOND / 10):
        assert look(session, actor, release_id).phase is Phase.MOVING
    with at(session, release_id, timedelta(minutes=30)):
        assert book_slot(session, actor, wish(slot, actor)).number == 1
    with at(session, release_id, SECOND), pytest.raises(Denied):
        # Asked of the policy, not of the queue: the actor has no family doctor.
        book_slot(session, actor, wish(slot, actor).model_copy(update={"pool": Pool.ELDERLY}))


def test_who_is_not_verified_does_not_queue(session: Session) -> None:
    *_, release_id = released(session)
    account, person = make_resident(session)
    for actor in (
        Actor(account_id=account.id),
        Actor(account_id=account.id, person_id=person.id, verified=False),
    ):
        with at(session, release_id, -SECOND), pytest.raises(Denied):
            join(session, actor, release_id)


def test_the_job_makes_the_queue_and_draws_where_nobody_did(session: Session) -> None:
    clinic = make_clinic(session, queue_minutes=30, queue_rate=5)
    opens_at = clock.at(clock.today() + timedelta(days=1), 7)
    with clock.shifted(opens_at - timedelta(minutes=16) - clock.now()):
        keep_releases()
        assert not session.query(Release).count()
    with clock.shifted(opens_at - timedelta(minutes=14) - clock.now()):
        keep_releases()
        keep_releases()
        release = session.query(Release).one()
        assert (release.institution_id, release.opens_at) == (clinic.institution.id, opens_at)
        actor = resident(session)
        join(session, actor, release.id)
    with clock.shifted(opens_at + SECOND - clock.now()):
        keep_releases()
        session.refresh(release)
        assert (release.drawn, release.seed) == (1, release.sealed_seed)
        assert (
            session.get_one(Arrival, (release.id, actor.person_id), populate_existing=True).number
            == 1
        )
        assert not draw_due(session, release.id)


def test_a_slot_leads_to_its_queue_only_around_its_release(session: Session) -> None:
    _, slot, release_id = released(session)
    for after, found in (
        (-JOINED_BEFORE - SECOND, None),
        (-JOINED_BEFORE, release_id),
        (timedelta(minutes=29), release_id),
        (timedelta(minutes=30), None),
    ):
        with at(session, release_id, after):
            assert release_of_slot(session, slot.id) == found


def test_every_order_is_equally_likely(session: Session) -> None:
    """The draw's own statement with many seeds: each of the 4! orders about equally often."""
    people = [make_person(session).id for _ in range(4)]
    clinic = make_clinic(session)
    release_id = make_release(session, clinic.institution, clock.now() + OPENS_IN, rate=1)
    now = clock.now()
    session.add_all(
        Arrival(release_id=release_id, person_id=each, account_id=each, arrived_at=now)
        for each in people
    )
    session.flush()
    session.execute(text("ALTER TABLE appointments_arrival DROP CONSTRAINT"
                         " uq_appointments_arrival_release_id_number"))  # fmt: skip
    order = text(
        "SELECT string_agg(number::text, '' ORDER BY person_id) FROM appointments_arrival"
        " WHERE release_id = :release"
    )
    seen: Counter[str] = Counter()
    for trial in range(TRIALS):
        seed = hashlib.sha256(f"seed {trial}".encode()).hexdigest()
        session.execute(NUMBER, {"release": release_id, "seed": seed})
        seen[session.execute(order, {"release": release_id}).scalar_one()] += 1
    assert len(seen) == 24
    expected = TRIALS / 24
    chi_square = sum((count - expected) ** 2 / expected for count in seen.values())
    # 23 degrees of freedom: fair draws pass 75 less than once in a million runs.
    assert chi_square < 75


def test_who_waits_is_told_when_asking_is_worth_while(session: Session) -> None:
    *_, release_id = released(session, rate=1)
    actor = resident(session)
    seen = {}
    with at(session, release_id, -timedelta(minutes=10)):
        seen["long before"] = join(session, actor, release_id).ask_again_seconds
    session.execute(text("UPDATE appointments_release SET arrivals = 40000"))
    with at(session, release_id, -timedelta(minutes=10)):
        seen["with a city waiting"] = look(session, actor, release_id).ask_again_seconds
    with at(session, release_id, -timedelta(seconds=5)):
        seen["right before"] = look(session, actor, release_id).ask_again_seconds
    assert seen["long before"] == 20
    assert seen["with a city waiting"] == 80
    assert 5 <= seen["right before"] <= 15
    session.execute(text("UPDATE appointments_release SET arrivals = 1"))
    with at(session, release_id, SECOND / 10):
        assert look(session, actor, release_id).ask_again_seconds == 2

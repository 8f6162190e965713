"""Sessions by hand: one more, other numbers, other pools; and the week in which they are seen."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Holiday, Slot, TemplateException, Wait
from appointments.queries.schedule import get_session, read_week
from appointments.schemas import (
    ChangeCapacity,
    Clash,
    EntryState,
    HalfDay,
    Kind,
    MovePlaces,
    OpenSession,
    Pool,
    WeekQuery,
)
from appointments.services.sessions import change_capacity, move_places, open_session
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_clinic,
    make_slots,
    make_template,
)
from tests.factories.directory import make_staff
from tests.factories.residents import make_person, make_resident
from tests.factories.supply import DAY, make_administrator, make_registrar


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def registrar(session: Session, clinic: Clinic) -> Actor:
    return make_registrar(session, clinic)


def extra(clinic: Clinic, **more: object) -> OpenSession:
    values: dict[str, object] = {
        "department_id": clinic.department.id,
        "staff_id": clinic.doctor.id,
        "kind": Kind.ONLINE,
        "date": clock.today() + 2 * DAY,
        "half_day": HalfDay.MORNING,
        "room": "9 诊室",
        "capacity": 2,
        "fee_fen": 900,
    }
    return OpenSession.model_validate(values | more)


def test_one_session_more(session: Session, clinic: Clinic, registrar: Actor) -> None:
    made = open_session(session, registrar, extra(clinic))
    assert (made.kind, made.capacity, made.place) == (Kind.ONLINE, 16, "门诊楼 2 层 9 诊室")
    assert made.template_id is None
    with pytest.raises(Conflict) as refused:
        open_session(session, registrar, extra(clinic, kind=Kind.GENERAL))
    assert refused.value.code == "half_day_filled"
    for kind in Kind:
        day = clock.today() + 3 * DAY
        name = f"门诊{kind}"
        more = {"staff_id": None, "clinic_name": name, "kind": kind, "date": day}
        assert open_session(session, registrar, extra(clinic, **more)).kind is kind


def test_not_where_it_cannot_be_held(session: Session, clinic: Clinic, registrar: Actor) -> None:
    for ahead in (-1, 61):
        with pytest.raises(Invalid):
            open_session(session, registrar, extra(clinic, date=clock.today() + ahead * DAY))
    with pytest.raises(Denied):
        open_session(session, make_registrar(session, make_clinic(session)), extra(clinic))
    clinic.department.disabled_at = clock.now()
    session.flush()
    with pytest.raises(Conflict) as refused:
        open_session(session, registrar, extra(clinic))
    assert refused.value.code == "out_of_service"


def counts(slot: Slot) -> tuple[int, ...]:
    return (
        slot.capacity,
        slot.taken,
        slot.remaining,
        slot.family_doctor,
        slot.referral,
        slot.onsite,
        slot.elderly,
        slot.waitlist,
    )


def share(session: Session, slot: Slot, **pools: int) -> None:
    """Set the free places of the pools."""
    for name, places in pools.items():
        setattr(slot, name, places)
    slot.capacity = slot.taken + sum(pools.values())
    session.flush()


def test_more_and_fewer_places(session: Session, clinic: Clinic, registrar: Actor) -> None:
    slot, other, *_ = make_slots(session, clinic, capacity=3)
    make_booking(session, slot, make_person(session).id)
    command = ChangeCapacity(capacity=5)
    change_capacity(session, registrar, slot.session_id, command)
    session.expire_all()
    assert counts(slot) == (5, 1, 4, 0, 0, 0, 0, 0)
    assert counts(other) == (5, 0, 5, 0, 0, 0, 0, 0)
    share(session, slot, remaining=1, onsite=1, elderly=1, family_doctor=1, referral=1)
    one = ChangeCapacity(slot_id=slot.id, capacity=2)
    change_capacity(session, registrar, slot.session_id, one)
    session.expire_all()
    # The public's go first, those of referrals last.
    assert counts(slot) == (2, 1, 0, 0, 1, 0, 0, 0)
    assert other.capacity == 5


def test_never_below_what_is_taken(session: Session, clinic: Clinic, registrar: Actor) -> None:
    slot, other, *_ = make_slots(session, clinic, capacity=3)
    for _ in range(2):
        make_booking(session, slot, make_person(session).id)
    with pytest.raises(Conflict) as refused:
        change_capacity(session, registrar, slot.session_id, ChangeCapacity(capacity=1))
    assert refused.value.code == "below_taken"
    session.expire_all()
    assert (slot.capacity, other.capacity) == (3, 3)


def test_new_places_are_of_those_who_wait(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    slot = make_slots(session, clinic, capacity=1)[0]
    account, person = make_resident(session)
    wait = Wait(
        session_id=slot.session_id,
        person_id=person.id,
        account_id=account.id,
        institution_id=slot.institution_id,
        department_id=slot.department_id,
        division_code=slot.division_code,
        date=slot.date,
        priority=3,
        offers_end=slot.cancel_until,
    )
    session.add(wait)
    session.flush()
    command = ChangeCapacity(slot_id=slot.id, capacity=3)
    change_capacity(session, registrar, slot.session_id, command)
    session.expire_all()
    assert counts(slot) == (3, 0, 1, 0, 0, 0, 0, 2)


def test_places_move_between_pools(session: Session, clinic: Clinic, registrar: Actor) -> None:
    slot, other, *_ = make_slots(session, clinic, capacity=3)

    def move(source: Pool, target: Pool, places: int, slot_id: object = None) -> None:
        command = MovePlaces.model_validate(
            {"slot_id": slot_id, "source": source, "target": target, "places": places}
        )
        move_places(session, registrar, slot.session_id, command)
        session.expire_all()

    move(Pool.PUBLIC, Pool.ONSITE, 2, slot.id)
    assert counts(slot) == (3, 0, 1, 0, 0, 2, 0, 0)
    assert counts(other) == (3, 0, 3, 0, 0, 0, 0, 0)
    with pytest.raises(Conflict) as refused:
        move(Pool.PUBLIC, Pool.REFERRAL, 2, slot.id)
    assert refused.value.code == "none_to_move"
    # Over the whole session as many as there are.
    move(Pool.PUBLIC, Pool.REFERRAL, 2)
    assert counts(slot) == (3, 0, 0, 0, 1, 2, 0, 0)
    assert counts(other) == (3, 0, 1, 0, 2, 0, 0, 0)
    later = slot.reserved_until - clock.now() + timedelta(minutes=1)
    with clock.shifted(later), pytest.raises(Conflict):
        move(Pool.ONSITE, Pool.FAMILY_DOCTOR, 1, slot.id)


def test_a_stopped_or_begun_session_is_left_alone(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    slot = make_slots(session, clinic)[0]
    row = session.get_one(ClinicSession, slot.session_id)
    row.stopped_at = clock.now()
    session.flush()
    command = ChangeCapacity(capacity=9)
    with pytest.raises(Conflict) as stopped:
        change_capacity(session, registrar, row.id, command)
    assert stopped.value.code == "stopped"
    row.stopped_at = None
    session.flush()
    with clock.shifted(9 * DAY), pytest.raises(Conflict) as over:
        change_capacity(session, registrar, row.id, command)
    assert over.value.code == "session_over"


def test_the_week_shows_what_is_open_and_what_is_to_come(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    # A whole week of the future, so that the test holds on every day of this one.
    monday = clock.today() + timedelta(days=7 - clock.today().weekday())
    slot = make_slots(session, clinic, day=monday)[0]
    make_booking(session, slot, make_person(session).id)
    for weekday in range(1, 6):
        make_template(session, clinic, weekday=weekday)
    session.add(Holiday(day=monday + DAY, name="试验节"))
    session.add(
        TemplateException(
            institution_id=clinic.institution.id, date=monday + 2 * DAY, reason="停电"
        )
    )
    session.flush()
    query = WeekQuery(institution_id=clinic.institution.id, date=monday + 6 * DAY)
    week = read_week(session, registrar, query)
    assert week.monday == monday
    assert [(entry.state, entry.note) for entry in week.entries] == [
        (EntryState.OPEN, ""),
        (EntryState.HOLIDAY, "试验节"),
        (EntryState.CLOSED, "停电"),
        (EntryState.PLANNED, ""),
        (EntryState.PLANNED, ""),
    ]
    first = week.entries[0]
    assert (first.taken, first.capacity, first.free and first.free.public) == (1, 24, 23)
    assert first.clashes == ()
    elsewhere = query.model_copy(update={"staff_id": make_staff(session, clinic.institution).id})
    assert read_week(session, registrar, elsewhere).entries == []


def test_what_does_not_fit_is_marked(session: Session, clinic: Clinic, registrar: Actor) -> None:
    monday = clock.today() + timedelta(days=7 - clock.today().weekday())
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    slot = make_slots(session, clinic, day=monday)[0]
    make_template(session, clinic._replace(doctor=colleague), weekday=1)
    session.add(Holiday(day=monday, name="试验节"))
    session.flush()
    query = WeekQuery(institution_id=clinic.institution.id, date=monday)

    def clashes() -> dict[str, tuple[Clash, ...]]:
        found = read_week(session, registrar, query).entries
        return {entry.clinic_name: entry.clashes for entry in found}

    # The colleague's is not opened on a holiday; the doctor's was before it was one.
    template = make_template(session, clinic, weekday=1)
    session.get_one(ClinicSession, slot.session_id).template_id = template.id
    session.flush()
    assert clashes()[clinic.doctor.name] == (Clash.HOLIDAY,)
    assert clashes()[colleague.name] == ()
    session.execute(text("DELETE FROM appointments_holiday"))
    # Both in room 3 of the same floor.
    assert clashes()[colleague.name] == (Clash.ROOM,)
    clinic.doctor.disabled_at = clock.now()
    session.flush()
    assert Clash.OUT_OF_SERVICE in clashes()[clinic.doctor.name]


def test_who_may_see_the_schedule(session: Session, clinic: Clinic) -> None:
    slot = make_slots(session, clinic)[0]
    query = WeekQuery(institution_id=clinic.institution.id, date=slot.date)
    administrator = make_administrator(session, str(clinic.institution.id))
    assert read_week(session, administrator, query).entries
    with pytest.raises(Denied):
        change_capacity(session, administrator, slot.session_id, ChangeCapacity(capacity=4))
    stranger = make_registrar(session, make_clinic(session))
    with pytest.raises(Denied):
        read_week(session, stranger, query)
    with pytest.raises(Denied):
        get_session(session, stranger, slot.session_id)

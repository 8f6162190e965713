"""Each rule of conduct up its ladder and back; refused attempts count, honest people go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appointments.jobs import end_bookings, forget_conduct
from appointments.models import Act, ConductCase, Slot
from appointments.queries.conduct import get_case, list_cases, list_rules, own_standing
from appointments.schemas import (
    AnswerCase,
    BookSlot,
    CaseSearch,
    CaseState,
    ChangeBooking,
    ChangeConductRule,
    ConductCode,
    DecideCase,
    Pool,
    StopSession,
)
from appointments.services.booking import book_slot, hold_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import take_instead
from appointments.services.conduct import Rests, UnderReview
from appointments.services.review import answer_case, change_rule, decide_case
from appointments.services.stopping import stop_session
from appointments.services.sweeping import give_back_expired
from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict, Denied, PortalError, StepUpRequired, TooMany
from notifications.models import Message
from residents.models import Person
from tests.factories.appointments import (
    Clinic,
    make_case,
    make_clinic,
    make_conduct_rule,
    make_full,
    make_slots,
)
from tests.factories.auth import make_account, open_browser_session
from tests.factories.directory import make_institution, make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person, make_resident
from tests.factories.supply import DAY, make_registrar
from tests.integration.appointments.waiting import join

MINUTE = timedelta(minutes=1)
STOP = StopSession(reason="医生生病")
SAID = "替父母和孩子预约，时间没对上才取消。"


def resident(session: Session, **more: object) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True, **more)  # type: ignore[arg-type]


def browsing(session: Session) -> Actor:
    """A resident in a browser, who proved who they are long ago."""
    account, person = make_resident(session)
    open_browser_session(session, account.id)
    return Actor(
        account_id=account.id,
        person_id=person.id,
        verified=True,
        session_id=account.id,
        authenticated_at=clock.now() - timedelta(days=1),
    )


def proved(actor: Actor) -> Actor:
    from dataclasses import replace

    return replace(actor, authenticated_at=clock.now())


def clerk(session: Session, clinic: Clinic, role: Role = Role.REGISTRAR) -> Actor:
    account = make_account(session, name="示例核查员")
    unit = str(clinic.institution.id)
    return Actor(account_id=account.id, grants={role: frozenset({unit})}, active_role=role)


def children(session: Session, actor: Actor, count: int) -> list[UUID]:
    household = session.get_one(Person, actor.person_id).household_id
    made = []
    for _ in range(count):
        child = make_person(session, birth_date=clock.today() - timedelta(days=2000))
        child.household_id = household
        made.append(child.id)
    session.flush()
    return made


def full_slot(session: Session, clinic: Clinic) -> Slot:
    """Attempts on it are refused: trying is all that counts."""
    slot = make_slots(session, clinic, capacity=1)[0]
    slot.remaining, slot.onsite = 0, 1
    session.flush()
    return slot


def attempt(
    session: Session, actor: Actor, slot: Slot, person_id: UUID | None = None
) -> PortalError | None:
    """Book as a request does, in a transaction of its own; the refusal, if it was one."""
    del session
    person = person_id or actor.person_id
    assert person
    try:
        with transaction() as own:
            book_slot(own, actor, BookSlot(slot_id=slot.id, person_id=person))
    except PortalError as refused:
        return refused
    return None


@contextmanager
def later(minutes: float) -> Iterator[None]:
    with clock.shifted(MINUTE * minutes):
        yield


def cases(session: Session) -> list[ConductCase]:
    return list(session.scalars(select(ConductCase).execution_options(populate_existing=True)))


def test_attempts_faster_than_a_person_are_slowed_and_waiting_helps(session: Session) -> None:
    slot = full_slot(session, make_clinic(session))
    make_conduct_rule(session, ConductCode.SPEED, window_seconds=60, slow_at=3, pause_seconds=20)
    actor = resident(session)
    for _ in range(2):
        refused = attempt(session, actor, slot)
        assert refused
        assert refused.code == "slot_full"
    slowed = attempt(session, actor, slot)
    assert isinstance(slowed, TooMany)
    assert slowed.code == "slowed"
    assert slowed.retry_after
    assert 15 <= slowed.retry_after <= 20
    with clock.shifted(timedelta(seconds=21)):
        refused = attempt(session, actor, slot)
        assert refused
        assert refused.code == "slot_full"


def test_then_a_proof_is_asked_for_and_with_it_one_goes_on(session: Session) -> None:
    slot = full_slot(session, make_clinic(session))
    make_conduct_rule(session, ConductCode.SPEED, slow_at=2, confirm_at=2)
    actor = browsing(session)
    attempt(session, actor, slot)
    assert isinstance(attempt(session, actor, slot), StepUpRequired)
    refused = attempt(session, proved(actor), slot)
    assert refused
    assert refused.code == "slot_full"


def test_then_it_is_reviewed_and_booking_rests_until_it_is_cleared(
    session: Session, run_jobs: Callable[[], int]
) -> None:
    clinic = make_clinic(session)
    slot, free = (
        full_slot(session, clinic),
        make_slots(session, clinic, day=clock.today() + timedelta(days=5))[0],
    )
    make_conduct_rule(session, ConductCode.SPEED, review_at=3)
    actor, staff = resident(session), clerk(session, clinic)
    for _ in range(2):
        attempt(session, actor, slot)
    assert isinstance(attempt(session, actor, slot), UnderReview)
    (case,) = cases(session)
    assert (case.account_id, case.institution_id) == (actor.account_id, clinic.institution.id)
    assert case.reasons == [{"code": "too_fast", "count": 3, "limit": 3}]
    assert isinstance(attempt(session, actor, free), UnderReview)
    assert len(cases(session)) == 1
    with later(60 * 24):
        assert isinstance(attempt(session, actor, free), UnderReview)
    run_jobs()
    told = select(func.count()).select_from(Message).where(Message.person_id == actor.person_id)
    assert session.scalar(told) == 1

    answered = answer_case(session, actor, case.id, AnswerCase(answer=SAID))
    assert answered.answer == SAID
    answer_case(session, actor, case.id, AnswerCase(answer=SAID))
    with pytest.raises(Conflict) as caught:
        answer_case(session, actor, case.id, AnswerCase(answer="再说一次：不是黄牛。"))
    assert caught.value.code == "answered"

    (shown,) = list_cases(session, staff, CaseSearch()).items
    assert (shown.id, shown.answer) == (case.id, SAID)
    decision = DecideCase(cleared=True, decision="电话核实，是家里人操作。")
    assert decide_case(session, staff, case.id, decision).state is CaseState.CLEARED
    with pytest.raises(Conflict) as caught:
        decide_case(session, staff, case.id, decision)
    assert caught.value.code == "decided"
    session.flush()
    # What was looked at is settled: the old attempts count no more.
    with later(0.1):
        assert attempt(session, actor, free) is None
    run_jobs()
    assert session.scalar(told) == 3  # the review, its outcome, the booking
    assert own_standing(session, actor).items[0].decision == decision.decision


def test_upheld_rests_until_the_day_and_not_longer(session: Session) -> None:
    clinic = make_clinic(session)
    day = clock.today() + timedelta(days=40)
    free = make_slots(session, clinic, day=day)[0]
    free.opens_at = clock.now() - MINUTE
    make_conduct_rule(session, ConductCode.SPEED, review_at=2, slow_at=2, confirm_at=2)
    slot, actor = full_slot(session, clinic), resident(session)
    for _ in range(2):
        attempt(session, actor, slot)
    (case,) = cases(session)
    decide_case(
        session,
        clerk(session, clinic, Role.ADMINISTRATOR),
        case.id,
        DecideCase(cleared=False, decision="多人共用，继续暂停。", rest_days=30),
    )
    with later(60 * 24 * 29):
        assert isinstance(attempt(session, actor, free), Rests)
    with later(60 * 24 * 30 + 1):
        assert attempt(session, actor, free) is None


def test_many_patients_of_one_account(session: Session) -> None:
    slot = full_slot(session, make_clinic(session))
    make_conduct_rule(session, ConductCode.PATIENTS, slow_at=3, confirm_at=4, review_at=5)
    actor = browsing(session)
    kids = children(session, actor, 4)
    codes = [
        attempt(session, actor, slot, person) for person in (actor.person_id, kids[0], kids[0])
    ]
    assert {refused.code for refused in codes if refused} == {"slot_full"}
    outcome = [attempt(session, actor, slot, person) for person in kids[1:]]
    assert [refused.code for refused in outcome if refused] == [
        "slowed",
        "step_up_required",
        "under_review",
    ]
    (case,) = cases(session)
    assert case.reasons == [{"code": "patients_per_account", "count": 5, "limit": 5}]


def test_booking_and_cancelling_again_and_again(session: Session) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, day=clock.today() + timedelta(days=5))[0]
    make_conduct_rule(session, ConductCode.CANCELS, slow_at=2, confirm_at=3, review_at=4)
    actor = browsing(session)

    def cycle(actor: Actor) -> None:
        with transaction() as own:
            person = actor.person_id
            assert person
            booking = book_slot(own, actor, BookSlot(slot_id=slot.id, person_id=person))
            cancel_booking(own, actor, booking.id)

    cycle(actor)
    cycle(actor)
    slowed = attempt(session, actor, slot)
    assert slowed
    assert slowed.code == "slowed"
    with later(1):
        cycle(actor)
        assert isinstance(attempt(session, actor, slot), StepUpRequired)
        cycle(proved(actor))
        assert isinstance(attempt(session, proved(actor), slot), UnderReview)


def test_a_place_instead_of_a_stopped_one_does_not_count(session: Session) -> None:
    """A family whose clinic the hospital stopped has done nothing unusual."""
    clinic = make_clinic(session)
    slot, other = (
        make_slots(session, clinic, day=clock.today() + days * DAY)[0] for days in (3, 4)
    )
    make_conduct_rule(session, ConductCode.SPEED, review_at=2)
    actor = browsing(session)
    assert actor.person_id
    booking = book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=actor.person_id))
    stop_session(session, make_registrar(session, clinic), slot.session_id, STOP)
    session.commit()
    end_bookings(str(slot.session_id))
    made = take_instead(session, actor, booking.id, ChangeBooking(slot_id=other.id))
    assert made.state == "booked"
    assert session.scalar(select(func.count()).select_from(Act)) == 1


def test_many_accounts_on_one_device(session: Session) -> None:
    slot = full_slot(session, make_clinic(session))
    make_conduct_rule(session, ConductCode.DEVICE, slow_at=3, confirm_at=3, review_at=4)
    first, second, third, fourth = (resident(session, device=b"one browser") for _ in range(4))
    for actor in (first, second, second):
        refused = attempt(session, actor, slot)
        assert refused
        assert refused.code == "slot_full"
    refused = attempt(session, third, slot)  # without a session nobody could be asked
    assert refused
    assert refused.code == "slot_full"
    assert isinstance(attempt(session, fourth, slot), UnderReview)
    elsewhere = attempt(session, resident(session, device=b"another"), slot)
    assert elsewhere
    assert elsewhere.code == "slot_full"


def test_an_old_window_is_forgotten_and_a_rule_that_is_off_counts_nothing(session: Session) -> None:
    slot = full_slot(session, make_clinic(session))
    rule = make_conduct_rule(
        session, ConductCode.SPEED, window_seconds=60, review_at=2, slow_at=2, confirm_at=2
    )
    actor = resident(session)
    attempt(session, actor, slot)
    with later(1.1):
        refused = attempt(session, actor, slot)
        assert refused
        assert refused.code == "slot_full"
        rule.enabled = False
        session.flush()
        attempt(session, actor, slot)
        assert not cases(session)
        assert session.scalar(select(func.count()).select_from(Act)) == 3
        forget_conduct()
        assert session.scalar(select(func.count()).select_from(Act)) == 2


def test_only_staff_of_the_place_decides_and_never_about_oneself(session: Session) -> None:
    clinic, other = make_clinic(session), make_clinic(session, None)
    make_conduct_rule(session, ConductCode.SPEED, review_at=2, slow_at=2, confirm_at=2)
    slot, actor = full_slot(session, clinic), resident(session)
    for _ in range(2):
        attempt(session, actor, slot)
    (case,) = cases(session)
    yes = DecideCase(cleared=True, decision="没有问题。")
    own_clerk = Actor(
        account_id=actor.account_id,
        person_id=actor.person_id,
        verified=True,
        grants={Role.REGISTRAR: frozenset({str(clinic.institution.id)})},
    )
    for nobody in (actor, own_clerk, clerk(session, other), resident(session)):
        with pytest.raises(Denied):
            decide_case(session, nobody, case.id, yes)
    for stranger in (clerk(session, other), resident(session)):
        with pytest.raises(Denied):
            get_case(session, stranger, case.id)
        with pytest.raises(Denied):
            answer_case(session, stranger, case.id, AnswerCase(answer=SAID))
    assert not list_cases(session, clerk(session, other), CaseSearch()).items
    assert not list_cases(session, own_clerk, CaseSearch()).items


def test_rules_are_changed_by_an_administrator_of_the_whole_region(session: Session) -> None:
    institution = make_institution(session)
    rule = make_conduct_rule(session, ConductCode.SPEED)
    region = "990100"
    account = make_account(session)
    boss = Actor(account_id=account.id, grants={Role.ADMINISTRATOR: frozenset({region})})
    local = Actor(
        account_id=account.id, grants={Role.ADMINISTRATOR: frozenset({str(institution.id)})}
    )
    values = {"window_seconds": 10, "slow_at": 5, "confirm_at": 6, "review_at": 7}
    command = ChangeConductRule(**values, pause_seconds=9, enabled=True, version=1)
    with pytest.raises(Denied):
        change_rule(session, local, ConductCode.SPEED, command)
    changed = change_rule(session, boss, ConductCode.SPEED, command)
    assert (changed.slow_at, changed.version) == (5, 2)
    assert list_rules(session, boss).items[0].pause_seconds == 9
    with pytest.raises(Conflict) as caught:
        change_rule(session, boss, ConductCode.SPEED, command.model_copy(update={"slow_at": 4}))
    assert caught.value.code == "stale_version"
    session.refresh(rule)
    assert rule.slow_at == 5
    with pytest.raises(ValueError, match="从小到大"):
        ChangeConductRule(**values | {"slow_at": 9}, pause_seconds=9, version=2)


def test_a_review_rests_every_way_of_booking(session: Session) -> None:
    """Neither the places kept for the contracted nor the waitlist goes around it."""
    clinic = make_clinic(session)
    actor, day = resident(session), clock.today() + timedelta(days=5)
    (slot,) = make_slots(session, clinic, capacity=3, day=day)[:1]
    slot.family_doctor, slot.remaining, slot.reserved_until = 1, 2, slot.starts_at
    team, _, _ = make_team(session, clinic.institution)
    assert actor.person_id
    make_contract(session, session.get_one(Person, actor.person_id), team)
    (full,) = make_full(session, clinic, day=day + timedelta(days=1))
    make_case(session, clinic.institution, actor.account_id, actor.person_id)
    kept = BookSlot(slot_id=slot.id, person_id=actor.person_id, pool=Pool.FAMILY_DOCTOR)
    with pytest.raises(UnderReview), session.begin_nested():
        book_slot(session, actor, kept)
    with pytest.raises(UnderReview), session.begin_nested():
        join(session, actor, full)


def test_places_held_and_let_go_count_as_cancelled(session: Session) -> None:
    clinic = make_clinic(session)
    actor = resident(session)
    slot = make_slots(session, clinic, capacity=1)[0]
    assert actor.person_id
    command = BookSlot(slot_id=slot.id, person_id=actor.person_id)
    for _ in range(2):
        hold_slot(session, actor, command)
        with later(16):
            assert give_back_expired(session, slot.id)
    counted = select(func.count()).where(Act.account_id == actor.account_id, Act.cancel)
    assert session.scalar(counted) == 2

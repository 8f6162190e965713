"""What the checker accepts, and that it does refuse: each history here has one fault or none."""

from tests.histories.linear import Operation, check
from tests.model.state import Booking, Frame, Line, Ref, Slot, State, Times, Waited
from tests.model.steps import (
    Blur,
    Cancel,
    Confirm,
    Free,
    Group,
    Join,
    Joined,
    Lapse,
    Leave,
    Look,
    Offer,
    Poll,
    Refused,
    Seen,
    Stands,
    Stop,
    Sweep,
    Take,
    Together,
    Turn,
)

FRAME = Frame((Times(0, 0, 0, 9, 9, 9, 9),), active_limit=9)
ONE = State((Slot((1, 0, 0, 0, 0, 0)),), {}, {})
FULL = Refused("no_place")


def fits(
    *operations: Operation, begin: State = ONE, left: int | None = None, frame: Frame = FRAME
) -> bool:
    def ends(state: State) -> bool:
        return left is None or state.slots[0].free[0] == left

    return check(frame, begin, operations, ends).order is not None


def took(
    person: int, number: int, called: float, returned: float, key: str | None = None
) -> Operation:
    return Operation(Take(person, 0, key=key), Seen(Ref(0, number), "booked"), called, returned)


def test_one_of_two_at_once_gets_the_place() -> None:
    assert fits(took(0, 1, 1, 4), Operation(Take(1, 0), FULL, 2, 3), left=0)


def test_two_people_on_one_place() -> None:
    assert not fits(took(0, 1, 1, 4), took(1, 2, 2, 3))


def test_a_place_fewer_than_were_given_out() -> None:
    two = State((Slot((2, 0, 0, 0, 0, 0)),), {}, {})
    both = (took(0, 1, 1, 4), took(1, 2, 2, 3))
    assert fits(*both, begin=two)
    assert not fits(*both, begin=ONE)


def test_the_same_number_twice() -> None:
    two = State((Slot((2, 0, 0, 0, 0, 0)),), {}, {})
    assert not fits(took(0, 1, 1, 4), took(1, 1, 2, 3), begin=two)


def test_refused_while_there_was_a_place_all_along() -> None:
    assert not fits(Operation(Take(1, 0), FULL, 1, 2), took(0, 1, 3, 4))


def test_refused_before_anybody_else_had_asked() -> None:
    refused = Operation(Take(1, 0), FULL, 1, 2)
    assert fits(took(0, 1, 1.5, 4), refused)
    assert not fits(took(0, 1, 2.5, 4), refused)


def test_a_cancelled_place_is_there_for_the_next() -> None:
    cancelled = Operation(Cancel(Ref(0, 1)), Seen(Ref(0, 1), "cancelled", "patient"), 3, 5)
    assert fits(took(0, 1, 1, 2), cancelled, took(1, 2, 4, 6), left=0)
    assert not fits(took(0, 1, 1, 2), took(1, 2, 2.5, 2.9), cancelled)


def test_a_lost_answer_may_have_been_any() -> None:
    lost = Operation(Take(0, 0), None, 1)
    full = Operation(Take(1, 0), FULL, 5, 6)
    assert fits(lost, left=0)
    assert fits(lost, left=1)
    assert fits(lost, full)
    assert not fits(full, Operation(Take(0, 0), None, 7))


def test_a_retry_answers_the_same_or_it_is_a_fault() -> None:
    two = State((Slot((2, 0, 0, 0, 0, 0)),), {}, {})
    first = Operation(Take(0, 0, key="k"), None, 1)
    assert fits(first, took(0, 1, 2, 3, key="k"), begin=two, left=1)
    assert not fits(took(0, 1, 1, 1.5, key="k"), took(0, 2, 2, 3, key="k"), begin=two)


def test_nobody_is_confirmed_in_what_was_stopped() -> None:
    stopped = Operation(Stop(0), None, 3, 4)
    confirmed = Operation(Confirm(Ref(0, 1)), Seen(Ref(0, 1), "booked"), 5, 6)
    late = Operation(Confirm(Ref(0, 1)), Refused("hold_over"), 5, 6)
    held = Operation(Take(0, 0, until=9), Seen(Ref(0, 1), "held"), 1, 2)
    assert fits(held, stopped, late)
    assert not fits(held, stopped, confirmed)


def test_a_look_shows_one_moment() -> None:
    assert fits(took(0, 1, 1, 4), Operation(Look(), Free((1,)), 2, 3))
    assert not fits(took(0, 1, 1, 2), Operation(Look(), Free((1,)), 3, 4))


def test_the_end_must_be_as_the_database_has_it() -> None:
    assert not fits(took(0, 1, 1, 2), left=1)


def test_a_family_has_all_its_places_or_none() -> None:
    family = Group(((0, 0), (1, 0)))
    both = Together((Seen(Ref(0, 1), "booked"), Seen(Ref(0, 2), "booked")))
    half = Together((Seen(Ref(0, 1), "booked"),))
    two = State((Slot((2, 0, 0, 0, 0, 0)),), {}, {})
    assert fits(Operation(family, both, 1, 2), begin=two, left=0)
    assert fits(Operation(family, FULL, 1, 2), begin=ONE, left=1)
    assert not fits(Operation(family, FULL, 1, 2), begin=ONE, left=0)
    assert not fits(Operation(family, FULL, 1, 2), begin=two)
    assert not fits(Operation(family, half, 1, 2), begin=two)


# Somebody has the only place; two wait for it, the second of them old.
FIRST, SECOND = Line(0, 1, 10), Line(0, 2, 20)
WAITED = State(
    (Slot((0, 0, 0, 0, 0, 0), 1, 1),),
    {Ref(0, 1): Booking(0, "public", "booked")},
    {FIRST: Waited(), SECOND: Waited()},
)
RETURNED = Operation(Cancel(Ref(0, 1)), Seen(Ref(0, 1), "cancelled", "patient"), 1, 2)


def offered(
    person: int | None, *when: float, number: int = 2, passed: tuple[Line, ...] = ()
) -> Operation:
    turn = Turn(person, None if person is None else Ref(0, number))
    called, returned = when
    return Operation(Offer(0, 9, frozenset(passed)), turn, called, returned)


def told(line: Line, state: str, *when: float, ahead: int = 0) -> Operation:
    called, returned = when
    return Operation(Poll(line), Stands(state, None, ahead), called, returned)


def test_a_place_that_comes_back_is_offered_in_turn() -> None:
    old_first = FRAME._replace(ranks=(3, 3, 1))
    assert fits(RETURNED, offered(1, 3, 4), begin=WAITED)
    assert not fits(RETURNED, offered(2, 3, 4), begin=WAITED)
    assert fits(RETURNED, offered(2, 3, 4), begin=WAITED, frame=old_first)
    assert not fits(RETURNED, offered(1, 3, 4), begin=WAITED, frame=old_first)


def test_a_place_is_not_offered_before_it_came_back_nor_twice() -> None:
    assert not fits(offered(1, 0, 0.5), RETURNED, begin=WAITED)
    assert not fits(RETURNED, offered(1, 3, 4), offered(2, 5, 6, number=3), begin=WAITED)
    assert fits(RETURNED, offered(1, 3, 4), offered(None, 5, 6), begin=WAITED)
    assert not fits(RETURNED, offered(None, 3, 4), begin=WAITED)


def test_an_offer_that_found_nobody_may_have_come_after_what_it_gave_to_the_public() -> None:
    """It answers the same before the place came back, when there was nothing to give."""
    afternoon = Times(1, 0, 0, 9, 9, 9, 9)
    frame = FRAME._replace(slots=(*FRAME.slots, afternoon))
    busy = Line(0, 1, 0.1)
    begin = State(
        (Slot((0, 0, 0, 0, 0, 0), 1, 1), Slot((0, 0, 0, 0, 0, 0), 1, 1)),
        {Ref(0, 1): Booking(0, "public", "booked"), Ref(1, 1): Booking(1, "public", "booked")},
        {busy: Waited()},
    )
    cancelled = Operation(Cancel(Ref(0, 1)), Seen(Ref(0, 1), "cancelled", "patient"), 1, 3)
    assert fits(cancelled, offered(None, 0.5, 4), begin=begin, left=1, frame=frame)
    assert fits(cancelled, offered(None, 0.5, 4), begin=begin, left=0, frame=frame)
    assert not fits(cancelled, offered(None, 3.5, 4), begin=begin, left=0, frame=frame)


def test_an_offer_that_ran_out_goes_to_the_next() -> None:
    over = Operation(Lapse(Ref(0, 2)), None, 5, 6), Operation(Sweep(0), None, 7, 8)
    first = RETURNED, offered(1, 3, 4), *over
    assert fits(*first, offered(2, 9, 10, number=3), begin=WAITED)
    assert not fits(*first, offered(1, 9, 10, number=3), begin=WAITED)
    assert not fits(*first, offered(None, 9, 10), begin=WAITED)


def test_what_was_declined_goes_to_the_next_and_what_was_taken_to_nobody() -> None:
    declined = Operation(Leave(FIRST), Stands("lapsed", Ref(0, 2)), 5, 6)
    taken = Operation(Confirm(Ref(0, 2)), Seen(Ref(0, 2), "booked"), 5, 6)
    first, second = (RETURNED, offered(1, 3, 4)), offered(2, 7, 8, number=3)
    assert fits(*first, declined, second, begin=WAITED)
    assert not fits(*first, taken, second, begin=WAITED)
    assert not fits(*first, taken, declined._replace(called=6, returned=7), begin=WAITED)


def test_an_offer_that_a_dead_worker_may_have_made() -> None:
    lost = Operation(Offer(0, 9), None, 3)
    assert fits(RETURNED, lost, told(FIRST, "waiting", 5, 6), begin=WAITED)
    seen = Operation(Poll(FIRST), Stands("offered", Ref(0, 2)), 5, 6)
    assert fits(RETURNED, lost, seen, begin=WAITED)
    assert not fits(RETURNED, seen, begin=WAITED)


def test_somebody_is_passed_over_only_while_something_else_was_under_way_about_them() -> None:
    second = offered(2, 3, 4)
    about_the_first = Blur(people=frozenset({1}))
    assert not fits(RETURNED, second, begin=WAITED)
    assert fits(RETURNED, second._replace(blur=about_the_first), begin=WAITED)


def test_who_joins_is_told_since_when_and_that_there_is_no_place() -> None:
    joined = Operation(Join(3, 0, since=30), Joined(30), 1, 2)
    assert fits(joined, told(Line(0, 3, 30), "waiting", 3, 4, ahead=2), begin=WAITED)
    assert not fits(joined, told(Line(0, 3, 30), "waiting", 3, 4), begin=WAITED)
    assert not fits(joined, begin=ONE)
    assert fits(Operation(Join(3, 0), Refused("place_free"), 1, 2), begin=ONE)
    assert fits(Operation(Join(1, 0), Joined(10), 1, 2), begin=WAITED)

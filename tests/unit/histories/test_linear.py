"""What the checker accepts, and that it does refuse: each history here has one fault or none."""

from tests.histories.linear import Operation, check
from tests.model.places import (
    Cancel,
    Confirm,
    Frame,
    Free,
    Look,
    Ref,
    Refused,
    Seen,
    Slot,
    State,
    Stop,
    Take,
    Times,
)

FRAME = Frame((Times(0, 0, 0, 9, 9, 9, 9),), active_limit=9)
ONE = State((Slot((1, 0, 0, 0, 0, 0)),), {})
FULL = Refused("no_place")


def fits(*operations: Operation, begin: State = ONE, left: int | None = None) -> bool:
    def ends(state: State) -> bool:
        return left is None or state.slots[0].free[0] == left

    return check(FRAME, begin, operations, ends).order is not None


def took(person: int, number: int, *when: float, key: str | None = None) -> Operation:
    return Operation(Take(person, 0, key=key), Seen(Ref(0, number), "booked"), *when)


def test_one_of_two_at_once_gets_the_place() -> None:
    assert fits(took(0, 1, 1, 4), Operation(Take(1, 0), FULL, 2, 3), left=0)


def test_two_people_on_one_place() -> None:
    assert not fits(took(0, 1, 1, 4), took(1, 2, 2, 3))


def test_a_place_fewer_than_were_given_out() -> None:
    two = State((Slot((2, 0, 0, 0, 0, 0)),), {})
    both = (took(0, 1, 1, 4), took(1, 2, 2, 3))
    assert fits(*both, begin=two)
    assert not fits(*both, begin=ONE)


def test_the_same_number_twice() -> None:
    two = State((Slot((2, 0, 0, 0, 0, 0)),), {})
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
    two = State((Slot((2, 0, 0, 0, 0, 0)),), {})
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

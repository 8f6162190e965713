"""The contract machine: no path leads where it should not."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from family_doctor import states
from family_doctor.states import (
    ENDED,
    HOLDING_A_PLACE,
    IN_FORCE,
    LIVE,
    MOVES,
    State,
    Step,
    after,
    steps,
)

WALKS = st.lists(st.sampled_from(Step), max_size=12)


def walk(taken: list[Step]) -> list[State]:
    """The states passed when every step that may be taken is taken."""
    path = [State.APPLIED]
    for step in taken:
        path.append(after(path[-1], step) or path[-1])
    return path


def test_every_state_is_live_or_ended() -> None:
    assert set(State) == LIVE | ENDED
    assert not LIVE & ENDED
    assert IN_FORCE < HOLDING_A_PLACE < LIVE


def test_every_state_can_be_reached() -> None:
    reached = {State.APPLIED} | set(MOVES.values())
    assert reached == set(State)


def test_each_step_leads_to_one_state() -> None:
    for step in Step:
        assert len({target for (_, taken), target in MOVES.items() if taken is step}) == 1


@given(WALKS)
def test_what_has_ended_stays_ended(taken: list[Step]) -> None:
    path = walk(taken)
    ended = next((index for index, state in enumerate(path) if state in ENDED), None)
    if ended is not None:
        assert len(set(path[ended:])) == 1


@given(WALKS)
def test_nobody_is_served_without_acceptance_and_signature(taken: list[Step]) -> None:
    path = walk(taken)
    if any(state in IN_FORCE for state in path):
        first = next(index for index, state in enumerate(path) if state in IN_FORCE)
        assert path[first] is State.ACTIVE
        assert path[first - 1] in {State.PENDING_SIGNATURE, State.SIGNED}
        assert State.PENDING_SIGNATURE in path[:first]


@given(WALKS)
def test_a_place_is_taken_and_released_at_most_once(taken: list[Step]) -> None:
    held = [state in HOLDING_A_PLACE for state in walk(taken)]
    changes = sum(before is not now for before, now in pairwise(held))
    assert changes <= 2


@given(st.sampled_from(State), st.sampled_from(Step))
def test_only_the_listed_steps_move(state: State, step: Step) -> None:
    assert (after(state, step) is not None) == (step in steps(state))
    if state in ENDED:
        assert after(state, step) is None


def test_every_move_of_the_national_process_is_there() -> None:
    """The facts' transitions; docs/adr/0019 says why drafts and acceptance are no states, and that
    a change that was signed ends the old contract instead of making it active again.
    """
    there = {(origin, target) for (origin, _), target in MOVES.items()}
    for origin, target in (
        ("applied", "rejected"),
        ("applied", "cancelled"),
        ("pending_signature", "active"),
        ("pending_signature", "cancelled"),
        ("active", "expiring"),
        ("expiring", "renewed"),
        ("expiring", "expired"),
        ("active", "change_requested"),
        ("change_requested", "active"),
        ("active", "terminated"),
    ):
        assert (State(origin), State(target)) in there


def test_the_machine_holds_no_numbers() -> None:
    assert not [name for name, value in vars(states).items() if isinstance(value, int | float)]

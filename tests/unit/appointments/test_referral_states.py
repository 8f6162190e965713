"""The machine of referrals: every state is reached, ends end, each step is one side's."""

import pytest

from appointments.referral_states import (
    OPEN,
    WITH_DEADLINE,
    Party,
    ReferralState,
    ReferralStep,
    destination,
    find_step,
    origins,
    party,
    steps,
)

# That somebody did not come is corrected where they came after all.
ENDS = set(ReferralState) - set(OPEN) - {ReferralState.ARRIVED, ReferralState.MISSED}


def test_every_state_is_reached_from_the_first() -> None:
    reached = {ReferralState.SENT}
    while (
        more := {destination(step) for step in ReferralStep if reached & set(origins(step))}
        - reached
    ):
        reached |= more
    assert reached == set(ReferralState)


@pytest.mark.parametrize("state", sorted(ENDS))
def test_nothing_follows_an_end(state: ReferralState) -> None:
    assert not any(steps(state, side) for side in Party)


@pytest.mark.parametrize("state", OPEN)
def test_what_is_open_can_be_taken_back_by_sender_and_patient(state: ReferralState) -> None:
    assert ReferralStep.WITHDRAW in steps(state, Party.SENDER)
    assert ReferralStep.REFUSE in steps(state, Party.PATIENT)


@pytest.mark.parametrize("state", WITH_DEADLINE)
def test_what_has_a_deadline_lapses_and_never_by_a_person(state: ReferralState) -> None:
    assert ReferralStep.LAPSE in steps(state, Party.CALENDAR)
    assert party(ReferralStep.LAPSE) is Party.CALENDAR


def test_an_accepted_referral_never_lapses() -> None:
    follows = steps(ReferralState.ACCEPTED, Party.CALENDAR)
    assert follows == {ReferralStep.LOSE, ReferralStep.MOVE}


def test_a_step_is_found_by_its_name_alone() -> None:
    assert find_step("accept") is ReferralStep.ACCEPT
    assert find_step("ACCEPT") is None
    assert find_step("send") is None

"""A referral as one explicit machine: its states, the steps between them, and whose each step is.

Pure. Sending it is its beginning, not a step. Whoever receives it answers before the deadline of
the region's referral rules, or it lapses; the place held for the patient lives as long as it does.
"""

from enum import StrEnum


class ReferralState(StrEnum):
    """Where a referral stands."""

    SENT = "sent"
    ASKED = "asked"
    ANSWERED = "answered"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    CLOSED = "closed"
    MISSED = "missed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    LAPSED = "lapsed"


class ReferralStep(StrEnum):
    """What moves a referral on."""

    ASK = "ask"
    ACCEPT = "accept"
    PROPOSE = "propose"
    DECLINE = "decline"
    PLACE = "place"
    ARRIVE = "arrive"
    MISS = "miss"
    CLOSE = "close"
    ANSWER = "answer"
    AGREE = "agree"
    REDIRECT = "redirect"
    DISAGREE = "disagree"
    WITHDRAW = "withdraw"
    REFUSE = "refuse"
    LAPSE = "lapse"


class Party(StrEnum):
    """Whose a step is."""

    RECEIVER = "receiver"
    SENDER = "sender"
    PATIENT = "patient"
    CALENDAR = "calendar"


UNDECIDED = (
    ReferralState.SENT,
    ReferralState.ASKED,
    ReferralState.ANSWERED,
    ReferralState.PROPOSED,
)
# What leads to a visit still, or may; these can be given up.
OPEN = (*UNDECIDED, ReferralState.ACCEPTED)
# The receiving side has to do something.
TO_ANSWER = (ReferralState.SENT, ReferralState.ANSWERED)
# The sending side has to.
TO_FOLLOW = (ReferralState.ASKED, ReferralState.PROPOSED)
# The patient goes, or went, to the place that was held.
PROMISED = (ReferralState.ACCEPTED, ReferralState.ARRIVED, ReferralState.CLOSED)
_WITH_RECEIVER = (ReferralState.SENT, ReferralState.ASKED, ReferralState.ANSWERED)

# Each step: from which states, whereto, and whose it is. AGREE takes what the same institution
# proposed; REDIRECT sends the referral on to another, which answers afresh.
_STEPS: dict[ReferralStep, tuple[tuple[ReferralState, ...], ReferralState, Party]] = {
    ReferralStep.ASK: (
        (ReferralState.SENT, ReferralState.ANSWERED), ReferralState.ASKED, Party.RECEIVER,
    ),
    ReferralStep.ACCEPT: (_WITH_RECEIVER, ReferralState.ACCEPTED, Party.RECEIVER),
    ReferralStep.PROPOSE: (_WITH_RECEIVER, ReferralState.PROPOSED, Party.RECEIVER),
    ReferralStep.DECLINE: (_WITH_RECEIVER, ReferralState.DECLINED, Party.RECEIVER),
    ReferralStep.PLACE: ((ReferralState.ACCEPTED,), ReferralState.ACCEPTED, Party.RECEIVER),
    ReferralStep.ARRIVE: ((ReferralState.ACCEPTED,), ReferralState.ARRIVED, Party.RECEIVER),
    ReferralStep.MISS: ((ReferralState.ACCEPTED,), ReferralState.MISSED, Party.RECEIVER),
    ReferralStep.CLOSE: ((ReferralState.ARRIVED,), ReferralState.CLOSED, Party.RECEIVER),
    ReferralStep.ANSWER: ((ReferralState.ASKED,), ReferralState.ANSWERED, Party.SENDER),
    ReferralStep.AGREE: ((ReferralState.PROPOSED,), ReferralState.ACCEPTED, Party.SENDER),
    ReferralStep.REDIRECT: ((ReferralState.PROPOSED,), ReferralState.SENT, Party.SENDER),
    ReferralStep.DISAGREE: ((ReferralState.PROPOSED,), ReferralState.ANSWERED, Party.SENDER),
    ReferralStep.WITHDRAW: (OPEN, ReferralState.WITHDRAWN, Party.SENDER),
    ReferralStep.REFUSE: (OPEN, ReferralState.REFUSED, Party.PATIENT),
    ReferralStep.LAPSE: (UNDECIDED, ReferralState.LAPSED, Party.CALENDAR),
}  # fmt: skip


def origins(step: ReferralStep) -> tuple[ReferralState, ...]:
    """The states from which ``step`` may be taken."""
    return _STEPS[step][0]


def destination(step: ReferralStep) -> ReferralState:
    """Where ``step`` leads; the same from every state it may be taken in."""
    return _STEPS[step][1]


def party(step: ReferralStep) -> Party:
    """Whose ``step`` is."""
    return _STEPS[step][2]


def steps(state: ReferralState, whose: Party) -> frozenset[ReferralStep]:
    """What ``whose`` side may do in ``state``."""
    return frozenset(
        step for step, (begun, _, side) in _STEPS.items() if state in begun and side is whose
    )


def find_step(name: str) -> ReferralStep | None:
    """The step of this name."""
    return next((step for step in ReferralStep if step == name), None)

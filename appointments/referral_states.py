"""A referral as one explicit machine: its states, the steps between them, and whose each step is.

Pure. Sending it is its beginning, not a step. Whoever receives it answers before the deadline of
the region's referral rules, or it lapses; the place held for the patient lives as long as it does.
Where a visit that was promised falls away, another one is found before the next deadline.
"""

from enum import StrEnum


class ReferralState(StrEnum):
    """Where a referral stands."""

    SENT = "sent"
    ASKED = "asked"
    ANSWERED = "answered"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    UNBOOKED = "unbooked"
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
    LOSE = "lose"
    MOVE = "move"


class Party(StrEnum):
    """Whose a step is; the calendar's come by themselves, from a deadline or from the booking."""

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
# What somebody has to do something about before its deadline.
WITH_DEADLINE = (*UNDECIDED, ReferralState.UNBOOKED)
# What leads to a visit still, or may; these can be given up.
OPEN = (*WITH_DEADLINE, ReferralState.ACCEPTED)
# The receiving side has to do something.
TO_ANSWER = (ReferralState.SENT, ReferralState.ANSWERED, ReferralState.UNBOOKED)
# The sending side has to.
TO_FOLLOW = (ReferralState.ASKED, ReferralState.PROPOSED)
# The receiving side said yes, and the patient was not seen yet.
_AWAITED = (ReferralState.ACCEPTED, ReferralState.UNBOOKED)
_WITH_RECEIVER = (ReferralState.SENT, ReferralState.ASKED, ReferralState.ANSWERED)

# Each step: from which states, whereto, and whose it is. AGREE takes what the same institution
# proposed; REDIRECT sends the referral on to another, which answers afresh. LOSE: the visit that
# was promised fell away; MOVE: the patient has another time. That somebody came or did not may be
# corrected.
_STEPS: dict[ReferralStep, tuple[tuple[ReferralState, ...], ReferralState, Party]] = {
    ReferralStep.ASK: (
        (ReferralState.SENT, ReferralState.ANSWERED), ReferralState.ASKED, Party.RECEIVER,
    ),
    ReferralStep.ACCEPT: (_WITH_RECEIVER, ReferralState.ACCEPTED, Party.RECEIVER),
    ReferralStep.PROPOSE: (_WITH_RECEIVER, ReferralState.PROPOSED, Party.RECEIVER),
    ReferralStep.DECLINE: (_WITH_RECEIVER, ReferralState.DECLINED, Party.RECEIVER),
    ReferralStep.PLACE: (_AWAITED, ReferralState.ACCEPTED, Party.RECEIVER),
    ReferralStep.ARRIVE: (
        (*_AWAITED, ReferralState.MISSED), ReferralState.ARRIVED, Party.RECEIVER,
    ),
    ReferralStep.MISS: (
        (ReferralState.ACCEPTED, ReferralState.ARRIVED), ReferralState.MISSED, Party.RECEIVER,
    ),
    ReferralStep.CLOSE: ((ReferralState.ARRIVED,), ReferralState.CLOSED, Party.RECEIVER),
    ReferralStep.ANSWER: ((ReferralState.ASKED,), ReferralState.ANSWERED, Party.SENDER),
    ReferralStep.AGREE: ((ReferralState.PROPOSED,), ReferralState.ACCEPTED, Party.SENDER),
    ReferralStep.REDIRECT: ((ReferralState.PROPOSED,), ReferralState.SENT, Party.SENDER),
    ReferralStep.DISAGREE: ((ReferralState.PROPOSED,), ReferralState.ANSWERED, Party.SENDER),
    ReferralStep.WITHDRAW: (OPEN, ReferralState.WITHDRAWN, Party.SENDER),
    ReferralStep.REFUSE: (OPEN, ReferralState.REFUSED, Party.PATIENT),
    ReferralStep.LAPSE: (WITH_DEADLINE, ReferralState.LAPSED, Party.CALENDAR),
    ReferralStep.LOSE: ((ReferralState.ACCEPTED,), ReferralState.UNBOOKED, Party.CALENDAR),
    ReferralStep.MOVE: (_AWAITED, ReferralState.ACCEPTED, Party.CALENDAR),
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

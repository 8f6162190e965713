"""How a step is written down: one conditional statement, and its line in the course. Whoever calls
has asked the policy, or acts for the calendar, and holds the patient's lock.
"""

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from appointments import events
from appointments.models import Referral, ReferralEntry
from appointments.queries.referrals import timed
from appointments.referral_states import (
    Party,
    ReferralState,
    ReferralStep,
    destination,
    origins,
    party,
)
from core import clock
from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.ids import new_id
from core.messages import N_

EVENTS = {
    ReferralStep.ASK: events.ReferralAsked,
    ReferralStep.ANSWER: events.ReferralAnswered,
    ReferralStep.DISAGREE: events.ReferralAnswered,
    ReferralStep.PROPOSE: events.ReferralProposed,
    ReferralStep.ACCEPT: events.ReferralAccepted,
    ReferralStep.AGREE: events.ReferralAgreed,
    ReferralStep.REDIRECT: events.ReferralSent,
    ReferralStep.PLACE: events.ReferralPlaced,
    ReferralStep.MOVE: events.ReferralMoved,
    ReferralStep.LOSE: events.ReferralUnbooked,
    ReferralStep.DECLINE: events.ReferralDeclined,
    ReferralStep.WITHDRAW: events.ReferralWithdrawn,
    ReferralStep.REFUSE: events.ReferralRefused,
    ReferralStep.LAPSE: events.ReferralLapsed,
    ReferralStep.ARRIVE: events.ReferralArrived,
    ReferralStep.MISS: events.ReferralMissed,
    ReferralStep.CLOSE: events.ReferralCompleted,
}
ENDED = (
    ReferralState.CLOSED,
    ReferralState.MISSED,
    ReferralState.DECLINED,
    ReferralState.WITHDRAWN,
    ReferralState.REFUSED,
    ReferralState.LAPSED,
)


def move(
    session: Session,
    referral: Referral,
    step: ReferralStep,
    version: int,
    changes: dict[str, Any],
) -> None:
    """Take the step if it is legal, nothing changed meanwhile, and it is in time; its event goes
    out with the transaction. Raises Conflict.
    """
    now = clock.now()
    target = destination(step)
    conditions = [
        Referral.id == referral.id,
        Referral.version == version,
        Referral.state.in_(origins(step)),
    ]
    if timed(step):
        conditions.append(Referral.answer_by > now)
    if party(step) is Party.RECEIVER and referral.answered_at is None:
        changes = {"answered_at": now, **changes}
    if target is ReferralState.ACCEPTED and referral.accepted_at is None:
        changes = {"accepted_at": now, **changes}
    moved = session.execute(
        update(Referral)
        .where(*conditions)
        .values(
            state=target,
            version=version + 1,
            ended_at=now if target in ENDED else None,
            **changes,
        )
        .returning(Referral.version)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        raise _why_not(referral, step)
    session.refresh(referral)
    if event := EVENTS.get(step):
        publish(session, event(referral_id=referral.id, person_id=referral.person_id))


def note(
    session: Session, referral: Referral, step: ReferralStep, actor: Actor | None, words: str | None
) -> None:
    """Write the line of the step that was taken; ``actor`` is None where it came by itself."""
    session.add(
        ReferralEntry(
            id=new_id(),
            referral_id=referral.id,
            version=referral.version,
            step=step,
            state=referral.state,
            account_id=actor.account_id if actor else None,
            actor_name=actor.name if actor else "",
            note=words,
        )
    )
    session.flush()


def not_now() -> Conflict:
    """The step does not go in this state."""
    return Conflict("not_now", N_("这份转诊现在的状态不能这样办理。请刷新后看最新情况。"))


def _why_not(referral: Referral, step: ReferralStep) -> Conflict:
    if referral.state in origins(step) and timed(step) and referral.answer_by <= clock.now():
        return Conflict(
            "referral_over", N_("答复的期限已过，这份转诊不再有效。需要时请转出方重新发起。")
        )
    return not_now()

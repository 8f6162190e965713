"""What follows from other rooms' facts: the counts of referrals are kept up."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from appointments import events
from appointments.public import referral_origin
from core.events import Event
from gov_stats.periods import Month
from gov_stats.services import count_referrals


def count_again(session: Session, event: events.ReferralEvent) -> None:
    """Count what the sending institution sent in the month of this referral. It is counted anew and
    not added up, so that an event that comes twice, late or out of order does no harm.
    """
    sender, day = referral_origin(session, event.referral_id)
    count_referrals(session, Month(day.year, day.month), sender)


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = tuple(
    (kind, count_again)
    for kind in (
        events.ReferralSent,
        events.ReferralAsked,
        events.ReferralProposed,
        events.ReferralAccepted,
        events.ReferralAgreed,
        events.ReferralDeclined,
        events.ReferralWithdrawn,
        events.ReferralRefused,
        events.ReferralLapsed,
        events.ReferralArrived,
        events.ReferralMissed,
        events.ReferralCompleted,
    )
)

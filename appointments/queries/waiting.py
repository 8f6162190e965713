"""How much waits for the staff behind the entries of the navigation."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.queries.exchange import KEEPERS, waiting_calls
from appointments.queries.referrals import STAFF_ROLES, referrals_waiting
from core.access import Actor


def count_waiting(session: Session, actor: Actor) -> dict[str, int]:
    """What waits for the actor, by the page that lists it. One statement, none for those whom
    nothing can wait for.
    """
    counts = {}
    if actor.units(*STAFF_ROLES):
        counts["appointments_referrals.inbox"] = referrals_waiting(actor)
    if actor.units(*KEEPERS):
        counts["appointments_exchange.exceptions"] = waiting_calls(actor)
    if not counts:
        return {}
    query = select(*(count.scalar_subquery() for count in counts.values()))
    return dict(zip(counts, session.execute(query).one(), strict=True))

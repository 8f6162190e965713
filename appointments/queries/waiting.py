"""How much waits for the staff behind the room's entries of the navigation."""

from appointments.queries.exchange import waiting_calls
from appointments.queries.referrals import STAFF_ROLES, referrals_waiting
from core.access import Actor, Role
from core.waiting import Waiting


def waiting(actor: Actor) -> Waiting:
    """Referrals and a desk's failed calls that wait for the actor, by the page that lists them."""
    counts = {}
    if actor.units(*STAFF_ROLES):
        counts["appointments_referrals.inbox"] = referrals_waiting(actor).scalar_subquery()
    if actor.units(Role.REGISTRAR):
        counts["appointments_exchange.exceptions"] = waiting_calls(actor).scalar_subquery()
    return Waiting(counts)

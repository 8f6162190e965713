"""What a linked hospital's own system says to a booking of ours, beside the booking itself."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from appointments.models import HospitalCall, HospitalLink
from appointments.queries.offers import CLINIC
from appointments.schemas import AtHospital, CallState, Source, State

LINK = HospitalLink.__table__
LOCK = HospitalCall.__table__.alias("lock_call")
LOCK_COLUMNS = (LOCK.c.state.label("lock_state"), LOCK.c.their_number)
# Since when the hospital of a clinic that it sent itself is asked for a number; none where it is
# not asked.
ASKED_SINCE = (
    select(LINK.c.asked_since)
    .where(
        LINK.c.institution_id == CLINIC.c.institution_id,
        LINK.c.enabled,
        CLINIC.c.external_id.is_not(None),
    )
    .correlate(CLINIC)
    .scalar_subquery()
    .label("asked_since")
)
# Nobody has asked the hospital yet: what a booking begins with.
UNASKED: Mapping[str, Any] = {"lock_state": None, "their_number": ""}


def word_of_hospital(values: Mapping[Any, Any]) -> AtHospital | None:
    """Whether the hospital keeps a number for the booking, or is yet to say so; None where it is
    not asked. A booking made since its hospital is linked waits from its first moment, before
    the event that asks has arrived.
    """
    if values["state"] == State.CANCELLED or values["source"] == Source.HOSPITAL:
        return None
    lock = values["lock_state"]
    if lock in (CallState.DONE, CallState.SETTLED):
        return AtHospital.KEPT
    if values["state"] != State.BOOKED:
        return None
    since = values["asked_since"]
    unheard = lock is None and since is not None and since <= values["created_at"]
    return (
        AtHospital.WAITING if unheard or lock in (CallState.WAITING, CallState.EXCEPTION) else None
    )

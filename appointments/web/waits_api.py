"""/api/v1/appointments/waits: waiting for a full session. An offer is confirmed as the booking
that it holds: /api/v1/appointments/bookings/…/confirm.
"""

from uuid import UUID

from appointments.queries.waits import get_wait, list_waits
from appointments.schemas import JoinWait, WaitQuery, WaitView
from appointments.services.waitlist import join_wait, leave_wait
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write

api = room_api("appointments_waits", "Appointments", "appointments/waits")


@api.post("")
@api.input(JoinWait, arg_name="command")
@api.output(WaitView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def join(command: JoinWait) -> WaitView:
    """Wait for a full session; one who waits already goes on waiting. A refusal (409) names the
    place that is free.
    """
    return write(WaitView, lambda session: join_wait(session, current_actor(), command))


@api.get("")
@api.input(WaitQuery, location="query", arg_name="query")
@api.output(Page[WaitView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own_waits(query: WaitQuery) -> Page[WaitView]:
    """The caller's own waits and their family's, or those of one person."""
    with transaction() as session:
        return list_waits(session, current_actor(), query)


@api.get("/<uuid:wait_id>")
@api.output(WaitView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def one_wait(wait_id: UUID) -> WaitView:
    """One wait: how many are before, or the place that is held and until when."""
    with transaction() as session:
        return get_wait(session, current_actor(), wait_id)


@api.delete("/<uuid:wait_id>")
@api.output(WaitView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def leave(wait_id: UUID) -> WaitView:
    """Wait no longer, or decline the place that is offered; repeated, it answers the same."""
    with transaction() as session:
        return leave_wait(session, current_actor(), wait_id)

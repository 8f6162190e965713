"""/api/v1/appointments/…: the queue at a release."""

from datetime import timedelta
from uuid import UUID

from appointments.queries.queue import order_proof
from appointments.schemas import OrderProof, OrderQuery, OwnQueueView, QueueView
from appointments.services.queue import release_of_slot
from appointments.web.places import WITH_TICKET, take, take_by_ticket, watch, watch_by_ticket
from core.database import transaction
from core.errors import NotFound
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import By, limited

api = room_api("appointments_release", "Appointments", "appointments")


@api.get("/slots/<uuid:slot_id>/release")
@api.output(OwnQueueView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def of_slot(slot_id: UUID) -> OwnQueueView:
    """The queue by which this slot is entered; 404 where there is none now."""
    with transaction() as session:
        release_id = release_of_slot(session, slot_id)
    if release_id is None:
        raise NotFound()
    return watch(current_actor(), release_id)


@api.post("/releases/<uuid:release_id>/join")
@api.output(OwnQueueView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def join_queue(release_id: UUID) -> OwnQueueView:
    """Take a place; however often it is called, from whatever device, it is the same place."""
    return take(current_actor(), release_id)


@api.get("/releases/<uuid:release_id>")
@api.output(OwnQueueView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def look_at_queue(release_id: UUID) -> OwnQueueView:
    """The caller's place; ask again after ``ask_again_seconds``."""
    return watch(current_actor(), release_id)


@api.post("/releases/<uuid:release_id>/place")
@api.output(QueueView)
@api.doc(**SECURED)
@open_to(WITH_TICKET)
def take_place(release_id: UUID) -> QueueView:
    """As ``join``, by the ticket that it and the look give (header ``Ticket``, beside the same
    bearer token): much faster at the minute. 403 ``ticket`` means to look anew for another.
    """
    return take_by_ticket(release_id)


@api.get("/releases/<uuid:release_id>/place")
@api.output(QueueView)
@api.doc(**SECURED)
@open_to(WITH_TICKET)
def watch_place(release_id: UUID) -> QueueView:
    """The caller's place, by ticket."""
    return watch_by_ticket(release_id)


@api.get("/releases/<uuid:release_id>/order")
@api.input(OrderQuery, location="query", arg_name="query")
@api.output(OrderProof)
@api.doc(**SECURED)
@limited(120, timedelta(minutes=10), By.ACCOUNT)
@open_to(SIGNED_IN)
def order(release_id: UUID, query: OrderQuery) -> OrderProof:
    """What proves the order, once it is drawn; the places by pages, from ``next_after`` on."""
    with transaction() as session:
        return order_proof(session, release_id, query)

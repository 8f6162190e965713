"""/api/v1/appointments/…: the queue at a release."""

from uuid import UUID

from appointments.queries.queue import order_proof
from appointments.schemas import OrderProof, QueueView
from appointments.services.queue import join, look, release_of_slot
from core.database import transaction
from core.errors import NotFound
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api

api = room_api("appointments_release", "Appointments", "appointments")


@api.get("/slots/<uuid:slot_id>/release")
@api.output(QueueView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def of_slot(slot_id: UUID) -> QueueView:
    """The queue by which this slot is entered; 404 where there is none now."""
    with transaction() as session:
        release_id = release_of_slot(session, slot_id)
        if release_id is None:
            raise NotFound()
        return look(session, current_actor(), release_id)


@api.post("/releases/<uuid:release_id>/join")
@api.output(QueueView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def join_queue(release_id: UUID) -> QueueView:
    """Take a place; however often it is called, from whatever device, it is the same place."""
    with transaction() as session:
        return join(session, current_actor(), release_id)


@api.get("/releases/<uuid:release_id>")
@api.output(QueueView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def look_at_queue(release_id: UUID) -> QueueView:
    """The caller's place; ask again after ``ask_again_seconds``."""
    with transaction() as session:
        return look(session, current_actor(), release_id)


@api.get("/releases/<uuid:release_id>/order")
@api.output(OrderProof)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def order(release_id: UUID) -> OrderProof:
    """What proves the order, once it is drawn."""
    with transaction() as session:
        return order_proof(session, release_id)

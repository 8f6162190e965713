"""/appointments/queue: one's place at a release, from the slot and back to it."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from appointments.queries.offers import get_slot
from appointments.queries.queue import order_proof
from appointments.schemas import OrderProof, OrderQuery, QueueView
from appointments.services.queue import release_of_slot
from appointments.web.places import WITH_TICKET, take, take_by_ticket, watch, watch_by_ticket
from core import clock
from core.access import Actor
from core.database import reading, transaction
from core.errors import Conflict
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import read_query
from core.web.limits import By, limited
from core.web.problems import translated

pages = Blueprint("appointments_release", __name__, url_prefix="/appointments")


class From(BaseModel):
    """The slot somebody came from, and goes back to."""

    slot: UUID | None = None


@pages.get("/slots/<uuid:slot_id>/queue")
@open_to(SIGNED_IN)
def of_slot(slot_id: UUID) -> ResponseReturnValue:
    """To the queue that leads to this slot, or to the slot where none does."""
    with transaction() as session:
        release_id = release_of_slot(session, slot_id)
    if release_id is None:
        return redirect(url_for("appointments.confirm", slot_id=slot_id))
    return redirect(url_for("appointments_release.show", release_id=release_id, slot=slot_id))


@pages.get("/queue/<uuid:release_id>")
@open_to(SIGNED_IN)
def show(release_id: UUID) -> ResponseReturnValue:
    """One's place, in large numbers; the page moves by itself, also without scripts."""
    return _page(release_id, "", 200)


@pages.post("/queue/<uuid:release_id>")
@open_to(SIGNED_IN)
def enter(release_id: UUID) -> ResponseReturnValue:
    """Take a place; pressed again it is the same place."""
    try:
        take(current_actor(), release_id)
    except Conflict as refusal:
        return _page(release_id, translated(refusal.message), refusal.status)
    return redirect(url_for("appointments_release.show", release_id=release_id, slot=_slot()), 303)


@pages.get("/queue/<uuid:release_id>/state")
@open_to(SIGNED_IN)
def state(release_id: UUID) -> Response:
    """What the page asks for while one waits."""
    return _as_json(watch(current_actor(), release_id))


@pages.get("/queue/<uuid:release_id>/place")
@open_to(WITH_TICKET)
def watch_place(release_id: UUID) -> Response:
    """As ``state``, by the ticket that it and the page give; a ticket is good for some minutes."""
    return _as_json(watch_by_ticket(release_id))


@pages.post("/queue/<uuid:release_id>/place")
@open_to(WITH_TICKET)
def take_place(release_id: UUID) -> Response:
    """As ``enter``, by ticket: what the page's button sends where scripts run."""
    return _as_json(take_by_ticket(release_id))


@pages.get("/queue/<uuid:release_id>/order")
@open_to(SIGNED_IN)
def order(release_id: UUID) -> ResponseReturnValue:
    """What proves that the order is fair, and how to check it."""
    with transaction() as session:
        proof = order_proof(session, release_id, OrderQuery(limit=1))
    own = watch(current_actor(), release_id) if _has_place(current_actor()) else None
    return render_template("appointments/release/order.html", proof=proof, own=own, slot=_slot())


@pages.get("/queue/<uuid:release_id>/order.json")
@limited(10, timedelta(minutes=10), By.ACCOUNT)
@open_to(SIGNED_IN)
def order_file(release_id: UUID) -> Response:
    """The proof as a file."""
    with transaction() as session:
        proof: OrderProof = order_proof(session, release_id)
    answer = Response(proof.model_dump_json(), mimetype="application/json")
    answer.headers["Content-Disposition"] = "attachment; filename=order.json"
    return answer


def _page(release_id: UUID, refusal: str, status: int) -> ResponseReturnValue:
    actor, slot_id = current_actor(), _slot()
    if not _has_place(actor):
        here = url_for("appointments_release.show", release_id=release_id, slot=slot_id)
        return render_template("appointments/release/unverified.html", here=here), 403
    queue = watch(actor, release_id)
    with reading() as session:
        slot = get_slot(session, slot_id) if slot_id else None
    page = render_template(
        "appointments/release/queue.html",
        queue=queue,
        slot=slot,
        refusal=refusal,
        zone=clock.zone().key,
    )
    answer = make_response(page, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _as_json(queue: QueueView) -> Response:
    answer = Response(queue.model_dump_json(), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _has_place(actor: Actor) -> bool:
    return actor.verified and actor.person_id is not None


def _slot() -> UUID | None:
    return read_query(From).slot

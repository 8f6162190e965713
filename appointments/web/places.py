"""Taking a place at a release and looking at it: one way for page and API, with and without a
ticket. At the minute thousands come; one statement answers nearly all of them.
"""

from uuid import UUID

from appointments.schemas import OwnQueueView, QueueView
from appointments.services.drawn import remembered
from appointments.services.queue import (
    Place,
    admitted,
    come,
    come_at_once,
    place_of,
    stand,
    stand_at_once,
)
from core.access import Actor
from core.database import at_once, transaction
from core.web.access import Ticketed
from core.web.tickets import Ticket, current_ticket, issue

PURPOSE = "queue"
WITH_TICKET = Ticketed(PURPOSE)


def take(actor: Actor, release_id: UUID) -> OwnQueueView:
    """As ``services.queue.join``, with a ticket for the next look."""
    place = _own(actor, release_id)
    return _with_ticket(_take(place), place)


def watch(actor: Actor, release_id: UUID) -> OwnQueueView:
    """As ``services.queue.look``, with a ticket for what follows."""
    place = _own(actor, release_id)
    return _with_ticket(_watch(place), place)


def take_by_ticket(release_id: UUID) -> QueueView:
    """As ``take``, for whom a ticket was given."""
    return _take(_of_ticket(release_id))


def watch_by_ticket(release_id: UUID) -> QueueView:
    """As ``watch``, for whom a ticket was given."""
    return _watch(_of_ticket(release_id))


def _own(actor: Actor, release_id: UUID) -> Place:
    place = place_of(actor, release_id)
    if place is None:
        with transaction() as session:  # refused, with its audit
            return admitted(session, actor, release_id)
    return place


def _of_ticket(release_id: UUID) -> Place:
    ticket = current_ticket(release_id)
    return Place(ticket.thing, ticket.person_id, ticket.account_id)


def _take(place: Place) -> QueueView:
    with at_once() as connection:
        view = come_at_once(connection, place)
    if view is not None:
        return view
    with transaction() as session:
        return come(session, place)


def _watch(place: Place) -> QueueView:
    if (known := remembered(place.release_id, place.person_id)) is not None:
        return known
    with at_once() as connection:
        view = stand_at_once(connection, place)
    if view is not None:
        return view
    with transaction() as session:
        return stand(session, place)


def _with_ticket(view: QueueView, place: Place) -> OwnQueueView:
    ticket = issue(PURPOSE, Ticket(place.release_id, place.account_id, place.person_id))
    return OwnQueueView(ticket=ticket, **view.model_dump())

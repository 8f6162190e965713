"""Facts that the residents room announces."""

from uuid import UUID

from core.events import Event


class ConsentGiven(Event):
    """A person lets another, who is known here, act for them."""

    representation_id: UUID


class ConsentEnded(Event):
    """One of the two ended it."""

    representation_id: UUID

"""The queue at a release: what who waits is shown, and what proves that the order is fair."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from appointments.schemas.bookings import View


class ReleaseAction(StrEnum):
    """What may be asked of a release."""

    JOIN = "appointments:join-queue"


class Phase(StrEnum):
    """How far a queue is: ``early`` nobody may come yet, ``gathering`` people come and wait for
    the draw, ``moving`` people enter in order, ``over`` nobody needs a place any more.
    """

    EARLY = "early"
    GATHERING = "gathering"
    MOVING = "moving"
    OVER = "over"


class QueueView(View):
    """A queue as one person sees it. ``waiting`` counts everybody who came before the draw;
    ``number``, ``before`` (people still to enter ahead) and ``turn_at`` are known once drawn.
    ``ask_again_seconds`` is when asking again is worth while.
    """

    id: UUID
    institution_id: UUID
    joins_from: datetime
    opens_at: datetime
    ends_at: datetime
    phase: Phase
    rate: int
    seed_hash: str
    seed: str | None
    waiting: int
    joined: bool
    number: int | None
    before: int | None
    turn_at: datetime | None
    admitted: bool
    ask_again_seconds: int


class OwnQueueView(QueueView):
    """Also a ``ticket`` for twenty minutes: as the header Ticket, beside the same session or token,
    it opens …/place, which answers the same much faster at the minute.
    """

    ticket: str


class PlaceInOrder(View):
    """One place of the proof: no name, only the ticket that its owner can compute."""

    number: int
    ticket: str
    arrived_at: datetime


class OrderProof(BaseModel):
    """All that is needed to draw the order again.

    ``seed_hash`` is the SHA-256 of the seed's bytes. The first ``drawn`` places stand in the
    order of SHA-256(seed bytes + ticket bytes); later ones by ``arrived_at``. A ticket is
    SHA-256(release id + person id), 16 bytes each: nobody can choose it.
    """

    release_id: UUID
    seed_hash: str
    seed: str
    drawn: int
    # How many places there are, of which these are some; the others follow ``next_after``.
    total: int
    places: list[PlaceInOrder]
    next_after: int | None = None


class OrderQuery(BaseModel):
    """Which of the places: at most ``limit``, of numbers higher than ``after``."""

    after: int = Field(default=0, ge=0, le=10**9)
    limit: int = Field(default=500, ge=1, le=1000)

"""Disputes about a contract: the resident says why, the team answers, an administrator decides."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.searching import SearchQuery
from family_doctor.schemas.base import Command, View

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=1000)]


class DisputeAction(StrEnum):
    """What may be asked of disputes."""

    OPEN = "family_doctor:open-dispute"
    READ = "family_doctor:read-dispute"
    ANSWER = "family_doctor:answer-dispute"
    DECIDE = "family_doctor:decide-dispute"


class Subject(StrEnum):
    """What a dispute is about."""

    NOT_SERVED = "not_served"
    CHARGED_WRONGLY = "charged_wrongly"
    ENDED_AGAINST_WILL = "ended_against_will"


class DisputeState(StrEnum):
    """``open`` waits for the team; ``answered``, ``unanswered`` (the team let its time pass) and
    ``escalated`` (so did the administrators; those above them decide now) for the administrator;
    the others are its end.
    """

    OPEN = "open"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    ESCALATED = "escalated"
    WITHDRAWN = "withdrawn"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


TO_DECIDE = frozenset({DisputeState.ANSWERED, DisputeState.UNANSWERED, DisputeState.ESCALATED})
WAITING = TO_DECIDE | {DisputeState.OPEN}


class OpenDispute(Command):
    """Say what is wrong with one's contract."""

    subject: Subject
    text: Text


class AnswerDispute(Command):
    """The team's answer; the resident reads it."""

    answer: Text


class DecideDispute(Command):
    """The decision; upheld, the person's whole part is due back. Both sides read the reason."""

    upheld: bool
    reason: Text


class DisputeView(View):
    """A dispute. ``answer_by`` is the team's deadline, ``decide_by`` the administrator's;
    ``decider`` is the unit whose administrators, and those above, decide it now. ``late_since`` is
    the first of their deadlines that passed. ``refund_fen`` is what an upheld one made due.
    """

    id: UUID
    contract_id: UUID
    person_id: UUID
    team_id: UUID
    institution_id: UUID
    division_code: str
    subject: Subject
    text: str
    state: DisputeState
    opened_at: datetime
    answer_by: datetime
    answer: str | None
    answered_at: datetime | None
    decide_by: datetime | None
    decider: str | None
    decider_name: str
    late_since: datetime | None
    decision: str | None
    decided_at: datetime | None
    refund_fen: int | None
    version: int
    team_name: str = ""
    person_name: str = ""


class DisputeSearch(SearchQuery):
    """Disputes: one's own, with ``team_id`` those about a team, with ``to_decide`` those within
    one's units as an administrator; ``closed`` the ended ones.
    """

    team_id: UUID | None = None
    to_decide: bool = False
    closed: bool = False
    contract_id: Annotated[UUID | None, Field(description="of one contract")] = None

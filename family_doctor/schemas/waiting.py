"""Packs bought beside a contract that ran out: they wait for the next team, or are given back."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from family_doctor.schemas.base import Command, View
from family_doctor.schemas.terms import BoughtRefund


class WaitingAction(StrEnum):
    """What may be asked of them, beside reading their contract."""

    ANSWER = "family_doctor:answer-waiting-pack"


class WaitingState(StrEnum):
    """``waiting`` for a team; ``served`` by the next one; ``returned`` by the resident's choice;
    ``lapsed``: given back because no team came in time.
    """

    WAITING = "waiting"
    SERVED = "served"
    RETURNED = "returned"
    LAPSED = "lapsed"


GIVEN_BACK = frozenset({WaitingState.RETURNED, WaitingState.LAPSED})


class AnswerWaitingPack(Command):
    """Give the pack back (the unperformed part is due), or keep it for the next team."""

    give_back: bool


class WaitingPackView(View):
    """A pack that waits. ``refund`` is what is due back, or would be now; ``waits_until`` the day
    on which it is given back by itself; ``kept_at`` when the resident chose to keep it.
    """

    id: UUID
    contract_id: UUID
    order_id: UUID
    person_id: UUID
    pack_name: str
    pack_name_en: str
    state: WaitingState
    waits_until: date
    kept_at: datetime | None
    closed_at: datetime | None
    refund: BoughtRefund | None = None


class WaitingPackList(BaseModel):
    """The packs bought beside one contract that waited when it ran out."""

    items: list[WaitingPackView]

"""Labels that records speak for: proposed to a doctor of the team, never set by themselves."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from family_doctor.schemas.base import Command, Reason, View


class ProposalState(StrEnum):
    """``void``: a record that it rested on was withdrawn, or the label was set otherwise."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    VOID = "void"


class DeclineProposal(Command):
    """Why the label does not hold; the same records do not propose it again."""

    reason: Reason


class SourceRecord(View):
    """A record that speaks for a label, with the day and the follow-up where there is one."""

    record_id: UUID
    on: date
    follow_up_id: UUID | None = None


class ProposalView(View):
    """A proposed label with the records behind it; ``said`` is the rule's words."""

    id: UUID
    person_id: UUID
    person_name: str
    contract_id: UUID
    group_code: str
    group_name: str
    group_name_en: str
    said: str
    said_en: str
    records: tuple[SourceRecord, ...]
    state: ProposalState
    made_at: datetime
    decided_at: datetime | None
    decided_by_name: str | None


class ProposalList(BaseModel):
    """What waits for a doctor of a team, the oldest first; ``most`` says that there may be more."""

    items: list[ProposalView]
    most: bool = False

"""Who came, what missed visits count, and what a suspended patient says to it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from appointments.schemas.bookings import HalfDay, State, View
from core.searching import SearchQuery

# A visit is marked, and a mark corrected, until so many days after its day.
DAYS_TO_MARK = 7
# Points are kept in hundredths of a missed visit.
ONE_VISIT = 100


class VisitAction(StrEnum):
    """What may be asked of visits that are over, and of what they count."""

    READ_VISITS = "appointments:read-visits"
    MARK_VISIT = "appointments:mark-visit"
    READ_RECORD = "appointments:read-record"
    APPEAL = "appointments:appeal"
    READ_APPEALS = "appointments:read-appeals"
    DECIDE_APPEAL = "appointments:decide-appeal"


class Outcome(StrEnum):
    """Whether the patient came."""

    ATTENDED = "attended"
    NO_SHOW = "no_show"


class MarkVisit(BaseModel):
    """Say whether the patient came; said again otherwise, it is a correction."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome


class Marked(BaseModel):
    """How many visits were marked."""

    count: int


class VisitQuery(SearchQuery):
    """An institution's visits of a day that is over: those to be marked, or those that are."""

    institution_id: UUID
    date: date
    marked: bool = False


class VisitRow(View):
    """One visit of the day."""

    booking_id: UUID
    session_id: UUID
    number: int
    starts_at: datetime
    ends_at: datetime
    half_day: HalfDay
    department_name: str
    department_name_en: str | None
    clinic_name: str
    doctor_title: str
    state: State
    person_id: UUID
    person_name: str


class DayToMark(View):
    """A day that can still be marked, with how many visits are to be."""

    date: date
    count: int


class CountedVisitView(View):
    """A visit that counts against a patient; ``points`` are hundredths of a missed one."""

    booking_id: UUID
    date: date
    starts_at: datetime
    department_name: str
    department_name_en: str | None
    clinic_name: str
    doctor_title: str
    state: State
    points: int
    # Counted by a suspension; it counts for no other.
    suspended: bool


class SuspensionView(View):
    """A suspension as the patient sees it, with what they said and the answer."""

    id: UUID
    person_id: UUID
    institution_id: UUID
    institution_name: str
    since: datetime
    until: datetime
    points: int
    lifted_at: datetime | None
    appeal: str | None
    appealed_at: datetime | None
    decided_at: datetime | None
    decision: str


class RecordView(View):
    """What counts against a patient at an institution: ``points`` of the last ``days`` days, in
    hundredths; ``most`` of them suspend for ``suspend_days``. A suspension in force has visits of
    its own, which count no more.
    """

    person_id: UUID
    institution_id: UUID
    institution_name: str
    points: int
    most: int
    days: int
    suspend_days: int
    visits: list[CountedVisitView]
    suspension: SuspensionView | None


class RecordList(BaseModel):
    """Records by person and institution; there is none where nothing counts."""

    items: list[RecordView]


class RecordQuery(BaseModel):
    """The record of a person, or without one of oneself and those one may act for."""

    person_id: UUID | None = None


class Appeal(BaseModel):
    """What the patient says to a suspension, once."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=5), Field(max_length=500)
    ]


class Decide(BaseModel):
    """The institution's answer to an appeal, with its reason."""

    model_config = ConfigDict(extra="forbid")

    lift: bool
    sentence: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2), Field(max_length=200)
    ]


class AppealQuery(SearchQuery):
    """Appeals to an institution: those that wait for an answer, or those that have one."""

    institution_id: UUID
    decided: bool = False


class AppealView(SuspensionView):
    """An appeal as the institution's desk sees it, with the visits that were counted."""

    person_name: str
    visits: list[CountedVisitView]

"""The day itself: checking in, the queues of the rooms, triage, the screens of the halls."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from appointments.schemas.bookings import Aged, Clinic, Pool, View
from core.messages import N_

ScreenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Complaint = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class QueueAction(StrEnum):
    """What may be asked of the day's queues."""

    CHECK_IN = "appointments:check-in"
    RUN_QUEUE = "appointments:run-queue"
    READ_TICKET = "appointments:read-ticket"
    TRIAGE = "appointments:triage"
    KEEP_SCREENS = "appointments:keep-screens"


class Precedence(IntEnum):
    """Who is called before whom, whatever the time."""

    EMERGENCY = 0
    AGED = 1
    DISABLED = 2
    REFERRED = 3
    ORDINARY = 4


class TicketState(StrEnum):
    """Where a patient who came stands. ``skipped`` waits too, behind some others."""

    WAITING = "waiting"
    CALLED = "called"
    DONE = "done"
    SKIPPED = "skipped"
    LEFT = "left"


class PauseReason(StrEnum):
    """Why nobody is called. A choice, not free text: the whole hall reads it."""

    BREAK = "break"
    EMERGENCY = "emergency"
    WARD = "ward"
    EQUIPMENT = "equipment"


class CheckIn(BaseModel):
    """A patient is here, by the code on their phone or by their booking. ``late`` takes one whose
    time is over, behind those who are on time.
    """

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(max_length=200)] | None = None
    booking_id: UUID | None = None
    late: bool = False

    @model_validator(mode="after")
    def _by_one_of_them(self) -> Self:
        if (self.code is None) == (self.booking_id is None):
            raise ValueError(N_("请扫报到码，或从名单里选一位患者。"))
        return self


class WalkIn(BaseModel):
    """Give a place of the day to somebody who is here, and check them in."""

    model_config = ConfigDict(extra="forbid")

    slot_id: UUID
    person_id: UUID
    # Of those that the desk gives out.
    pool: Literal[Pool.ONSITE, Pool.ELDERLY] = Pool.ONSITE


class CallNext(BaseModel):
    """Call the next patient. ``finish`` is the one in the room, who is done with it: two consoles
    that press at once cannot both mean the patient whom the other has just called.
    """

    model_config = ConfigDict(extra="forbid")

    finish: UUID | None = None


class PauseRoom(BaseModel):
    """Call nobody for a while."""

    model_config = ConfigDict(extra="forbid")

    reason: PauseReason = PauseReason.BREAK


class Transfer(BaseModel):
    """To another session of the same department and day."""

    model_config = ConfigDict(extra="forbid")

    session_id: UUID


class RecordTriage(BaseModel):
    """What triage found; with ``department_id`` the patient is sent to that department."""

    model_config = ConfigDict(extra="forbid")

    level: int = Field(ge=1, le=4)
    complaint: Complaint
    department_id: UUID | None = None


class MakeScreen(BaseModel):
    """A screen for a waiting hall; without departments it shows all of the institution."""

    model_config = ConfigDict(extra="forbid")

    institution_id: UUID
    name: ScreenName
    department_ids: list[UUID] = Field(default=[], max_length=20)


class TicketView(Clinic):
    """A patient's place in the queue, as they and the desk see it.

    ``ahead`` patients come first, none where the patient is not waiting. The wait is an estimate
    in minutes, unknown while the room is paused. Until the room calls anybody, ``begins_at`` is
    when it is to begin, where that is still to come.
    """

    id: UUID
    booking_id: UUID
    session_id: UUID
    person_id: UUID
    label: str
    state: TicketState
    priority: Precedence
    date: date
    due_at: datetime
    arrived_at: datetime
    called_at: datetime | None
    calls: int
    now_called: str | None
    begins_at: datetime | None = None
    ahead: int | None
    wait_from: int | None
    wait_until: int | None
    pause: PauseReason | None


class ArrivalWindow(View):
    """From when until when a booking is checked in."""

    opens_at: datetime
    ends_at: datetime


class QueueRow(Aged):
    """A patient on the console."""

    id: UUID
    booking_id: UUID
    label: str
    state: TicketState
    priority: Precedence
    due_at: datetime
    arrived_at: datetime
    calls: int
    person_name: str
    sex: str


class RoomQueue(Clinic):
    """A room's queue; ``waiting`` is in the order in which they are called."""

    session_id: UUID
    date: date
    called: QueueRow | None
    waiting: list[QueueRow]
    done: int
    pause: PauseReason | None
    # How often the one in the room may still be called again.
    recalls_left: int
    skip_behind: int
    # Minutes a patient takes here, by what was seen today.
    pace: float


class RoomRow(Clinic):
    """A room of the day with what its queue holds."""

    session_id: UUID
    half_day: str
    waiting: int
    done: int
    called: str | None
    pause: PauseReason | None


class RoomList(BaseModel):
    """The rooms of an institution today."""

    items: list[RoomRow]


class TriageView(View):
    """What was recorded, and the ticket with which the patient goes on."""

    id: UUID
    level: int
    ticket_id: UUID
    label: str
    redirected: bool


class ScreenView(View):
    """A screen, without the secret of its address."""

    id: UUID
    institution_id: UUID
    name: str
    department_ids: list[UUID]
    created_at: datetime
    ended_at: datetime | None


class NewScreen(ScreenView):
    """A screen with the address that shows it."""

    address: str | None


class InstitutionChoice(BaseModel):
    """Of which institution."""

    institution_id: UUID


class ScreenList(BaseModel):
    """The screens of an institution, newest first."""

    items: list[ScreenView]


class HallCall(View):
    """Somebody on a screen: a number, and no more of the name than its first character."""

    label: str
    name: str


class HallRoom(View):
    """A room on a screen. ``call`` changes whenever somebody is called, or called again."""

    place: str
    department_name: str
    department_name_en: str | None
    clinic_name: str
    doctor_title: str
    called: HallCall | None
    call: str
    called_at: datetime | None
    coming: list[HallCall]
    waiting: int
    pause: PauseReason | None


class HallView(BaseModel):
    """What a screen shows."""

    institution_name: str
    name: str
    rooms: list[HallRoom]

"""A schedule as those who plan it see it: half-days, their places by pool, what does not fit."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from appointments.schemas.bookings import HalfDay, Kind, View


class EntryState(StrEnum):
    """How a half-day of a schedule stands; ``planned`` is to be opened from its template."""

    OPEN = "open"
    STOPPED = "stopped"
    OVER = "over"
    PLANNED = "planned"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    OUT_OF_SERVICE = "out_of_service"


class Clash(StrEnum):
    """What does not go together in a schedule."""

    ROOM = "room"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    OUT_OF_SERVICE = "out_of_service"


class PoolCounts(View):
    """The free places of each pool."""

    public: int
    family_doctor: int
    referral: int
    onsite: int
    elderly: int
    waitlist: int


class ScheduleEntry(View):
    """A half-day of a doctor or clinic: a session (``session_id``), or one that a template
    (``template_id``) will open. ``note`` is why it is closed, ``places`` what is free where it is
    open, ``clashes`` what somebody should look at.
    """

    session_id: UUID | None
    template_id: UUID | None
    department_id: UUID
    staff_id: UUID | None
    clinic_name: str
    doctor_title: str
    example: bool
    kind: Kind
    date: date
    half_day: HalfDay
    place: str
    capacity: int
    taken: int
    free: PoolCounts | None
    state: EntryState
    note: str
    clashes: tuple[Clash, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Whose it is: one row of the week."""
        return (str(self.staff_id or ""), self.clinic_name)


class WeekQuery(BaseModel):
    """A week (that of ``date``) of an institution, of one of its departments, or of a doctor."""

    institution_id: UUID
    date: date
    department_id: UUID | None = None
    staff_id: UUID | None = None


class Week(BaseModel):
    """Seven days from Monday, and what is planned on them."""

    monday: date
    entries: list[ScheduleEntry]


class SlotPlaces(View):
    """A slot with its places by pool."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    free: PoolCounts


class SessionView(ScheduleEntry):
    """A session, slot by slot. A stop would end ``bookings`` and close ``waiting``."""

    session_id: UUID
    institution_id: UUID
    institution_name: str
    department_name: str
    department_name_en: str | None
    fee_fen: int
    slots: list[SlotPlaces]
    bookings: int
    waiting: int

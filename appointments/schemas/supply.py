"""What is offered, for those who plan it: weekly clinics, days that differ, sessions, stops."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator

from appointments.schemas.bookings import HalfDay, Kind, Pool, View
from core.messages import N_
from core.paging import PageQuery
from core.searching import SearchQuery
from directory.schemas.administration import AtState, Change, Command, Line, Name

# A stop reaches so far; nobody's leave is longer, and a session's rows are counted.
LONGEST_STOP = timedelta(days=92)
HIGHEST_FEE = 1_000_000
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=2, max_length=100, pattern=r"^[^\x00-\x1f]*$"
    ),
]
Capacity = Annotated[int, Field(ge=1, le=200)]
Fee = Annotated[int, Field(ge=0, le=HIGHEST_FEE)]
Weekday = Annotated[int, Field(ge=1, le=7)]


class SupplyAction(StrEnum):
    """What may be asked of an institution's schedule, its rules, and the region's holidays."""

    READ_SCHEDULE = "appointments:read-schedule"
    CHANGE_SCHEDULE = "appointments:change-schedule"
    STOP_CLINIC = "appointments:stop-clinic"
    READ_RULES = "appointments:read-rules"
    CHANGE_RULES = "appointments:change-rules"
    CHANGE_HOLIDAYS = "appointments:change-holidays"


class SupplySubject(StrEnum):
    """What has a history."""

    TEMPLATE = "clinic_template"
    RULE = "booking_rule"


class _Period(Command):
    valid_from: date | None = None
    valid_until: date | None = None

    @field_validator("valid_until", check_fields=False)
    @classmethod
    def _in_order(cls, value: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("valid_from")
        if value and first and value < first:
            raise ValueError(N_("最后一天不能早于第一天。"))
        return value


class CreateTemplate(_Period):
    """A weekly clinic (ISO ``weekday``, ``capacity`` patients a slot) from a first to a last day,
    open-ended where not given.
    """

    department_id: UUID
    staff_id: UUID | None = None
    clinic_name: Name | None = Field(default=None, validate_default=True)
    kind: Kind
    weekday: Weekday
    half_day: HalfDay
    room: Line = ""
    capacity: Capacity
    fee_fen: Fee
    on_holidays: bool = False

    @field_validator("clinic_name")
    @classmethod
    def _of_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        return one_of_two(value, info)


class ChangeTemplate(_Period, Change):
    """New values for a weekly clinic; they hold for sessions that are not open yet."""

    kind: Kind | None = None
    weekday: Weekday | None = None
    half_day: HalfDay | None = None
    room: Line | None = None
    capacity: Capacity | None = None
    fee_fen: Fee | None = None
    on_holidays: bool | None = None


class EndTemplate(AtState):
    """No session after ``last_day``, which is not in the past; sessions that are open stay."""

    last_day: date


class CopyWeek(Command):
    """The weekly clinics of a doctor or clinic, for another, from a day on."""

    department_id: UUID
    staff_id: UUID | None = None
    clinic_name: Name | None = Field(default=None, validate_default=True)
    to_department_id: UUID
    to_staff_id: UUID | None = None
    to_clinic_name: Name | None = Field(default=None, validate_default=True)
    valid_from: date | None = None

    @field_validator("clinic_name")
    @classmethod
    def _from_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        return one_of_two(value, info)

    @field_validator("to_clinic_name")
    @classmethod
    def _to_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        return one_of_two(value, info, "to_staff_id")


def one_of_two(value: str | None, info: ValidationInfo, doctor: str = "staff_id") -> str | None:
    """A clinic's name where there is no doctor. Raises ValueError where both or none are given."""
    if (value is None) == (info.data.get(doctor) is None):
        raise ValueError(N_("请选择医生，或填写科室门诊的名称，两者选一。"))
    return value


class TemplateView(View):
    """A weekly clinic; ``clinic_name`` is the doctor's name where there is one. ``opened`` sessions
    of it are still to come.
    """

    id: UUID
    institution_id: UUID
    department_id: UUID
    staff_id: UUID | None
    clinic_name: str
    doctor_title: str
    example: bool
    kind: Kind
    weekday: int
    half_day: HalfDay
    room: str
    capacity: int
    fee_fen: int
    on_holidays: bool
    valid_from: date | None
    valid_until: date | None
    in_service: bool
    disabled: bool
    version: int
    opened: int


class TemplateSearch(SearchQuery):
    """The weekly clinics of a department that have not ended."""

    department_id: UUID


class CopiedWeek(BaseModel):
    """What was copied, and which half-days (weekday, half) were filled already."""

    made: int
    skipped: list[tuple[int, HalfDay]]


class SetException(Command):
    """A day on which a weekly clinic, or without ``template_id`` the whole institution, is closed;
    a weekly clinic may have another capacity instead.
    """

    institution_id: UUID
    template_id: UUID | None = None
    date: date
    capacity: Capacity | None = None
    reason: Reason

    @field_validator("capacity")
    @classmethod
    def _of_one_clinic(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("template_id") is None:
            raise ValueError(N_("全院只能整天停诊。改号数请选一个门诊。"))
        return value


class ExceptionView(View):
    """A day that differs. ``opened`` sessions were open already and stay as they are."""

    id: UUID
    institution_id: UUID
    template_id: UUID | None
    date: date
    capacity: int | None
    reason: str
    clinic_name: str
    half_day: HalfDay | None
    opened: int


class ExceptionQuery(PageQuery):
    """The days to come that differ at an institution."""

    institution_id: UUID


class SetHoliday(Command):
    """A public holiday of the region."""

    day: date
    name: Name
    name_en: Line | None = None


class HolidayView(View):
    """A public holiday of the region."""

    day: date
    name: str
    name_en: str | None


class HolidayList(BaseModel):
    """The holidays from today on, by day."""

    items: list[HolidayView]


class OpenSession(Command):
    """One session more, by hand."""

    department_id: UUID
    staff_id: UUID | None = None
    clinic_name: Name | None = Field(default=None, validate_default=True)
    kind: Kind
    date: date
    half_day: HalfDay
    room: Line = ""
    capacity: Capacity
    fee_fen: Fee

    @field_validator("clinic_name")
    @classmethod
    def _of_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        return one_of_two(value, info)


class ChangeCapacity(Command):
    """Another number of patients per slot: of one slot, or of all that have not begun."""

    slot_id: UUID | None = None
    capacity: Capacity


class MovePlaces(Command):
    """Free places of one pool become another's: ``places`` of one slot, or as many as there are
    up to ``places`` in each slot to come.
    """

    slot_id: UUID | None = None
    source: Pool
    target: Pool
    places: Capacity

    @field_validator("target")
    @classmethod
    def _another(cls, value: Pool, info: ValidationInfo) -> Pool:
        if Pool.WAITLIST in (value, info.data.get("source")):
            raise ValueError(N_("候补名额属于正在候补的人，不能调进或调出。"))
        if value == info.data.get("source"):
            raise ValueError(N_("请选择两个不同的号池。"))
        return value


class StopSession(Command):
    """Why a session is stopped; patients read it."""

    reason: Reason


class StopDays(Command):
    """Stop all sessions of a doctor, a department's clinic, or without either a department, from a
    first to a last day, opened or not.
    """

    department_id: UUID
    staff_id: UUID | None = None
    clinic_name: Name | None = None
    first: date
    last: date
    half_day: HalfDay | None = None
    reason: Reason

    @field_validator("last")
    @classmethod
    def _period(cls, value: date, info: ValidationInfo) -> date:
        first = info.data.get("first")
        if first and value < first:
            raise ValueError(N_("最后一天不能早于第一天。"))
        if first and value - first > LONGEST_STOP:
            raise ValueError(N_("一次最多停诊三个月。更久的请结束门诊模板。"))
        return value


class StoppedBooking(View):
    """A booking that a stop ended, and what has become of its patient. ``told_at`` is when the
    message was left, None until the worker has done so; without ``reachable`` there is no phone
    that it also goes to. ``moved_to`` is when their new visit begins.
    """

    booking_id: UUID
    person_name: str
    starts_at: datetime
    number: int
    reachable: bool
    told_at: datetime | None
    read_at: datetime | None
    moved_to: datetime | None


class StoppedBookings(BaseModel):
    """Whom a stop met, by time and number."""

    items: list[StoppedBooking]


class StopOutcome(BaseModel):
    """What a stop ends, or would: sessions, bookings (each patient is told), people who wait; and
    how many half-days that are not open yet stay closed.
    """

    sessions: int
    bookings: int
    waiting: int
    closed: int

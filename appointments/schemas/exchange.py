"""Exchange with a hospital's own system: its schedule and locks in, our calls out."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from appointments.schemas.bookings import HalfDay, Kind, Pool, State, View
from appointments.schemas.wall_time import WallTime
from core.messages import N_
from core.paging import PageQuery
from core.searching import SearchQuery, SearchText
from residents.schemas import DocumentNumber, IdentifierKind

# What a hospital's application needs in its token.
EXCHANGE_SCOPE = "appointments.exchange"
MOST_SESSIONS = 500
MOST_SLOTS = 2_000
LONGEST_SLOT = timedelta(hours=2)


class ExchangeAction(StrEnum):
    """What may be asked of the exchange with a hospital: by its own system, and by people."""

    IMPORT = "appointments:import-schedule"
    LOCK = "appointments:lock-number"
    READ_DAY = "appointments:read-exchange-day"
    READ_EXCEPTIONS = "appointments:read-exchange"
    SETTLE = "appointments:settle-exchange"
    ADMINISTER = "appointments:administer-hospital-link"


class Call(StrEnum):
    """What is asked of the hospital, in this order."""

    LOCK = "lock"
    CONFIRM = "confirm"
    RETURN = "return"


class CallState(StrEnum):
    """How a call stands; ``void`` is not needed any more, ``settled`` was done by hand."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    EXCEPTION = "exception"
    SETTLED = "settled"
    VOID = "void"


class Trouble(StrEnum):
    """Why a call did not succeed."""

    SILENT = "silent"
    FAILED = "failed"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    UNANSWERED = "unanswered"
    BAD_ADDRESS = "bad_address"
    LINK_OFF = "link_off"


class Channel(StrEnum):
    """The hospital's own way in by which a number is locked."""

    WECHAT = "wechat"
    ALIPAY = "alipay"
    POS = "pos"
    KIOSK = "kiosk"
    APP = "app"
    WINDOW = "window"


ExternalId = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:-]{1,64}$")
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
LongLabel = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class Strict(BaseModel):
    """A document from outside: what is not known is not taken."""

    model_config = ConfigDict(extra="forbid")


class ImportedSlot(Strict):
    """A period of a session and how many patients it takes; wall-clock times of the region.
    With 0 it takes nobody more; who has a place keeps it.
    """

    starts_at: WallTime
    ends_at: WallTime
    capacity: int = Field(ge=0, le=200)


class ImportedSession(Strict):
    """A doctor's (or with ``clinic`` a department's) half-day under the hospital's own ``id``.

    ``department`` and ``doctor`` are names as published in the portal, or the portal's ids.
    ``stopped`` says that it is off or on again; left out, that stays as it is.
    """

    id: ExternalId
    date: date
    half_day: HalfDay
    kind: Kind = Kind.GENERAL
    department: Label
    doctor: Label | None = None
    clinic: Label | None = None
    room: LongLabel = ""
    fee_fen: int = Field(ge=0, le=1_000_000)
    stopped: bool | None = None
    stop_reason: LongLabel = ""
    slots: list[ImportedSlot] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.doctor is None) == (self.clinic is None):
            raise ValueError(N_("请填写医生或门诊名称，两者只填一个。"))
        return self

    @model_validator(mode="after")
    def _slots_in_order(self) -> Self:
        end: time | None = None
        for slot in sorted(self.slots, key=lambda each: each.starts_at):
            if not slot.starts_at < slot.ends_at or _length(slot) > LONGEST_SLOT:
                raise ValueError(N_("每个时段要有先后，且不长于两小时。"))
            if end is not None and slot.starts_at < end:
                raise ValueError(N_("同一场门诊的时段不能重叠。"))
            end = slot.ends_at
        return self


class ImportSchedule(Strict):
    """Sessions of a hospital. What it does not name stays as it is."""

    sessions: list[ImportedSession] = Field(min_length=1, max_length=MOST_SESSIONS)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(len(each.slots) for each in self.sessions) > MOST_SLOTS:
            raise ValueError(N_("一次最多送 2000 个时段，请分几次送。"))
        if len({each.id for each in self.sessions}) < len(self.sessions):
            raise ValueError(N_("同一个门诊编号在一次里只能出现一次。"))
        return self


class Imported(StrEnum):
    """What became of a session of the document."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class ImportFault(BaseModel):
    """Why a session was not taken; ``row`` counts from 0. Nothing of it was changed."""

    row: int
    id: str
    code: str
    detail: str


class ImportResult(BaseModel):
    """How many sessions are new, changed or as they were, and which were not taken."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: list[ImportFault] = []


class PatientPaper(Strict):
    """A paper of somebody without an ID number, by which the portal registered them."""

    kind: IdentifierKind
    number: DocumentNumber


class Patient(Strict):
    """Who comes: name and ID number, or name and another paper, of one person in the portal."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
    id_number: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[0-9]{17}[0-9Xx]$"),
        ]
        | None
    ) = None
    paper: PatientPaper | None = None

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if (self.id_number is None) == (self.paper is None):
            raise ValueError(N_("请给出身份证号，或一种其他证件，不能都给。"))
        return self


class LockNumber(Strict):
    """Hold a number of a session for a patient who stands at the hospital's own counter, machine
    or application.
    """

    session_id: ExternalId
    starts_at: datetime
    patient: Patient
    channel: Channel
    pool: Pool = Pool.PUBLIC

    @model_validator(mode="after")
    def _own_pools(self) -> Self:
        if self.pool not in (Pool.PUBLIC, Pool.ONSITE):
            raise ValueError(N_("医院自己的渠道只能用公开号和现场号。"))
        if self.starts_at.tzinfo is None:
            raise ValueError(N_("时间要带时区，例如 2026-11-24T08:00:00+08:00。"))
        return self


class LockState(StrEnum):
    """How a hospital's lock stands."""

    HELD = "held"
    BOOKED = "booked"
    RETURNED = "returned"
    OVER = "over"


class LockView(BaseModel):
    """A hospital's lock: the number in the slot, and until when it is held."""

    lock_id: str
    state: LockState
    booking_id: UUID | None
    number: int | None
    held_until: datetime | None


class ExchangeDay(PageQuery):
    """The day whose bookings the hospital reads."""

    date: date


class ExchangeRow(View):
    """A booking as the hospital needs it to match its own list; it learnt who comes by the lock."""

    booking_id: UUID
    lock_id: str | None
    session_id: str
    starts_at: datetime
    number: int
    state: State
    pool: Pool
    patient: str


class CallAnswer(StrEnum):
    """What the hospital says of a call."""

    DONE = "done"
    REFUSED = "refused"


class CallBack(Strict):
    """The hospital's late answer to a call that it had accepted first."""

    booking_id: UUID
    call: Call
    result: CallAnswer
    number: Annotated[str, StringConstraints(max_length=40)] = ""


class CallBackTaken(BaseModel):
    """Whether an answer changed anything; a repeated one does not."""

    changed: bool


class LinkSearch(PageQuery):
    """Find linked hospitals, or by name one to link."""

    search: SearchText = None


class SaveLink(Strict):
    """Where a hospital's system answers, and whether it is called."""

    version: int = Field(default=0, ge=0)
    base_url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=300)]
    enabled: bool = False


class LinkVersion(Strict):
    """The state of the link that a request was made on."""

    version: int = Field(ge=1)


class LinkView(View):
    """A hospital's link; never its secret."""

    id: UUID
    institution_id: UUID
    institution_name: str
    base_url: str
    enabled: bool
    version: int


class LinkSecret(LinkView):
    """A link with its secret, which is shown once: None when a retry is answered, or unchanged."""

    secret: str | None = Field(default=None, repr=False)


class ExceptionSearch(SearchQuery):
    """The calls of a hospital that nobody answered, or with ``settled`` those done by hand."""

    settled: bool = False


class FailedCall(View):
    """A call that failed as often as it may, and for which booking."""

    id: UUID
    institution_id: UUID
    institution_name: str
    booking_id: UUID
    call: Call
    state: CallState
    attempts: int
    called_at: datetime | None
    trouble: Trouble | None
    note: str
    starts_at: datetime
    department_name: str
    department_name_en: str | None
    clinic_name: str
    number: int
    booking_state: State
    example: bool


class RetryCall(Strict):
    """Call the hospital again, three times more."""


class SettleCall(Strict):
    """What was agreed with the hospital, in a sentence."""

    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=200)]


class Done(BaseModel):
    """It was done."""

    done: bool = True


def _length(slot: ImportedSlot) -> timedelta:
    start, end = slot.starts_at, slot.ends_at
    return timedelta(hours=end.hour - start.hour, minutes=end.minute - start.minute)

"""What can be booked, bookings, and an institution's day."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field

from core import clock
from core.paging import PageQuery
from core.searching import SearchQuery, SearchText
from residents.schemas import age_on

# Patients are asked to be there this long before their slot.
ARRIVE_BEFORE = timedelta(minutes=15)


class Action(StrEnum):
    """What may be asked of slots, bookings and an institution's day."""

    BOOK = "appointments:book"
    READ_BOOKING = "appointments:read-booking"
    CANCEL_BOOKING = "appointments:cancel-booking"
    READ_DAY_LIST = "appointments:read-day-list"


class Kind(StrEnum):
    """What sort of clinic it is; an expert's opens further ahead."""

    GENERAL = "general"
    SPECIALIST = "specialist"
    EXPERT = "expert"
    HEALTH_CHECK = "health_check"
    ADMISSION = "admission"
    VACCINATION = "vaccination"
    ONLINE = "online"


class HalfDay(StrEnum):
    """Which half of the day a session fills."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


class Pool(StrEnum):
    """For whom a place is kept."""

    PUBLIC = "public"
    FAMILY_DOCTOR = "family_doctor"
    REFERRAL = "referral"
    ONSITE = "onsite"
    ELDERLY = "elderly"
    WAITLIST = "waitlist"


class Source(StrEnum):
    """Which way a booking came."""

    OWN = "own"
    FAMILY = "family"
    FAMILY_DOCTOR = "family_doctor"
    REFERRAL = "referral"
    WAITLIST = "waitlist"
    DESK = "desk"
    PHONE = "phone"
    HOSPITAL = "hospital"


# What residents book for themselves and their families.
BY_THEMSELVES = frozenset({Source.OWN, Source.FAMILY})


class Because(StrEnum):
    """Why a booking ended before the visit; only ``late`` counts against the patient."""

    PATIENT = "patient"
    LATE = "late"
    EXPIRED = "expired"
    CHANGED = "changed"
    REFUSED = "refused"
    STOPPED = "stopped"
    HOSPITAL = "hospital"


class Waiting(StrEnum):
    """How a wait for a full session stands; ``offered`` has a place held for the patient."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"
    LEFT = "left"
    CLOSED = "closed"


class State(StrEnum):
    """What became of a booking."""

    HELD = "held"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    ATTENDED = "attended"
    NO_SHOW = "no_show"


class AtHospital(StrEnum):
    """What the hospital's own system says to a booking: nothing yet, or that it keeps a number."""

    WAITING = "waiting"
    KEPT = "kept"


class SlotState(StrEnum):
    """Whether a place can be taken now."""

    FREE = "free"
    FULL = "full"
    CLOSED = "closed"
    NOT_YET = "not_yet"
    STOPPED = "stopped"
    OUT_OF_SERVICE = "out_of_service"


class View(BaseModel):
    """A view made from a row."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Aged(View):
    """A view of somebody whose age is told."""

    birth_date: date

    @property
    def age(self) -> int:
        """Whole years today."""
        return age_on(self.birth_date, clock.today())


class BookSlot(BaseModel):
    """Take a place in a slot for a person, from the places kept for ``pool``."""

    model_config = ConfigDict(extra="forbid")

    slot_id: UUID
    person_id: UUID
    pool: Pool = Pool.PUBLIC


class BookGroup(BaseModel):
    """Take a place for each of several people: all of them, or none."""

    model_config = ConfigDict(extra="forbid")

    bookings: list[BookSlot] = Field(min_length=1, max_length=7)


class ChangeBooking(BaseModel):
    """Move a booking to another slot of the same department, to a place kept for ``pool``."""

    model_config = ConfigDict(extra="forbid")

    slot_id: UUID
    pool: Pool = Pool.PUBLIC


class CancelBooking(BaseModel):
    """Give a place back; ``late`` accepts that after the deadline it counts against one."""

    model_config = ConfigDict(extra="forbid")

    late: bool = False


class SlotQuery(BaseModel):
    """The slots of a department on a day."""

    department_id: UUID
    date: date


class Clinic(View):
    """Whom one sees, where, and for how much; ``clinic_name`` is the doctor's where there is one.

    ``example`` marks a doctor made up in the usual shape.
    """

    institution_id: UUID
    institution_name: str
    department_id: UUID
    department_name: str
    department_name_en: str | None
    clinic_name: str
    doctor_title: str
    place: str
    kind: Kind
    fee_fen: int
    example: bool


class SlotView(Clinic):
    """A half-hour of a session: until when and how many can still book it. ``staff_id`` is the
    doctor's; a clinic of the department has none.
    """

    id: UUID
    session_id: UUID
    staff_id: UUID | None
    half_day: HalfDay
    date: date
    starts_at: datetime
    ends_at: datetime
    capacity: int
    remaining: int
    # Further places, for residents with a family doctor.
    family_doctor: int
    # Further places that only the desk gives out, for its own pages.
    onsite: int = Field(default=0, exclude=True)
    elderly: int = Field(default=0, exclude=True)
    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime
    reserved_until: datetime
    state: SlotState

    @property
    def kept(self) -> int:
        """Places that residents with a family doctor can still take now."""
        open_now = self.state in (SlotState.FREE, SlotState.FULL)
        return self.family_doctor if open_now and clock.now() < self.reserved_until else 0

    @property
    def for_care(self) -> tuple[Pool, int]:
        """From which pool a family doctor can book on behalf now, and how many places: from those
        kept for it, or once these were given back, from the public's.
        """
        if clock.now() < self.reserved_until:
            return Pool.FAMILY_DOCTOR, self.kept
        return Pool.PUBLIC, self.remaining if self.state is SlotState.FREE else 0


class SlotList(BaseModel):
    """A department's slots on one day, by clinic and time."""

    items: list[SlotView]


class DayOffer(View):
    """A day of the strip: free places, or from when on there will be some; ``kept`` are further
    ones for residents with a family doctor, ``care`` those that the doctor can book on behalf:
    the kept ones, and of the public's those of slots whose kept ones were given back.
    """

    date: date
    free: int
    kept: int = 0
    care: int = 0
    # What the desk can give out, for its own pages.
    onsite: int = Field(default=0, exclude=True)
    elderly: int = Field(default=0, exclude=True)
    opens_at: datetime | None = None


class DepartmentOffer(View):
    """What a department has free in the days that can be booked."""

    free: int
    earliest: datetime | None


class BookingView(Clinic):
    """A booking as its owner and the registrar see it; ``number`` is the order in the slot.

    ``hospital`` is None where no system of the hospital's own is asked; while it is ``waiting``
    the place is the patient's here, and may be lost there yet. ``hospital_number`` is the
    hospital's own, once it is ``kept`` and where it has one.
    """

    id: UUID
    slot_id: UUID
    person_id: UUID
    person_name: str
    state: State
    pool: Pool
    source: Source
    number: int
    date: date
    starts_at: datetime
    ends_at: datetime
    cancel_until: datetime
    # Given back now: at all, and without counting against the patient.
    cancellable: bool
    free_to_cancel: bool
    # The patient came and has not left: only the desk ends it now.
    checked_in: bool = False
    created_at: datetime
    held_until: datetime | None
    cancelled_at: datetime | None
    because: Because | None
    changed_from: UUID | None
    hospital: AtHospital | None
    hospital_number: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def arrive_at(self) -> datetime:
        """When the patient is asked to be there."""
        return self.starts_at - ARRIVE_BEFORE


class BookingGroup(BaseModel):
    """Bookings that were made together."""

    items: list[BookingView]


class When(StrEnum):
    """Which of one's bookings."""

    COMING = "coming"
    PAST = "past"


class BookingQuery(SearchQuery):
    """Bookings of one person, or without one of oneself and those one may act for: all, the coming
    ones, or those past and cancelled.
    """

    when: When | None = None
    person_id: UUID | None = None


class DayListQuery(PageQuery):
    """An institution's patients of a day; ``search`` is a name, the last four characters of an
    ID number, or a number given out.
    """

    institution_id: UUID
    date: date
    department_id: UUID | None = None
    search: SearchText = None


class DayListRow(Aged):
    """One patient of the day; ``label`` is what they are called by once they were checked in."""

    booking_id: UUID
    number: int
    starts_at: datetime
    ends_at: datetime
    department_id: UUID
    department_name: str
    department_name_en: str | None
    clinic_name: str
    place: str
    state: State
    label: str | None
    person_id: UUID
    person_name: str
    sex: str


class DepartmentCount(View):
    """How many patients a department expects on a day."""

    department_id: UUID
    department_name: str
    department_name_en: str | None
    patients: int

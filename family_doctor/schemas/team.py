"""A team's residents, work and figures."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.paging import PageQuery
from core.searching import SearchQuery
from family_doctor.schemas.base import View
from family_doctor.schemas.contracts import Channel
from family_doctor.schemas.follow_ups import UrgentFollowUp
from family_doctor.schemas.prescriptions import WaitingRefill
from family_doctor.schemas.teamwork import AbsenceView, Whose
from family_doctor.schemas.terms import Kind
from family_doctor.states import State


class Due(StrEnum):
    """Which part of the work list: late, due today, or due within the days ahead."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"


class CapacityView(View):
    """A team's places: taken from acceptance until the contract ends. ``capacity`` is the smaller
    of the team's own quota and what the rule allows its doctors.
    """

    team_id: UUID
    capacity: int
    taken: int
    remaining: int


class TeamFigures(View):
    """A team's day. ``index`` is the share kept of what fell due this month so far; None without
    anything due. ``oldest_overdue`` is the earliest date that was missed, ``per_doctor`` how many
    residents the rule allows each doctor; ``urgent`` are emergencies found at follow-ups that
    nobody has seen to; ``refills`` how many requests to renew a medicine wait, and the first of
    them.
    """

    due_today: int
    done_today: int
    overdue: int
    oldest_overdue: date | None
    due_this_month: int
    done_this_month: int
    applications: int
    signed: int
    taken: int
    per_doctor: int
    urgent: tuple[UrgentFollowUp, ...] = ()
    # As which of the staff the reader works here, and who of the team is away today.
    staff_id: UUID | None = None
    away: tuple[AbsenceView, ...] = ()
    refills: int = 0
    first_refills: tuple[WaitingRefill, ...] = ()

    @property
    def index(self) -> float | None:
        """Kept over due of this month; None where nothing was due."""
        return self.done_this_month / self.due_this_month if self.due_this_month else None


class PanelEntry(View):
    """A resident of a team's list, or an applicant."""

    contract_id: UUID
    person_id: UUID
    name: str
    sex: str
    birth_date: date
    village_name: str
    state: State
    channel: Channel
    applied_at: datetime
    ends_on: date | None
    kind: Kind = Kind.NEW
    # Who of the team looks after them.
    carer_id: UUID | None = None
    carer_name: str | None = None


class WorkItem(View):
    """A service to be done, for whom, by when."""

    obligation_id: UUID
    contract_id: UUID
    person_id: UUID
    name: str
    sex: str
    birth_date: date
    village_name: str
    item_code: str
    item_name: str
    item_name_en: str
    sequence: int
    times: int
    due_on: date
    # Whether it is recorded with a form of follow-up.
    has_form: bool = False
    # How it went the last time, of a service with a form.
    result: str | None = None
    emergency: bool | None = None
    result_at: datetime | None = None
    carer_id: UUID | None = None
    carer_name: str | None = None


class PanelSearch(SearchQuery):
    """A team's residents by part of the name, last four of the ID number, or village; all, one's
    own, those of a member, or those whom nobody of the team looks after.
    """

    team_id: UUID | None = None
    whose: Whose = Whose.TEAM
    member_id: UUID | None = None
    unassigned: bool = False


class WorkSearch(PageQuery):
    """A team's work, of one population group, late or soon due only, or for one's own residents."""

    team_id: UUID | None = None
    group: Annotated[str | None, Field(pattern=r"^[0-9]{2}$")] = None
    due: Due | None = None
    whose: Whose = Whose.TEAM

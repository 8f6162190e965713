"""Who in a team looks after whom, handing residents over, absences and substitutes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.searching import SearchQuery, SearchText
from directory.schemas import Duty
from family_doctor.schemas.base import Command, View

MOST_TICKED = 500
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=1000)]
Village = Annotated[str | None, Field(max_length=60, pattern=r"^[^\x00]*$")]


class TeamworkAction(StrEnum):
    """What may be asked of a team's division of work."""

    ASSIGN = "family_doctor:assign-residents"
    RECORD_ABSENCE = "family_doctor:record-absence"


class Whose(StrEnum):
    """Whose residents a list shows: those one looks after, those of members one stands in for, or
    all of the team's.
    """

    MINE = "mine"
    STAND_IN = "stand_in"
    TEAM = "team"


class Selection(BaseModel):
    """Residents of a team, by what holds of all of them together: ticked ones, those of a member
    (in the team or gone), those whom nobody in the team looks after, those of a village (its whole
    name), those a search of the panel finds, or ``everyone``.
    """

    model_config = ConfigDict(frozen=True)

    contract_ids: Annotated[list[UUID], Field(max_length=MOST_TICKED)] = []
    member_id: UUID | None = None
    unassigned: bool = False
    village: Village = None
    search: SearchText = None
    everyone: bool = False

    @property
    def chosen(self) -> bool:
        """Whether anything was chosen."""
        return bool(
            self.contract_ids
            or self.member_id
            or self.unassigned
            or self.village
            or self.search
            or self.everyone
        )


class PreviewHandover(Selection):
    """Ask what a handover would do, before it happens."""

    team_id: UUID
    to_staff_id: UUID | None = None


class HandOver(Selection, Command):
    """Give residents to a member of the team. With ``expected``, as the preview counted them, only
    if there are still as many.
    """

    team_id: UUID
    to_staff_id: UUID
    note: Note | None = None
    expected: Annotated[int | None, Field(ge=0)] = None


class AbsenceView(View):
    """A member's absence, both days included, and who stands in."""

    id: UUID
    team_id: UUID
    staff_id: UUID
    staff_name: str
    substitute_id: UUID
    substitute_name: str
    starts_on: date
    ends_on: date
    ended_at: datetime | None = None


class Giver(View):
    """Who looks after some of the chosen residents now; nobody where both are None. ``overdue`` of
    these ``residents`` have services that are late.
    """

    staff_id: UUID | None
    name: str | None
    residents: int
    overdue: int


class HandoverPreview(View):
    """What a handover would do: how many residents move, how many of them have late services, from
    whom, and whether the receiver is away now. Whom the receiver has already does not count.
    """

    residents: int
    overdue: int
    givers: list[Giver]
    absence: AbsenceView | None = None


class HandoverView(View):
    """A handover as the team may read it."""

    id: UUID
    team_id: UUID
    to_staff_id: UUID
    to_name: str
    residents: int
    note: str | None
    at: datetime
    by_name: str


class HandedResident(View):
    """A resident of a handover."""

    contract_id: UUID
    name: str
    sex: str
    birth_date: date
    village_name: str


class HandoverSearch(SearchQuery):
    """Handovers in a team, newest first: those to oneself, or with ``whole_team`` all."""

    team_id: UUID | None = None
    whole_team: bool = False


class Carer(View):
    """Who looks after a resident, since when, with the note of the handover; ``absence`` while
    somebody stands in for them. ``left`` says that they are no longer in the team.
    """

    staff_id: UUID
    name: str
    since: datetime
    left: bool = False
    note: str | None = None
    by_name: str = ""
    absence: AbsenceView | None = None


class MemberLoad(View):
    """A member of a team and the residents they look after. Without a ``duty`` they have left."""

    staff_id: UUID
    name: str
    duty: Duty | None
    residents: int
    overdue: int
    absence: AbsenceView | None = None


class VillageLoad(View):
    """A village of a team's residents; "" is without one."""

    village_name: str
    residents: int
    unassigned: int


class TeamworkView(View):
    """How a team's residents are divided among its members. ``absences`` are those that are not
    over, the soonest first.
    """

    team_id: UUID
    members: list[MemberLoad]
    unassigned: int
    villages: list[VillageLoad]
    absences: list[AbsenceView]


class RecordAbsence(Command):
    """Say that a member is away from one day to another, and who of the team stands in."""

    team_id: UUID
    staff_id: UUID
    substitute_id: UUID
    starts_on: date
    ends_on: date

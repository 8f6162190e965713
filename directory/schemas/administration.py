"""Commands of those who administer the organisation, and what they see beyond the public views."""

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from auth.schemas import Username
from core.history import ChangeView
from core.messages import N_
from core.paging import PageQuery
from core.searching import SearchText
from directory.codes import INSTITUTION_TYPES, LEVELS
from directory.schemas.views import (
    DepartmentView,
    DivisionCode,
    Duty,
    InstitutionSearch,
    InstitutionView,
    StaffSearch,
    StaffView,
    TeamMemberView,
    TeamSearch,
    TeamView,
)

HIGHEST_VERSION = 32_767
LARGEST_TEAM = 2000
HIGHEST_FIGURE = 100_000

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$"
    ),
]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{2,31}$")]
SpecialtyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][0-9.]{0,9}$")]
AtVersion = Annotated[int, Field(ge=1, le=HIGHEST_VERSION)]
Figure = Annotated[int, Field(ge=0, le=HIGHEST_FIGURE)]
Capacity = Annotated[int, Field(ge=1, le=LARGEST_TEAM)]


class Action(StrEnum):
    """What may be asked of the organisation."""

    ADMINISTER = "directory:administer"
    READ_HISTORY = "directory:read-history"
    CREATE_INSTITUTION = "directory:create-institution"
    CHANGE_INSTITUTION = "directory:change-institution"
    DISABLE_INSTITUTION = "directory:disable-institution"
    CREATE_DEPARTMENT = "directory:create-department"
    CHANGE_DEPARTMENT = "directory:change-department"
    DISABLE_DEPARTMENT = "directory:disable-department"
    CREATE_STAFF = "directory:create-staff"
    CHANGE_STAFF = "directory:change-staff"
    DISABLE_STAFF = "directory:disable-staff"
    CREATE_TEAM = "directory:create-team"
    CHANGE_TEAM = "directory:change-team"
    DISABLE_TEAM = "directory:disable-team"


class Kind(StrEnum):
    """What can be administered; the subject types of the history."""

    INSTITUTION = "institution"
    DEPARTMENT = "department"
    STAFF = "staff"
    TEAM = "team"


class Ownership(StrEnum):
    """Who runs an institution."""

    PUBLIC = "public"
    PRIVATE = "private"


class Profession(StrEnum):
    """What somebody is trained for."""

    DOCTOR = "doctor"
    NURSE = "nurse"
    PUBLIC_HEALTH = "public_health"
    PHARMACIST = "pharmacist"
    TECHNICIAN = "technician"
    HEALTH_MANAGER = "health_manager"
    VILLAGE_DOCTOR = "village_doctor"
    CLERK = "clerk"


class State(StrEnum):
    """Which rows a list shows."""

    IN_SERVICE = "in_service"
    DISABLED = "disabled"
    ALL = "all"


class Command(BaseModel):
    """A command: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Change(Command):
    """New values for the fields that were given, made on ``version``; None leaves a field alone,
    except for those named by ``_emptied``.
    """

    version: AtVersion

    def values(self, emptied: Collection[str] = ()) -> dict[str, Any]:
        """The columns to write; of the fields given as None only the ``emptied`` ones."""
        given = self.model_dump(exclude_unset=True, exclude={"version"})
        return {
            name: value for name, value in given.items() if value is not None or name in emptied
        }


class AtState(Command):
    """The state of the thing that a request was made on."""

    version: AtVersion


class _InstitutionRules(Command):
    @field_validator("type_code", check_fields=False)
    @classmethod
    def _known_type(cls, value: str | None) -> str | None:
        if value is not None and value not in INSTITUTION_TYPES:
            raise ValueError(N_("请从列出的选项中选择。"))
        return value

    @field_validator("level", check_fields=False)
    @classmethod
    def _known_level(cls, value: str | None) -> str | None:
        if value and value not in LEVELS:
            raise ValueError(N_("请从列出的选项中选择。"))
        return value


class CreateInstitution(_InstitutionRules):
    """A new institution. ``code`` is its own in the registers; the figures are as reported."""

    code: Code
    name: Name
    short_name: Name
    type_code: str
    level: str = ""
    ownership: Ownership
    division_code: DivisionCode
    address: Line = ""
    beds: Figure = 0
    doctors: Figure = 0
    nurses: Figure = 0
    bookable: bool = False


class ChangeInstitution(_InstitutionRules, Change):
    """New values for an institution."""

    name: Name | None = None
    short_name: Name | None = None
    type_code: str | None = None
    level: str | None = None
    ownership: Ownership | None = None
    division_code: DivisionCode | None = None
    address: Line | None = None
    beds: Figure | None = None
    doctors: Figure | None = None
    nurses: Figure | None = None
    bookable: bool | None = None


class DisableInstitution(AtState):
    """Take an institution out of service; ``cascade`` does so with all that it still runs."""

    cascade: bool = False


class CreateDepartment(Command):
    """A new department of an institution."""

    institution_id: UUID
    specialty_code: SpecialtyCode
    name: Name
    name_en: Line | None = None
    location: Line = ""


class ChangeDepartment(Change):
    """New values for a department."""

    specialty_code: SpecialtyCode | None = None
    name: Name | None = None
    name_en: Line | None = None
    location: Line | None = None


class CreateStaff(Command):
    """Somebody new at an institution."""

    institution_id: UUID
    department_id: UUID | None = None
    name: Name
    profession: Profession
    title: Line = ""
    introduction: Text = ""


class ChangeStaff(Change):
    """New values for one of the staff; ``department_id`` null means none."""

    department_id: UUID | None = None
    name: Name | None = None
    profession: Profession | None = None
    title: Line | None = None
    introduction: Text | None = None


class CreateTeam(Command):
    """A new team with its leader, who works at the same institution."""

    institution_id: UUID
    division_code: DivisionCode
    name: Name
    capacity: Capacity = LARGEST_TEAM
    introduction: Text = ""
    leader_id: UUID


class ChangeTeam(Change):
    """New values for a team."""

    division_code: DivisionCode | None = None
    name: Name | None = None
    capacity: Capacity | None = None
    introduction: Text | None = None


class SetMember(AtState):
    """Give somebody a duty in a team. A new leader takes the place of the one before, who stays
    as a general practitioner.
    """

    staff_id: UUID
    duty: Duty


class ManagedInstitutions(InstitutionSearch):
    """Institutions within the actor's units."""

    state: State = State.IN_SERVICE


class ManagedDepartments(PageQuery):
    """Departments within the actor's units."""

    search: SearchText = None
    institution_id: UUID | None = None
    state: State = State.IN_SERVICE


class ManagedStaff(StaffSearch):
    """Staff within the actor's units."""

    state: State = State.IN_SERVICE


class ManagedTeams(TeamSearch):
    """Teams within the actor's units; ``without`` finds those that lack a duty."""

    state: State = State.IN_SERVICE
    without: Duty | None = None


class Promised(BaseModel):
    """What patients were promised: visits that are booked and still to come."""

    coming_bookings: int = 0


class ClosedInstitution(InstitutionView, Promised):
    """An institution out of service, and the visits to move elsewhere."""


class ClosedDepartment(DepartmentView, Promised):
    """A department out of service, and the visits to move elsewhere."""


class ClosedStaff(StaffView, Promised):
    """One of the staff out of service, and the visits to move elsewhere."""


class InstitutionEntry(InstitutionView, Promised):
    """An institution with what it runs that is in service. Visits are counted for a single one,
    not in lists.
    """

    division_name: str
    departments: int
    staff: int
    teams: int


class DepartmentEntry(DepartmentView, Promised):
    """A department with its institution's name; visits as for institutions."""

    institution_name: str
    specialty_name: str
    staff: int


class StaffEntry(StaffView, Promised):
    """One of the staff as administrators see them: where they work and whether they can sign in;
    visits as for institutions.
    """

    institution_name: str
    department_name: str | None
    account_id: UUID | None
    teams: tuple[str, ...] = ()


class TeamEntry(TeamView):
    """A team with its number of members."""

    members: int


class TeamRoster(TeamView):
    """A team with its members."""

    members: list[TeamMemberView]


class OpenStaffAccount(Command):
    """The sign-in name that one of the staff is to have."""

    username: Username


class StaffAccount(BaseModel):
    """A sign-in made for one of the staff."""

    staff_id: UUID
    account_id: UUID
    username: str


class NewStaffAccount(StaffAccount):
    """As shown once, with its password; None in the answer to a retry."""

    initial_password: str | None


class Overview(BaseModel):
    """What an administrator is responsible for, what changed last, and what needs attention.

    ``names`` says what the changed things are called now.
    """

    institutions: int
    departments: int
    staff: int
    teams: int
    accounts: int
    idle_accounts: int
    teams_without_nurse: int
    hospitals_without_department: int
    changes: list[ChangeView]
    names: dict[UUID, str]

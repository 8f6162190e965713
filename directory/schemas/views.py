"""Views and queries of the directory."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.paging import PageQuery
from core.searching import SearchText

DivisionCode = Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3})?$")]


class Duty(StrEnum):
    """What a member does in a family-doctor team."""

    LEADER = "leader"
    GENERAL_PRACTITIONER = "general_practitioner"
    NURSE = "nurse"
    PUBLIC_HEALTH = "public_health"
    HEALTH_MANAGER = "health_manager"
    VILLAGE_DOCTOR = "village_doctor"


class View(BaseModel):
    """A view made from a row."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class DivisionView(View):
    """A division of the region; ``population`` is official or estimated."""

    code: str
    name: str
    name_en: str | None
    level: str
    parent_code: str | None
    population: int
    estimated: bool


class VillageView(View):
    """A village or community of a township."""

    code: str
    name: str


class InstitutionView(View):
    """An institution; ``example`` marks one made up in the usual shape."""

    id: UUID
    code: str
    name: str
    short_name: str
    type_code: str
    level: str
    ownership: str
    division_code: str
    address: str
    beds: int
    doctors: int
    nurses: int
    bookable: bool
    example: bool
    disabled: bool = False
    version: int = 1


class DepartmentView(View):
    """A department of an institution."""

    id: UUID
    institution_id: UUID
    specialty_code: str
    name: str
    name_en: str | None
    location: str
    disabled: bool = False
    version: int = 1


class FoundDepartment(View):
    """A department anywhere, with where it is."""

    id: UUID
    institution_id: UUID
    specialty_code: str
    name: str
    name_en: str | None
    institution_name: str
    level: str
    example: bool
    division_code: str


class FoundDoctor(View):
    """A doctor whom one can book, with where they work."""

    id: UUID
    name: str
    title: str
    introduction: str
    example: bool
    department_id: UUID
    department_name: str
    department_name_en: str | None
    institution_id: UUID
    institution_name: str


class StaffView(View):
    """One of the staff, as anybody may see them."""

    id: UUID
    institution_id: UUID
    department_id: UUID | None
    name: str
    profession: str
    title: str
    introduction: str
    example: bool
    disabled: bool = False
    version: int = 1


class TeamMemberView(View):
    """A member of a team."""

    staff_id: UUID
    name: str
    duty: Duty
    title: str
    example: bool = False


class TeamStaff(View):
    """A member of a team, for rooms that add up what each did."""

    team_id: UUID
    staff_id: UUID
    account_id: UUID | None
    name: str
    duty: Duty


class TeamMembers(BaseModel):
    """The roster of a team, its leader first."""

    items: list[TeamMemberView]


class TeamView(View):
    """A family-doctor team; its leader's name is on every list. ``capacity`` is its own quota of
    residents, ``doctors`` counts its leader and general practitioners.
    """

    id: UUID
    name: str
    institution_id: UUID
    institution_name: str
    division_code: str
    division_name: str
    capacity: int
    doctors: int
    introduction: str
    leader_name: str
    example: bool
    disabled: bool = False
    version: int = 1


class ServingInstitution(View):
    """An institution by its name and the place it lies in."""

    id: UUID
    name: str
    division_code: str
    division_name: str


class InstitutionSearch(PageQuery):
    """Find institutions by name, place, or whether they take bookings."""

    search: SearchText = None
    division: DivisionCode | None = None
    bookable: bool | None = None


class DepartmentSearch(PageQuery):
    """The departments of an institution."""

    institution_id: UUID
    search: SearchText = None


class TeamSearch(PageQuery):
    """Find teams by team, leader or institution name, or by place."""

    search: SearchText = None
    division: DivisionCode | None = None
    institution_id: UUID | None = None


class StaffSearch(PageQuery):
    """The staff of an institution or department."""

    institution_id: UUID | None = None
    department_id: UUID | None = None
    search: SearchText = None

"""Divisions, institutions and departments; and in a demo the made-up staff and teams."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from core import clock
from regions.facts import Institution
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.pack import RegionPack
from regions.staff import FamilyDoctorTeam, StaffMember, StaffPlan


@dataclass(frozen=True, slots=True)
class Places:
    """Where the rows of the directory are found: ids of institutions and departments."""

    institutions: dict[str, UUID]
    departments: dict[tuple[str, str], UUID]

    def department(self, institution_code: str, name: str | None) -> UUID | None:
        """The department of that name; None where no name is given."""
        return self.departments[institution_code, name] if name else None


@dataclass(frozen=True, slots=True)
class Team:
    """A team as a contract needs it; ``members`` begin with the leader."""

    id: UUID
    name: str
    institution_id: UUID
    institution_name: str
    institution_code: str
    division_code: str
    capacity: int
    members: tuple[StaffMember, ...]


def load_places(bulk: Bulk, pack: RegionPack, seed: int) -> Places:
    """Divisions, villages, specialties, institutions and their departments."""
    ids = Identifiers(Random(f"{seed}/directory"))
    _divisions(bulk, pack)
    bulk.copy(
        "directory_specialty",
        ("code", "name", "name_en", "parent_code"),
        ((s.code, s.name, s.name_en or None, s.parent_code) for s in pack.specialties),
    )
    places = Places(
        {institution.code: ids.new() for institution in pack.institutions},
        {
            (institution.code, department.name): ids.new()
            for institution in pack.institutions
            for department in pack.departments_of(institution)
        },
    )
    _institutions(bulk, pack.institutions, places)
    bulk.copy(
        "directory_department",
        ("id", "institution_id", "specialty_code", "name", "name_en", "location"),
        (
            (
                places.departments[institution.code, department.name],
                places.institutions[institution.code],
                department.specialty_code,
                department.name,
                department.name_en or None,
                department.location,
            )
            for institution in pack.institutions
            for department in pack.departments_of(institution)
        ),
    )
    return places


def _divisions(bulk: Bulk, pack: RegionPack) -> None:
    bulk.copy(
        "directory_division",
        ("code", "name", "name_en", "level", "parent_code", "longitude", "latitude",
         "population", "estimated"),
        (
            (d.code, d.name, d.name_en or None, d.level, d.parent_code, d.longitude, d.latitude,
             d.population, d.population_estimate or d.population_example)
            for d in pack.divisions
        ),
    )  # fmt: skip
    bulk.copy(
        "directory_village",
        ("code", "name", "division_code", "record_code"),
        ((v.code, v.name, v.division_code, v.record_code) for v in pack.villages),
    )


def _institutions(bulk: Bulk, institutions: Iterable[Institution], places: Places) -> None:
    now = clock.now()
    bulk.copy(
        "directory_institution",
        ("id", "code", "name", "short_name", "type_code", "level", "ownership", "division_code",
         "address", "beds", "doctors", "nurses", "bookable", "example", "created_at"),
        (
            (places.institutions[i.code], i.code, i.name, i.short_name, i.type_code, i.level,
             i.ownership, i.division_code, i.address, i.beds, i.doctors, i.nurses, i.bookable,
             i.example, now)
            for i in institutions
        ),
    )  # fmt: skip


def load_staff(bulk: Bulk, places: Places, staff: Iterable[StaffMember]) -> None:
    """Made-up staff, each marked as an example."""
    bulk.copy(
        "directory_staff",
        ("id", "institution_id", "department_id", "name", "profession", "title", "introduction",
         "example"),
        (
            (s.id, places.institutions[s.institution_code],
             places.department(s.institution_code, s.department_name), s.name, s.profession,
             s.title, s.introduction, True)
            for s in staff
        ),
    )  # fmt: skip


def load_teams(bulk: Bulk, places: Places, plan: StaffPlan) -> None:
    """The teams and their members."""
    bulk.copy(
        "directory_team",
        ("id", "institution_id", "division_code", "name", "capacity", "introduction", "example"),
        (
            (t.id, places.institutions[t.institution_code], t.division_code, t.name, t.capacity,
             t.introduction, True)
            for t in plan.teams
        ),
    )  # fmt: skip
    bulk.copy(
        "directory_team_member",
        ("team_id", "staff_id", "duty"),
        ((team.id, m.staff_id, m.duty) for team in plan.teams for m in team.members),
    )


def teams_of_plan(pack: RegionPack, places: Places, plan: StaffPlan) -> Iterator[Team]:
    """The teams with what contracts say of them, in the order of the plan."""
    staff = {member.id: member for member in plan.staff}
    names = {institution.code: institution.name for institution in pack.institutions}
    for team in plan.teams:
        yield Team(
            team.id,
            team.name,
            places.institutions[team.institution_code],
            names[team.institution_code],
            team.institution_code,
            team.division_code,
            team.capacity,
            tuple(staff[member.staff_id] for member in team.members),
        )


def teams_by_village(
    teams: Iterable[Team], planned: Iterable[FamilyDoctorTeam]
) -> dict[str, list[Team]]:
    """The teams that serve a village."""
    serving: dict[str, list[Team]] = defaultdict(list)
    for team, plan in zip(teams, planned, strict=True):
        for village in plan.village_codes:
            serving[village].append(team)
    return dict(serving)


def best_hospital(pack: RegionPack) -> Institution:
    """The bookable institution of the highest grade, the largest of them. Raises ValueError."""

    def rank(institution: Institution) -> Any:
        return institution.tertiary, institution.level.endswith("甲等"), institution.beds

    return max((i for i in pack.institutions if i.bookable), key=rank)

"""Synthetic staff of a region: family-doctor teams and hospital clinics, every one 示例.

Pure and deterministic, like :mod:`regions.population`. Teams grow with the population loaded;
clinics do not: a hospital has its departments however few residents a demo has.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal
from uuid import UUID

from regions.facts import DepartmentName, Division, Institution
from regions.facts.base import Sex
from regions.flaws import PackError
from regions.identifiers import Identifiers
from regions.names import NameMaker
from regions.pack import RegionPack

Profession = Literal["doctor", "nurse", "public_health", "health_manager", "village_doctor"]
Duty = Literal[
    "leader", "general_practitioner", "nurse", "public_health", "health_manager", "village_doctor"
]
ClinicKind = Literal["general", "expert"]
HalfDay = Literal["morning", "afternoon"]

_WORKING_DAYS = 5
_HALVES: tuple[HalfDay, HalfDay] = ("morning", "afternoon")
_EXPERT_SESSIONS = 2
_PLACES_A_SLOT: dict[ClinicKind, int] = {"general": 3, "expert": 2}
_MALE_PHYSICIANS = 0.58
_MALE_NURSES = 0.05

# Who sits in a team beside each other: duty, profession, titles to draw from.
_TEAM: tuple[tuple[Duty, Profession, tuple[str, ...]], ...] = (
    ("leader", "doctor", ("副主任医师", "主治医师")),
    ("general_practitioner", "doctor", ("主治医师", "住院医师")),
    ("nurse", "nurse", ("主管护师", "护师", "护士")),
    ("public_health", "public_health", ("公卫主管医师", "公卫医师")),
    ("health_manager", "health_manager", ("健康管理师",)),
    ("village_doctor", "village_doctor", ("乡村医生",)),
)
_TERTIARY_TITLES = ("主任医师", "副主任医师", "主治医师", "住院医师")
_OTHER_TITLES = ("副主任医师", "主治医师", "住院医师")
_EXPERTS = frozenset({"主任医师", "副主任医师"})
# Years of birth, so that a name suits the title; others are born in the last range.
_BORN = {"主任医师": (1963, 1975), "副主任医师": (1968, 1982), "乡村医生": (1963, 1985)}
_BORN_OTHERWISE = (1978, 1998)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody made up who works at an institution of the pack.

    ``department_name`` is one that the institution opens, None for a team's members; ``title`` is
    a name of the code list staff_title. Store them with ``example`` set: they are 示例.
    """

    id: UUID
    institution_code: str
    department_name: str | None
    specialty_code: str | None
    name: str
    sex: Sex
    profession: Profession
    title: str
    introduction: str


@dataclass(frozen=True, slots=True)
class TeamMember:
    """What a member of staff does in a team."""

    staff_id: UUID
    duty: Duty


@dataclass(frozen=True, slots=True)
class FamilyDoctorTeam:
    """A team of a township's institution; ``members`` begin with the leader.

    ``capacity`` counts residents; ``village_codes`` are those it serves first: a township's teams
    share its villages, and each has at least one.
    """

    id: UUID
    institution_code: str
    division_code: str
    name: str
    capacity: int
    introduction: str
    village_codes: tuple[str, ...]
    members: tuple[TeamMember, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """A half day of every week; ``weekday`` 0 is Monday."""

    weekday: int
    half: HalfDay


@dataclass(frozen=True, slots=True)
class Clinic:
    """A doctor's bookable clinic and the week suggested for it.

    ``kind`` is expert for chief and associate chief physicians; ``places_per_slot`` is for one
    slot of the region's ``slot_minutes``. A department's general clinics together cover every
    weekday morning and afternoon.
    """

    institution_code: str
    department_name: str
    specialty_code: str
    doctor_id: UUID
    kind: ClinicKind
    sessions: tuple[Session, ...]
    places_per_slot: int


@dataclass(frozen=True, slots=True)
class StaffPlan:
    """Everybody who works in the region, their teams and clinics."""

    staff: tuple[StaffMember, ...]
    teams: tuple[FamilyDoctorTeam, ...]
    clinics: tuple[Clinic, ...]


def plan_staff(pack: RegionPack, *, seed: int = 1, scale: float = 0.01) -> StaffPlan:
    """Teams for ``scale`` times the residents, and the clinics of every bookable institution.

    At least one team a township, and so many that a team has at most ``residents_per_team`` of
    the contract rules on average. Raises PackError if a township has no institution of its own.
    """
    return _Planner(pack, Random(f"{seed}/staff")).plan(scale)


class _Planner:
    """Holds the sources of chance and the staff made so far."""

    def __init__(self, pack: RegionPack, rng: Random) -> None:
        self._pack = pack
        self._rng = rng
        self._ids = Identifiers(rng)
        self._names = NameMaker(pack.names, rng)
        self._staff: list[StaffMember] = []

    def plan(self, scale: float) -> StaffPlan:
        teams = tuple(team for town in self._pack.townships for team in self._teams(town, scale))
        clinics = tuple(
            clinic
            for institution in self._pack.institutions
            if institution.bookable
            for department in self._pack.departments_of(institution)
            for clinic in self._clinics(institution, department)
        )
        return StaffPlan(tuple(self._staff), teams, clinics)

    def _teams(self, township: Division, scale: float) -> Iterator[FamilyDoctorTeam]:
        rules = self._pack.contract_rules
        villages = [village.code for village in self._pack.villages_of[township.code]]
        number = max(1, math.ceil(township.population * scale / rules.residents_per_team))
        institution = self._institution_of(township)
        for index in range(number):
            # More teams than villages: a village is then served by several.
            served = villages[index::number] or [villages[index % len(villages)]]
            yield FamilyDoctorTeam(
                id=self._ids.new(),
                institution_code=institution.code,
                division_code=township.code,
                name=f"{township.name}家庭医生第{index + 1}队",
                capacity=rules.capacity_per_doctor,
                introduction=f"服务{township.name}{len(served)}个村（社区）的签约居民。",
                village_codes=tuple(served),
                members=tuple(self._team_members(institution)),
            )

    def _institution_of(self, township: Division) -> Institution:
        for institution in self._pack.institutions:
            if institution.township_code == township.code:
                return institution
        raise PackError(f"institutions.csv: {township.code} has no institution of its own")

    def _team_members(self, institution: Institution) -> Iterator[TeamMember]:
        for duty, profession, titles in _TEAM:
            member = self._hire(institution, None, profession, self._rng.choice(titles))
            yield TeamMember(member.id, duty)

    def _clinics(self, institution: Institution, department: DepartmentName) -> Iterator[Clinic]:
        titles = _TERTIARY_TITLES if institution.tertiary else _OTHER_TITLES
        generals = 0
        for title in titles:
            doctor = self._hire(institution, department, "doctor", title)
            kind: ClinicKind = "expert" if title in _EXPERTS else "general"
            sessions = self._expert_week() if kind == "expert" else _general_week(generals)
            generals += kind == "general"
            yield Clinic(
                institution_code=institution.code,
                department_name=department.name,
                specialty_code=department.specialty_code,
                doctor_id=doctor.id,
                kind=kind,
                sessions=sessions,
                places_per_slot=_PLACES_A_SLOT[kind],
            )

    def _expert_week(self) -> tuple[Session, ...]:
        days = sorted(self._rng.sample(range(_WORKING_DAYS), _EXPERT_SESSIONS))
        return tuple(Session(day, self._rng.choice(_HALVES)) for day in days)

    def _hire(
        self,
        institution: Institution,
        department: DepartmentName | None,
        profession: Profession,
        title: str,
    ) -> StaffMember:
        male = _MALE_NURSES if profession == "nurse" else _MALE_PHYSICIANS
        sex: Sex = "male" if self._rng.random() < male else "female"
        born = self._rng.randint(*_BORN.get(title, _BORN_OTHERWISE))
        place = institution.short_name + (department.name if department else "")
        member = StaffMember(
            id=self._ids.new(),
            institution_code=institution.code,
            department_name=department.name if department else None,
            specialty_code=department.specialty_code if department else None,
            name=self._names.name(self._names.surname(), sex, born),
            sex=sex,
            profession=profession,
            title=title,
            introduction=f"{place}{title}（示例）。",
        )
        self._staff.append(member)
        return member


def _general_week(doctor: int) -> tuple[Session, ...]:
    """Every working day, mornings and afternoons in turn; the next doctor takes the other half."""
    return tuple(Session(day, _HALVES[(day + doctor) % 2]) for day in range(_WORKING_DAYS))

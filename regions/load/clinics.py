"""What can be booked: each institution's rules, and the weekly clinics of its doctors."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from random import Random
from uuid import UUID

from appointments.schemas import HalfDay, Kind
from regions.booking_rules import hours
from regions.facts import ConductRule, DepartmentName, Institution
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Places
from regions.pack import RegionPack
from regions.staff import Clinic, StaffMember, StaffPlan

# Made-up consultation fees by title, fen; like the doctors they are 示例.
_FEES = {"主任医师": 2000, "副主任医师": 1500, "主治医师": 1000}
_FEE = 800
_WEEKEND = 6, 7
_WEEKEND_PLACES = 3


@dataclass(frozen=True, slots=True, eq=False)  # each is only equal to itself
class WeeklyClinic:
    """A half-day of every week (ISO ``weekday``): of a doctor, or of a department at weekends."""

    institution: Institution
    department: DepartmentName
    doctor: StaffMember | None
    kind: Kind
    weekday: int
    half_day: HalfDay
    room: str
    places: int

    @property
    def name(self) -> str:
        """Whom one books: the doctor, else the department's clinic."""
        return self.doctor.name if self.doctor else f"{self.department.name}周末门诊"

    @property
    def fee_fen(self) -> int:
        """The consultation fee."""
        return _FEES.get(self.doctor.title, _FEE) if self.doctor else _FEE

    @property
    def place(self) -> str:
        """Where it is, as an opened session says it."""
        return " ".join(part for part in (self.department.location, self.room) if part)

    def department_id(self, places: Places) -> UUID:
        """The department it belongs to."""
        return places.departments[self.institution.code, self.department.name]


def weekly_clinics(pack: RegionPack, plan: StaffPlan) -> list[WeeklyClinic]:
    """The week of every bookable institution; the third grade is open at weekends too."""
    institutions = {institution.code: institution for institution in pack.institutions}
    departments = {
        (institution.code, department.name): department
        for institution in pack.institutions
        for department in pack.departments_of(institution)
    }
    doctors = {member.id: member for member in plan.staff}
    rooms: dict[tuple[str, str], int] = defaultdict(int)
    clinics: list[WeeklyClinic] = []
    for clinic in plan.clinics:
        key = clinic.institution_code, clinic.department_name
        rooms[key] += 1
        institution, department = institutions[clinic.institution_code], departments[key]
        doctor = doctors[clinic.doctor_id]
        clinics += _of_doctor(institution, department, doctor, clinic, f"{rooms[key]} 诊室")
    for institution in pack.institutions:
        if institution.bookable and institution.tertiary:
            clinics += _at_weekends(pack, institution)
    return clinics


def _of_doctor(
    institution: Institution,
    department: DepartmentName,
    doctor: StaffMember,
    clinic: Clinic,
    room: str,
) -> Iterator[WeeklyClinic]:
    for session in clinic.sessions:
        yield WeeklyClinic(
            institution,
            department,
            doctor,
            Kind(clinic.kind),
            session.weekday + 1,
            HalfDay(session.half),
            room,
            clinic.places_per_slot,
        )


def _at_weekends(pack: RegionPack, institution: Institution) -> Iterator[WeeklyClinic]:
    for department in pack.departments_of(institution):
        for weekday in _WEEKEND:
            yield WeeklyClinic(
                institution,
                department,
                None,
                Kind.GENERAL,
                weekday,
                HalfDay.MORNING,
                "1 诊室",
                _WEEKEND_PLACES,
            )


def load_clinics(
    bulk: Bulk, pack: RegionPack, places: Places, clinics: list[WeeklyClinic], seed: int
) -> None:
    """Rules and weekly templates; sessions are opened from them by the appointments."""
    load_rules(bulk, pack, places)
    rows = [
        (places.institutions[c.institution.code], c.department_id(places),
         c.doctor.id if c.doctor else None, None if c.doctor else c.name, c.kind.value,
         c.weekday, c.half_day.value, c.room, c.places, c.fee_fen, c.weekday in _WEEKEND)
        for c in clinics
    ]  # fmt: skip
    ids = Identifiers(Random(f"{seed}/templates"))
    bulk.copy(
        "appointments_template",
        ("id", "institution_id", "department_id", "staff_id", "clinic_name", "kind", "weekday",
         "half_day", "room", "capacity", "fee_fen", "on_holidays"),
        ((ids.new(), *row) for row in (*rows, *_of_departments(pack, places))),
    )  # fmt: skip


def load_symptoms(bulk: Bulk, pack: RegionPack) -> None:
    """The words by which people look for a department."""
    bulk.copy(
        "appointments_symptom",
        ("word", "specialty_code", "diseases", "urgent"),
        ((s.word, s.specialty_code, s.diseases, s.urgent) for s in pack.searched()),
    )


def conduct(rule: ConductRule) -> dict[str, object]:
    """A rule of what counts as unusual booking, named as the appointments keep it."""
    return {**rule.model_dump(exclude={"code", "estimate", "provenance"}), "enabled": True}


def load_conduct_rules(bulk: Bulk, pack: RegionPack) -> None:
    """What counts as unusual booking in the region."""
    ids = Identifiers(Random(f"{pack.region.code}/conduct"))
    rules = {rule.code: conduct(rule) for rule in pack.conduct_rules}
    columns = next(iter(rules.values()), {})
    bulk.copy(
        "appointments_conduct_rule",
        ("id", "code", *columns),
        ((ids.new(), code, *rule.values()) for code, rule in rules.items()),
    )


def _of_departments(pack: RegionPack, places: Places) -> Iterator[tuple[object, ...]]:
    """The half-days of the pack's clinics that are no doctor's: check-ups, vaccination, beds."""
    bookable = {institution.code for institution in pack.institutions if institution.bookable}
    for clinic in pack.clinics:
        if clinic.institution_code not in bookable:
            continue
        for weekday in map(int, clinic.weekdays):
            for half_day in clinic.half_days.split():
                yield (
                    places.institutions[clinic.institution_code],
                    places.departments[clinic.institution_code, clinic.department],
                    None, clinic.name, clinic.kind, weekday, half_day, clinic.room,
                    clinic.places, clinic.fee_fen, weekday in _WEEKEND,
                )  # fmt: skip


def load_holidays(bulk: Bulk, pack: RegionPack) -> None:
    """The region's public holidays."""
    rows = ((holiday.day, holiday.name, holiday.name_en) for holiday in pack.holidays)
    bulk.copy("appointments_holiday", ("day", "name", "name_en"), rows)


def load_rules(bulk: Bulk, pack: RegionPack, places: Places) -> None:
    """The rules of every institution that takes bookings, and of conduct in booking."""
    load_conduct_rules(bulk, pack)
    rule = asdict(hours(pack.appointment_rules))
    values = [_plain(value) for value in rule.values()]
    bulk.copy(
        "appointments_rule",
        ("institution_id", *rule),
        ([places.institutions[i.code], *values] for i in pack.institutions if i.bookable),
    )


def _plain(value: object) -> object:
    """As COPY takes it: what goes to a JSON column as JSON."""
    return json.dumps(value) if isinstance(value, dict) else value

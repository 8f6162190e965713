"""Read a region pack: the directory of data files that is a region.

``load_pack("guigang")`` gives everything checked and frozen. The classes of the rows, which name
their files, are in :mod:`regions.facts`.
"""

import csv
import io
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from family_doctor.schemas import FormSet, NormSet, PrescriptionRules
from regions.english import English, place_names
from regions.facts import (
    AgeBand,
    AppointmentRules,
    Catalogue,
    CodeItem,
    ConductRule,
    ContractRules,
    DepartmentClinic,
    DepartmentName,
    Division,
    FollowupNorms,
    Indicator,
    Institution,
    Measure,
    Name,
    PackDocument,
    Phrase,
    PopulationGroup,
    PublicHoliday,
    ReferralRules,
    Region,
    ServiceItem,
    ServicePack,
    Specialty,
    Symptom,
    SymptomWord,
    Threshold,
    Village,
    WhatToBring,
)
from regions.flaws import PackError, known, unique, whole

_HOME = Path(__file__).parent
_REGION_FILE = "region.toml"
_APPOINTMENT_RULES = "appointment_rules.toml"
_REFERRAL_RULES = "referral_rules.toml"
_PRESCRIPTION_RULES = "prescription_rules.toml"
_WHAT_TO_BRING = "what_to_bring.toml"
_ALL_GROUPS = "all"
Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True)
class RegionPack:
    """A region's data, checked. Tuples keep the order of the files."""

    region: Region
    divisions: tuple[Division, ...]
    villages: tuple[Village, ...]
    population: tuple[Measure, ...]
    ages: tuple[AgeBand, ...]
    groups: tuple[PopulationGroup, ...]
    names: tuple[Name, ...]
    institutions: tuple[Institution, ...]
    specialties: tuple[Specialty, ...]
    department_names: tuple[DepartmentName, ...]
    service_items: tuple[ServiceItem, ...]
    packs_document: PackDocument
    packs: tuple[ServicePack, ...]
    symptoms: tuple[Symptom, ...]
    symptom_words: tuple[SymptomWord, ...]
    appointment_rules: AppointmentRules
    conduct_rules: tuple[ConductRule, ...]
    clinics: tuple[DepartmentClinic, ...]
    holidays: tuple[PublicHoliday, ...]
    contract_rules: ContractRules
    referral_rules: ReferralRules
    what_to_bring: WhatToBring
    thresholds: tuple[Threshold, ...]
    indicators: tuple[Indicator, ...]
    code_lists: tuple[CodeItem, ...]
    followup_norms: FollowupNorms
    norms: NormSet
    forms: FormSet
    prescription_rules: PrescriptionRules
    boundaries: dict[str, Any]
    """A GeoJSON FeatureCollection; ``properties.code`` of a feature is a county."""

    @cached_property
    def townships(self) -> tuple[Division, ...]:
        """The lowest divisions, in the order of the file."""
        return tuple(division for division in self.divisions if division.level == "township")

    @cached_property
    def residents(self) -> int:
        """The people of the whole region, as its division row counts them."""
        return next(d.population for d in self.divisions if d.code == self.region.code)

    @cached_property
    def villages_of(self) -> dict[str, tuple[Village, ...]]:
        """The villages of each township, by its code."""
        return {
            township.code: tuple(v for v in self.villages if v.division_code == township.code)
            for township in self.townships
        }

    def measure(self, key: str) -> float:
        """The figure ``key`` of ``population.csv``. Raises KeyError."""
        for measure in self.population:
            if measure.key == key:
                return measure.value
        raise KeyError(key)

    def code_list(self, name: str) -> tuple[CodeItem, ...]:
        """The codes of one list; empty if there is no such list."""
        return tuple(item for item in self.code_lists if item.list == name)

    def searched(self) -> Iterator[Symptom]:
        """The words for symptoms, and after each all that it is called besides."""
        besides: dict[str, list[str]] = {}
        for each in self.symptom_words:
            besides.setdefault(each.word, []).append(each.word_en)
        for symptom in self.symptoms:
            yield symptom
            for word in besides.get(symptom.word, ()):
                yield symptom.model_copy(update={"word": word})

    def departments_of(self, institution: Institution) -> tuple[DepartmentName, ...]:
        """What an institution opens by its type and grade; none for agencies."""
        return tuple(
            department
            for department in self.department_names
            if department.type_code == institution.type_code
            and (institution.tertiary or not department.tertiary_only)
        )


def available_packs(home: Path = _HOME) -> tuple[str, ...]:
    """The names that ``load_pack`` takes, sorted."""
    return tuple(sorted(file.parent.name for file in home.glob(f"*/{_REGION_FILE}")))


def load_pack(name: str, home: Path = _HOME) -> RegionPack:
    """Read and check the pack ``name`` under ``home``.

    Raises PackError, which names the file and row, if there is no such pack, a file is missing or
    malformed, a code is double or points nowhere, or shares or payers do not add up.
    """
    pack = _read(_directory(name, home))
    _check(pack)
    return pack


def load_region(name: str, home: Path = _HOME) -> Region:
    """What the portal shows of itself: brand, zone, map note. Raises PackError."""
    return _document(_directory(name, home) / _REGION_FILE, Region)


def load_english(name: str, home: Path = _HOME) -> English:
    """What generic things of the region are called in English. Raises PackError."""
    directory = _directory(name, home)
    divisions = _rows(directory / "divisions.csv", Division)
    named: tuple[Specialty | DepartmentName | ServiceItem | ServicePack, ...] = (
        *_rows(directory / "departments.csv", Specialty),
        *_rows(directory / "department_names.csv", DepartmentName),
        *_rows(directory / "service_items.csv", ServiceItem),
        *_document(directory / "packs.json", Catalogue).packs,
    )
    names = ((each.name, each.name_en) for each in named)
    phrases = _rows(directory / "phrases.csv", Phrase)
    words = _rows(directory / "symptom_words.csv", SymptomWord)
    # A word's first English is the one that stays, and what is named otherwise goes before.
    said = ((each.word, each.word_en) for each in reversed(words))
    return English([*said, *place_names(divisions), *names], phrases)


def load_boundaries(name: str, home: Path = _HOME) -> dict[str, Any]:
    """The map as GeoJSON. Raises PackError."""
    return _parsed(_directory(name, home) / "boundaries.geojson")


def load_appointment_rules(name: str, home: Path = _HOME) -> AppointmentRules:
    """How the region's institutions take bookings at first. Raises PackError."""
    return _document(_directory(name, home) / _APPOINTMENT_RULES, AppointmentRules)


def load_referral_rules(name: str, home: Path = _HOME) -> ReferralRules:
    """How the region refers its patients. Raises PackError."""
    rules = _document(_directory(name, home) / _REFERRAL_RULES, ReferralRules)
    unique(_REFERRAL_RULES, (each.code for each in rules.criteria))
    return rules


def load_what_to_bring(name: str, home: Path = _HOME) -> WhatToBring:
    """What patients bring to a visit. Raises PackError."""
    things = _document(_directory(name, home) / _WHAT_TO_BRING, WhatToBring)
    unique(_WHAT_TO_BRING, (each.code for each in things.items))
    return things


def _directory(name: str, home: Path) -> Path:
    known = available_packs(home)
    if name not in known:
        raise PackError(f"no region pack {name!r}; there are: {', '.join(known) or 'none'}")
    return home / name


def _read(directory: Path) -> RegionPack:
    catalogue = _document(directory / "packs.json", Catalogue)
    return RegionPack(
        region=_document(directory / _REGION_FILE, Region),
        divisions=_rows(directory / "divisions.csv", Division),
        villages=_rows(directory / "villages.csv", Village),
        population=_rows(directory / "population.csv", Measure),
        ages=_rows(directory / "ages.csv", AgeBand),
        groups=_rows(directory / "groups.csv", PopulationGroup),
        names=_rows(directory / "names.csv", Name),
        institutions=_rows(directory / "institutions.csv", Institution),
        specialties=_rows(directory / "departments.csv", Specialty),
        department_names=_rows(directory / "department_names.csv", DepartmentName),
        service_items=_rows(directory / "service_items.csv", ServiceItem),
        packs_document=catalogue.document,
        packs=catalogue.packs,
        symptoms=_rows(directory / "symptoms.csv", Symptom),
        symptom_words=_rows(directory / "symptom_words.csv", SymptomWord),
        appointment_rules=_document(directory / _APPOINTMENT_RULES, AppointmentRules),
        conduct_rules=_rows(directory / "conduct_rules.csv", ConductRule),
        clinics=_rows(directory / "clinics.csv", DepartmentClinic),
        holidays=_rows(directory / "holidays.csv", PublicHoliday),
        contract_rules=_document(directory / "contract_rules.toml", ContractRules),
        referral_rules=_document(directory / _REFERRAL_RULES, ReferralRules),
        what_to_bring=_document(directory / _WHAT_TO_BRING, WhatToBring),
        thresholds=_rows(directory / "thresholds.csv", Threshold),
        indicators=_rows(directory / "indicators.csv", Indicator),
        code_lists=_rows(directory / "code_lists.csv", CodeItem),
        followup_norms=_document(directory / "followup_norms.json", FollowupNorms),
        norms=_document(directory / "norms.json", NormSet),
        forms=_document(directory / "followup_forms.json", FormSet),
        prescription_rules=_document(directory / _PRESCRIPTION_RULES, PrescriptionRules),
        boundaries=_parsed(directory / "boundaries.geojson"),
    )


def _rows(file: Path, kind: type[Row]) -> tuple[Row, ...]:
    reader = csv.DictReader(io.StringIO(_text(file)))
    rows = []
    for row in reader:
        try:
            rows.append(kind.model_validate(row))
        except ValidationError as error:
            raise _flaw(file, error, f" line {reader.line_num}") from error
    return tuple(rows)


def _document(file: Path, kind: type[Row]) -> Row:
    try:
        return kind.model_validate(_parsed(file))
    except ValidationError as error:
        raise _flaw(file, error) from error


def _parsed(file: Path) -> dict[str, Any]:
    text = _text(file)
    try:
        parsed = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise PackError(f"{file.name}: {error}") from error
    if not isinstance(parsed, dict):
        raise PackError(f"{file.name}: an object is wanted")
    return parsed


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PackError(f"{file.name}: {error.strerror}") from error


def _flaw(file: Path, error: ValidationError, place: str = "") -> PackError:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    return PackError(f"{file.name}{place}: {field}: {first['msg']}")


def _check(pack: RegionPack) -> None:
    _check_places(pack)
    _check_people(pack)
    _check_services(pack)


def _check_places(pack: RegionPack) -> None:
    divisions = unique("divisions.csv", (d.code for d in pack.divisions))
    if pack.region.code not in divisions:
        raise PackError(f"divisions.csv: the region {pack.region.code} is missing")
    seen: set[str] = set()
    for division in pack.divisions:
        if division.parent_code is not None:
            known("divisions.csv", division.parent_code, seen)
        seen.add(division.code)
    unique("villages.csv", (v.code for v in pack.villages))
    unique("villages.csv", (v.division_code + v.record_code for v in pack.villages))
    townships = {township.code for township in pack.townships}
    for village in pack.villages:
        known("villages.csv", village.division_code, townships)
    for township in pack.townships:
        if not pack.villages_of[township.code]:
            raise PackError(f"villages.csv: {township.code} has no village")
    try:
        drawn = [feature["properties"]["code"] for feature in pack.boundaries["features"]]
    except (KeyError, TypeError) as error:
        raise PackError("boundaries.geojson: features with properties.code are wanted") from error
    for code in drawn:
        known("boundaries.geojson", code, divisions)

    unique("institutions.csv", (i.code for i in pack.institutions))
    for institution in pack.institutions:
        known("institutions.csv", institution.division_code, divisions)
    specialties = unique("departments.csv", (s.code for s in pack.specialties))
    for specialty in pack.specialties:
        if specialty.parent_code is not None:
            known("departments.csv", specialty.parent_code, specialties)
    unique("department_names.csv", (d.type_code + d.name for d in pack.department_names))
    for department in pack.department_names:
        known("department_names.csv", department.specialty_code, specialties)


def _check_people(pack: RegionPack) -> None:
    unique("population.csv", (measure.key for measure in pack.population))
    unique("groups.csv", (group.code for group in pack.groups))
    unique("code_lists.csv", (f"{item.list}/{item.code}" for item in pack.code_lists))
    whole("ages.csv", 100, (band.share for band in pack.ages))
    expected = 0
    for band in pack.ages:
        if not expected == band.from_age <= band.to_age:
            raise PackError(f"ages.csv: {band.from_age} should follow {expected - 1}")
        expected = band.to_age + 1


def _check_services(pack: RegionPack) -> None:
    items = unique("service_items.csv", (item.code for item in pack.service_items))
    unique("packs.json", (service_pack.code for service_pack in pack.packs))
    groups = {group.code for group in pack.groups} | {_ALL_GROUPS}
    for service_pack in pack.packs:
        known("packs.json", service_pack.group, groups)
        for code in unique(f"packs.json {service_pack.code}", (i.item for i in service_pack.items)):
            known("packs.json", code, items)
        paid, price = service_pack.payers.total_fen, service_pack.real_price_fen
        if paid != price:
            raise PackError(
                f"packs.json: {service_pack.code}: payers give {paid} fen of a price of {price}"
            )
    unique("norms.json", (norm.code for norm in pack.norms.norms))
    forms = unique("followup_forms.json", (form.code for form in pack.forms.forms))
    contract_groups = {item.code for item in pack.code_list("contract_group")}
    for norm in pack.norms.norms:
        known(f"norms.json {norm.code}", norm.item, items)
        known(f"norms.json {norm.code}", norm.group, contract_groups)
        if norm.form is not None:
            known(f"norms.json {norm.code}", norm.form, forms)
    unique(_PRESCRIPTION_RULES, (each.code for each in pack.prescription_rules.classes))
    for drug in pack.prescription_rules.classes:
        for code in drug.follow_ups:
            known(f"{_PRESCRIPTION_RULES} {drug.code}", code, items)
    specialties = {specialty.code for specialty in pack.specialties}
    unique("symptoms.csv", (s.word + s.specialty_code for s in pack.symptoms))
    for symptom in pack.symptoms:
        known("symptoms.csv", symptom.specialty_code, specialties)
    words = {symptom.word for symptom in pack.symptoms}
    unique("symptom_words.csv", (each.word_en for each in pack.symptom_words))
    for each in pack.symptom_words:
        known("symptom_words.csv", each.word, words)
    unique(_REFERRAL_RULES, (each.code for each in pack.referral_rules.criteria))
    unique(_WHAT_TO_BRING, (each.code for each in pack.what_to_bring.items))
    unique("thresholds.csv", (threshold.metric for threshold in pack.thresholds))
    unique("indicators.csv", (indicator.code for indicator in pack.indicators))
    unique("conduct_rules.csv", (rule.code for rule in pack.conduct_rules))
    for rule in pack.conduct_rules:
        if not rule.slow_at <= rule.confirm_at <= rule.review_at:
            raise PackError(f"conduct_rules.csv: {rule.code}: its counts do not rise")
    unique("holidays.csv", (holiday.day.isoformat() for holiday in pack.holidays))
    opened = {
        f"{institution.code}/{department.name}"
        for institution in pack.institutions
        if institution.bookable
        for department in pack.departments_of(institution)
    }
    for clinic in pack.clinics:
        known("clinics.csv", f"{clinic.institution_code}/{clinic.department}", opened)
    pools = pack.appointment_rules.pools.model_dump()
    whole(f"{_APPOINTMENT_RULES} pools", 1, pools.values())

"""Rows about places: the region, its divisions, villages, institutions and departments."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from regions.facts.base import Blank, Count, CountyCode, Fact, TownshipCode


class MapNote(Fact):
    """What must stand beside a map; ``review_number`` (审图号) is empty while pending."""

    review_number: str
    note: str
    note_en: str
    crs: str
    provenance: str


class Region(Fact):
    """``region.toml``: the region's names, brand and settings."""

    code: CountyCode
    name: str
    name_en: str
    brand: str
    brand_en: str
    timezone: str
    default_locale: Literal["zh", "en"]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    demo_phone_prefix: Annotated[str, Field(pattern=r"^1[0-2][0-9]$")]
    map: MapNote


class Division(Fact):
    """``divisions.csv``: the city, its counties and townships, parents first.

    ``level`` is city, county or township; ``kind`` the finer type. The population of counties may
    be an estimate and that of townships is made up (``population_example``).
    """

    code: Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3})?$")]
    name: str
    name_en: str
    level: Literal["city", "county", "township"]
    kind: str
    parent_code: Annotated[str | None, Blank]
    longitude: Annotated[Decimal | None, Blank]
    latitude: Annotated[Decimal | None, Blank]
    area_km2: Annotated[int | None, Blank]
    population: Annotated[int, Field(gt=0)]
    population_estimate: bool
    population_example: bool
    provenance: str


class Village(Fact):
    """``villages.csv``: villages (``rural``) and neighbourhoods of the statistics bureau.

    ``record_code`` is the segment of the 17-digit health-record number: 001-099 for
    neighbourhoods, 101-199 for villages (which the bureau numbers 201-299); unique in a township.
    """

    code: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    name: str
    division_code: TownshipCode
    rural: bool
    record_code: Annotated[str, Field(pattern=r"^(0[0-9]{2}|1[0-9]{2}|9[0-9]{2})$")]
    provenance: str


class Phrase(Fact):
    """``phrases.csv``: how a generic name is made, and its English. ``{…}`` stands for a number or
    for a name that has English itself; the first that fits counts.
    """

    name: str
    name_en: str
    provenance: str


class Institution(Fact):
    """``institutions.csv``: a hospital, health centre or agency, found by its stable ``code``.

    ``type_code`` follows WS 218 (code list org_type), ``level_code`` the list hospital_level and
    is empty without a grade. Beds, doctors and nurses are example figures throughout.
    """

    code: str
    name: str
    short_name: str
    type_code: str
    level: str
    level_code: str
    ownership: Literal["public", "private"]
    county_code: CountyCode
    township_code: Annotated[TownshipCode | None, Blank]
    address: str
    beds: Count
    doctors: Count
    nurses: Count
    figures_example: bool
    bookable: bool
    example: bool
    estimate: bool
    confidence: Literal["high", "medium", "low", "pattern"]
    provenance: str

    @property
    def division_code(self) -> str:
        """The township where known (health centres), else the county."""
        return self.township_code or self.county_code

    @property
    def tertiary(self) -> bool:
        """Whether it is of the third grade."""
        return self.level_code.startswith("3")


class Specialty(Fact):
    """``departments.csv``: a clinical specialty of the national list (诊疗科目); ``name_en`` is
    empty for those that nobody opens here.
    """

    code: str
    name: str
    name_en: str
    parent_code: Annotated[str | None, Blank]
    statistic_code: str
    estimate: bool
    provenance: str


class DepartmentName(Fact):
    """``department_names.csv``: a department that institutions of ``type_code`` open, the third
    grade alone where ``tertiary_only``; ``location`` is an example floor.
    """

    type_code: str
    specialty_code: str
    name: str
    name_en: str
    tertiary_only: bool
    location: str
    example: bool
    provenance: str

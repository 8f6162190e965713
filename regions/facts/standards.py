"""Rows about standards: thresholds, indicators, code lists and national norms."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from regions.facts.base import Blank, Fact


class Threshold(Fact):
    """``thresholds.csv``: when a reading is implausible, red or yellow; ``red_if`` and
    ``yellow_if`` are the rule's words, ``unit`` is UCUM.
    """

    metric: str
    name: str
    name_en: str
    loinc: str
    unit: str
    plausible_min: float
    plausible_max: float
    red_if: str
    yellow_if: str
    group: str
    estimate: bool
    provenance: str


class Indicator(Fact):
    """``indicators.csv``: an indicator of the twelve analyses; ``target`` is the example target
    where it is one number, ``target_text`` its words.
    """

    analysis: str
    code: str
    name: str
    name_en: str
    formula: str
    unit: str
    national_value: str
    target_text: str
    target: Annotated[float | None, Blank]
    target_example: bool
    national_estimate: bool
    provenance: str


class CodeItem(Fact):
    """``code_lists.csv``: a code of a list and what it is called."""

    list: str
    code: str
    name: str
    name_en: str
    estimate: bool
    provenance: str


class Norm(BaseModel):
    """A group's norm or a performance figure of ``followup_norms.json``; groups differ in what
    else they say, which is kept as it stands (``model_extra``).
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    group: str | None = None
    followups_per_year: int | None = None
    annual_check: int | None = None
    target_pct: float | None = None
    estimate: bool
    provenance: str


class FollowupNorms(BaseModel):
    """``followup_norms.json``: the national norms of public health by contract group."""

    model_config = ConfigDict(frozen=True)

    document: str
    groups: tuple[Norm, ...]
    performance: tuple[Norm, ...]

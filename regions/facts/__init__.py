"""The shapes of a region pack's rows, one class a file.

Every row has ``provenance`` (where it comes from). ``estimate`` says plausible but not checked,
``example`` says made up in the usual shape: such rows are shown with the mark 示例. A field name
that begins with ``figures_``, ``price_``, ``times_``, ``population_`` or ``target_`` narrows the
mark to those figures. Money is integer fen.
"""

from regions.facts.people import AgeBand, Measure, Name, PopulationGroup
from regions.facts.places import (
    DepartmentName,
    Division,
    Institution,
    MapNote,
    Phrase,
    Region,
    Specialty,
    Village,
)
from regions.facts.schedules import DepartmentClinic, PublicHoliday
from regions.facts.services import (
    AppointmentRules,
    Catalogue,
    ConductRule,
    ContractRules,
    PackDocument,
    PackItem,
    Payers,
    Pools,
    ReferralCriterion,
    ReferralHaste,
    ReferralRules,
    ServiceItem,
    ServicePack,
    Symptom,
    SymptomWord,
    ThingToBring,
    Waitlist,
    WhatToBring,
)
from regions.facts.standards import CodeItem, FollowupNorms, Indicator, Norm, Threshold

__all__ = [
    "AgeBand",
    "AppointmentRules",
    "Catalogue",
    "CodeItem",
    "ConductRule",
    "ContractRules",
    "DepartmentClinic",
    "DepartmentName",
    "Division",
    "FollowupNorms",
    "Indicator",
    "Institution",
    "MapNote",
    "Measure",
    "Name",
    "Norm",
    "PackDocument",
    "PackItem",
    "Payers",
    "Phrase",
    "Pools",
    "PopulationGroup",
    "PublicHoliday",
    "ReferralCriterion",
    "ReferralHaste",
    "ReferralRules",
    "Region",
    "ServiceItem",
    "ServicePack",
    "Specialty",
    "Symptom",
    "SymptomWord",
    "ThingToBring",
    "Threshold",
    "Village",
    "Waitlist",
    "WhatToBring",
]

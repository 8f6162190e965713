"""Rows about people: how many, how old, in which groups, and what they are called."""

from typing import Annotated, Literal

from pydantic import Field

from regions.facts.base import Blank, Count, Fact, Percent, Sex


class Measure(Fact):
    """``population.csv``: one figure about the people, found by ``key``."""

    key: str
    measure: str
    value: float
    unit: str
    year: int
    estimate: bool
    provenance: str


class AgeBand(Fact):
    """``ages.csv``: percent of residents aged ``from_age`` to ``to_age`` (both included), and the
    percent of males among them.
    """

    from_age: Count
    to_age: Count
    share: Percent
    male_share: Percent
    estimate: bool
    provenance: str


class PopulationGroup(Fact):
    """``groups.csv``: a contract group and who is in it.

    ``per_100k`` counts members among 100,000 residents; without it everybody of the ages belongs.
    Risk grows by the factor ``growth_per_decade`` of age. ``rural_households`` are taken whole.
    """

    code: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    name: str
    name_en: str
    per_100k: Annotated[float | None, Blank]
    from_age: Count
    to_age: Count
    sex: Annotated[Sex | None, Blank]
    growth_per_decade: float
    rural_households: bool
    estimate: bool
    provenance: str


class Name(Fact):
    """``names.csv``: a surname, a given name (for a sex and years of birth) or a full name."""

    kind: Literal["surname", "given", "full"]
    text: str
    sex: Annotated[Sex | None, Blank]
    born_from: Annotated[int | None, Blank]
    born_to: Annotated[int | None, Blank]
    weight: float
    provenance: str

"""The indicators this room computes, as ``indicators.csv`` defines them.

Codes of the national analyses (HR01, MR01, …) keep their number; PT… are the portal's own.
"""

import csv
from decimal import Decimal
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

FILE = Path(__file__).with_name("indicators.csv")


class Definition(BaseModel):
    """A figure: numerator / denominator × scale, or numerator × scale with no denominator.

    ``yardstick`` is the national value in the figure's own unit; ``yardstick_estimate`` says that
    it was not read in a source and must not be called official.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    analysis: str
    name: str
    name_en: str
    formula: str
    formula_en: str
    unit: str
    unit_en: str
    numerator: str
    denominator: str
    scale: Decimal
    decimals: int
    yardstick: Decimal | None
    yardstick_year: int | None
    yardstick_estimate: bool
    provenance: str

    @field_validator("yardstick", "yardstick_year", mode="before")
    @classmethod
    def _empty_is_none(cls, value: str) -> str | None:
        return value or None

    @field_validator("yardstick_estimate", mode="before")
    @classmethod
    def _empty_is_false(cls, value: str) -> str:
        return value or "false"

    def value(self, numerator: int, denominator: int | None) -> Decimal | None:
        """The figure; None where there is nothing to divide by."""
        if not self.denominator:
            return numerator * self.scale
        return numerator * self.scale / denominator if denominator else None


@cache
def definitions() -> tuple[Definition, ...]:
    """All indicators in the order of the file. Raises ValidationError for a bad row."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(Definition.model_validate(row) for row in csv.DictReader(file))

"""Tables of the statistics room. They hold counts of divisions, never a row about a person."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Id, Moment

# Months only: a year's total less eleven shown months would give back the hidden twelfth.
PERIOD = "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'"


class Indicator(Base):
    """What a figure is called, how it is reckoned, and what it is held against.

    Filled from ``indicators.csv`` of this room at every computation; ``value`` of a figure is
    numerator / denominator × scale (or numerator × scale where there is no denominator).
    """

    __tablename__ = "gov_stats_indicator"

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    analysis: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str]
    formula: Mapped[str]
    formula_en: Mapped[str]
    unit: Mapped[str]
    unit_en: Mapped[str]
    scale: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    decimals: Mapped[int] = mapped_column(SmallInteger)
    yardstick: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    yardstick_year: Mapped[int | None] = mapped_column(SmallInteger)
    yardstick_estimate: Mapped[bool]
    provenance: Mapped[str]


class IndicatorValue(Base):
    """One figure of one division and month, as it may be shown: what disclosure control hides is
    NULL here and flagged, so that no reader of this table can show it by mistake.
    """

    __tablename__ = "gov_stats_value"
    __table_args__ = (
        CheckConstraint(PERIOD, name="period"),
        CheckConstraint(
            "NOT suppressed OR (numerator IS NULL AND value IS NULL)", name="suppressed"
        ),
        CheckConstraint(
            "NOT denominator_suppressed OR (suppressed AND denominator IS NULL)",
            name="denominator_suppressed",
        ),
        Index("ix_gov_stats_value_period", "period"),
    )

    indicator_code: Mapped[str] = mapped_column(
        ForeignKey("gov_stats_indicator.code"), primary_key=True
    )
    division_code: Mapped[str] = mapped_column(
        ForeignKey("directory_division.code"), primary_key=True
    )
    period: Mapped[str] = mapped_column(primary_key=True)
    numerator: Mapped[int | None] = mapped_column(BigInteger)
    denominator: Mapped[int | None] = mapped_column(BigInteger)
    value: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    suppressed: Mapped[bool]
    denominator_suppressed: Mapped[bool]
    computed_at: Mapped[Moment]


class ComputationRun(Base):
    """One computation of a month: when, how many values, how many facts of each source, and how
    many of them lay outside the region's divisions and so entered no figure.
    """

    __tablename__ = "gov_stats_run"
    __table_args__ = (
        CheckConstraint(PERIOD, name="period"),
        Index("ix_gov_stats_run_period", "period", "started_at"),
    )

    id: Mapped[Id]
    period: Mapped[str]
    started_at: Mapped[Moment]
    finished_at: Mapped[datetime]
    rows: Mapped[int]
    sources: Mapped[dict[str, int]] = mapped_column(JSONB)
    unplaced: Mapped[int]

"""Tables of the statistics room. They hold counts of divisions and institutions, never a row
about a person.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
)
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


class Flow(Base):
    """Referrals of a month from one institution to another, counted at each event of a referral.

    What is shown of them is in ``House`` and in the figures, after disclosure control. ``minutes``
    are how long each first answer took.
    """

    __tablename__ = "gov_stats_referral_flow"
    __table_args__ = (CheckConstraint(PERIOD, name="period"),)

    period: Mapped[str] = mapped_column(primary_key=True)
    from_institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("directory_institution.id"), primary_key=True
    )
    to_institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("directory_institution.id"), primary_key=True
    )
    direction: Mapped[str] = mapped_column(primary_key=True)
    # Where each stood when it was sent, or received.
    from_division: Mapped[str] = mapped_column(primary_key=True)
    to_division: Mapped[str] = mapped_column(primary_key=True)
    sent: Mapped[int]
    accepted: Mapped[int]
    declined: Mapped[int]
    lapsed: Mapped[int]
    completed: Mapped[int]
    minutes: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class House(Base):
    """The referrals of one institution and month, as they may be shown: NULL is what disclosure
    control hides.
    """

    __tablename__ = "gov_stats_house"
    __table_args__ = (
        CheckConstraint(PERIOD, name="period"),
        Index("ix_gov_stats_house_period", "period", "division_code"),
    )

    institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("directory_institution.id"), primary_key=True
    )
    period: Mapped[str] = mapped_column(primary_key=True)
    division_code: Mapped[str] = mapped_column(
        ForeignKey("directory_division.code"), primary_key=True
    )
    sent: Mapped[int | None]
    sent_up: Mapped[int | None]
    sent_down: Mapped[int | None]
    received: Mapped[int | None]
    in_time: Mapped[int | None]
    completed: Mapped[int | None]
    median_hours: Mapped[Decimal | None] = mapped_column(Numeric(8, 1))

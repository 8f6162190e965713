"""Which visits led to a suspension."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class CountedVisit(Base):
    """A missed or lately cancelled visit that a suspension counts; each counts once in its life.

    ``weight`` is in hundredths of a missed visit, by the rule at that time.
    """

    __tablename__ = "appointments_counted_visit"
    __table_args__ = (
        CheckConstraint("weight BETWEEN 1 AND 100", name="weight"),
        Index("ix_appointments_counted_visit_suspension_id", "suspension_id"),
    )

    booking_id: Mapped[UUID] = mapped_column(
        ForeignKey("appointments_booking.id"), primary_key=True
    )
    suspension_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_suspension.id"))
    weight: Mapped[int] = mapped_column(SmallInteger)

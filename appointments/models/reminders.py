"""Which reminders of a visit were sent."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from appointments.models.constraints import one_of
from appointments.schemas import ReminderKind
from core.database import Base, Moment


class Reminder(Base):
    """A reminder that was sent: its row is written first, so none is sent twice."""

    __tablename__ = "appointments_reminder"
    __table_args__ = (one_of("kind", ReminderKind),)

    booking_id: Mapped[UUID] = mapped_column(
        ForeignKey("appointments_booking.id"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[Moment]

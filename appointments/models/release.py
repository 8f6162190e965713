"""Tables of the queue at a release: what is released, and who came for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment


class Release(Base):
    """A moment at which an institution's slots open, entered by a queue.

    Whoever came before ``opens_at`` is put in an order that the seed decides: ``seed_hash`` is
    shown while people wait, the seed itself only from ``drawn_at`` on; until then it is kept
    sealed. ``arrivals`` counts everybody who came, ``drawn`` those whose order was drawn.
    ``last_arrived_at`` keeps later arrivals in the order of their numbers. ``rate`` people enter
    a second until ``ends_at``, when the queue is over.
    """

    __tablename__ = "appointments_release"
    __table_args__ = (
        CheckConstraint("opens_at < ends_at AND rate >= 1", name="queue"),
        CheckConstraint(
            "num_nonnulls(drawn_at, seed) IN (0, 2) AND drawn BETWEEN 0 AND arrivals", name="drawn"
        ),
        UniqueConstraint("institution_id", "opens_at"),
        Index("ix_appointments_release_opens_at", "opens_at"),
        # Room on the page keeps the count of arrivals off the indexes (HOT).
        {"postgresql_with": {"fillfactor": 20}},
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    opens_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    rate: Mapped[int] = mapped_column(SmallInteger)
    # 32 random bytes in hex, as are the shown seed and the hash.
    sealed_seed: Mapped[str] = mapped_column(Encrypted("appointments_release.sealed_seed"))
    seed_hash: Mapped[str]
    seed: Mapped[str | None]
    drawn_at: Mapped[datetime | None]
    arrivals: Mapped[int] = mapped_column(Integer, default=0)
    drawn: Mapped[int] = mapped_column(Integer, default=0)
    last_arrived_at: Mapped[datetime | None]
    created_at: Mapped[Created]


class Arrival(Base):
    """A person's place in the queue, whichever device they look from; no ``number`` until it is
    drawn. A release may be forgotten only with its arrivals, so there is no foreign key to it:
    that would lock the one row that everybody counts on, once more for each who comes.
    """

    __tablename__ = "appointments_arrival"
    __table_args__ = (
        UniqueConstraint("release_id", "number"),
        CheckConstraint("number >= 1", name="number"),
    )

    release_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"), primary_key=True)
    account_id: Mapped[UUID]
    arrived_at: Mapped[Moment]
    number: Mapped[int | None] = mapped_column(Integer)

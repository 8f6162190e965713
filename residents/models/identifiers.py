"""The numbers by which a person is known besides the ID number, and the serials of records."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id
from residents.schemas.identifiers import IdentifierKind, IdentifierSource

KINDS = ", ".join(f"'{kind}'" for kind in IdentifierKind)
SOURCES = ", ".join(f"'{source}'" for source in IdentifierSource)


class Identifier(Base):
    """A paper or card with a number, of one person. ``issuer`` is who gave it (empty where the kind
    has one issuer; of a passport its state), ``number_index`` the keyed digest that finds it. All
    of a household have one household book, any other number is one person's. Both days are
    included.
    """

    __tablename__ = "residents_identifier"
    __table_args__ = (
        CheckConstraint(f"kind IN ({KINDS})", name="kind"),
        CheckConstraint(f"source IN ({SOURCES})", name="source"),
        CheckConstraint("valid_until >= valid_from", name="validity"),
        CheckConstraint("kind <> 'hospital_card' OR issuer <> ''", name="issuer"),
        Index(
            "uq_residents_identifier_number",
            "kind",
            "issuer",
            "number_index",
            unique=True,
            postgresql_where=text("kind <> 'household_book'"),
        ),
        Index(
            "uq_residents_identifier_own",
            "kind",
            "issuer",
            "number_index",
            "person_id",
            unique=True,
        ),
        Index("ix_residents_identifier_person_id", "person_id"),
        Index("ix_residents_identifier_number_index", "number_index"),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    kind: Mapped[str]
    issuer: Mapped[str] = mapped_column(default="", server_default="")
    number: Mapped[str] = mapped_column(Encrypted("residents_identifier.number"))
    number_index: Mapped[bytes] = mapped_column(LargeBinary)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    source: Mapped[str]
    recorded_by_name: Mapped[str | None]
    created_at: Mapped[Created]


class RecordSerial(Base):
    """The last serial given in a village: ``prefix`` is the first 12 digits of its health-record
    numbers. A serial is given once, also where its record is given up.
    """

    __tablename__ = "residents_record_serial"
    __table_args__ = (
        CheckConstraint("prefix ~ '^[0-9]{12}$'", name="prefix"),
        CheckConstraint("last BETWEEN 1 AND 99999", name="last"),
    )

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]

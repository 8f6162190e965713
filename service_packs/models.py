"""The catalogue, what people ordered, what they are entitled to, and what was done for them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment
from service_packs.schemas import OrderState, RecordState, Source, Tier

PARTS_ADD_UP = "public_health_fen + insurance_fen + person_fen = price_fen"
NO_PART_IS_NEGATIVE = "public_health_fen >= 0 AND insurance_fen >= 0 AND person_fen >= 0"


def _one_of(column: str, values: type[Tier | OrderState | Source | RecordState]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class Group(Base):
    """A population group that packs are made for (the region's contract_group code list)."""

    __tablename__ = "service_packs_group"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]


class Item(Base):
    """One kind of service; ``example`` marks a made-up price. ``scheduled`` ones are owed by a
    date, the others are there for the asking.
    """

    __tablename__ = "service_packs_item"
    __table_args__ = (CheckConstraint("unit_price_fen >= 0", name="unit_price"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    unit: Mapped[str]
    unit_price_fen: Mapped[int]
    example: Mapped[bool]
    scheduled: Mapped[bool]


class Pack(Base):
    """Services at one price, and who pays which part of it (桂卫规〔2017〕4号: three payers).

    ``group_code`` is None for everybody. The tier ``basic`` comes with a contract and is never
    ordered; every other tier needs a contract. ``example`` marks a made-up pack.
    """

    __tablename__ = "service_packs_pack"
    __table_args__ = (
        CheckConstraint(PARTS_ADD_UP, name="parts_add_up"),
        CheckConstraint(NO_PART_IS_NEGATIVE, name="parts"),
        CheckConstraint("list_price_fen >= price_fen", name="list_price"),
        CheckConstraint(_one_of("tier", Tier), name="tier"),
        Index("ix_service_packs_pack_group_code", "group_code"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    group_code: Mapped[str | None] = mapped_column(ForeignKey("service_packs_group.code"))
    tier: Mapped[str]
    list_price_fen: Mapped[int]
    price_fen: Mapped[int]
    public_health_fen: Mapped[int]
    insurance_fen: Mapped[int]
    person_fen: Mapped[int]
    example: Mapped[bool]
    withdrawn_at: Mapped[datetime | None]


class PackItem(Base):
    """How often a year a pack gives a service."""

    __tablename__ = "service_packs_pack_item"
    __table_args__ = (CheckConstraint("times_per_year > 0", name="times"),)

    pack_code: Mapped[str] = mapped_column(ForeignKey("service_packs_pack.code"), primary_key=True)
    item_code: Mapped[str] = mapped_column(ForeignKey("service_packs_item.code"), primary_key=True)
    times_per_year: Mapped[int] = mapped_column(SmallInteger)


class Order(Base):
    """A person's order of a pack, at the price and payers of that moment.

    ``division_code`` is the person's (9 digits). ``payment_id`` is None where the person pays
    nothing. ``paid_at`` is set exactly in the state paid, ``closed_at`` exactly in cancelled and
    expired. One unpaid order a person and pack.
    """

    __tablename__ = "service_packs_order"
    __table_args__ = (
        CheckConstraint(PARTS_ADD_UP, name="parts_add_up"),
        CheckConstraint(NO_PART_IS_NEGATIVE, name="parts"),
        CheckConstraint(_one_of("state", OrderState), name="state"),
        CheckConstraint("(paid_at IS NOT NULL) = (state = 'paid')", name="paid"),
        CheckConstraint(
            "(closed_at IS NOT NULL) = (state IN ('cancelled', 'expired'))", name="closed"
        ),
        Index(
            "uq_service_packs_order_unpaid",
            "person_id",
            "pack_code",
            unique=True,
            postgresql_where=text("state = 'pending_payment'"),
        ),
        Index(
            "ix_service_packs_order_pay_by",
            "pay_by",
            postgresql_where=text("state = 'pending_payment'"),
        ),
        Index("ix_service_packs_order_person_id", "person_id", "created_at"),
        Index("ix_service_packs_order_paid_at", "paid_at", "division_code"),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    division_code: Mapped[str]
    pack_code: Mapped[str] = mapped_column(ForeignKey("service_packs_pack.code"))
    price_fen: Mapped[int]
    public_health_fen: Mapped[int]
    insurance_fen: Mapped[int]
    person_fen: Mapped[int]
    state: Mapped[str]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments_payment.id"), unique=True)
    created_at: Mapped[Created]
    pay_by: Mapped[Moment]
    paid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class Entitlement(Base):
    """That a person may use a pack's services from ``starts_on`` to ``ends_on``, both included.

    ``source_id`` is the id of the order or contract that gave it. ``team_id`` is the team that
    serves it: its members find the person by it. ``ended_at`` is set where it ended early.
    ``division_code`` is the person's (9 digits).
    """

    __tablename__ = "service_packs_entitlement"
    __table_args__ = (
        UniqueConstraint("source", "source_id", "pack_code"),
        CheckConstraint(_one_of("source", Source), name="source"),
        CheckConstraint("ends_on >= starts_on", name="term"),
        Index("ix_service_packs_entitlement_person_id", "person_id", "ends_on"),
        Index(
            "ix_service_packs_entitlement_team_id",
            "team_id",
            "person_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    division_code: Mapped[str]
    pack_code: Mapped[str] = mapped_column(ForeignKey("service_packs_pack.code"))
    source: Mapped[str]
    source_id: Mapped[UUID]
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_team.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    created_at: Mapped[Created]
    ended_at: Mapped[datetime | None]


class EntitlementItem(Base):
    """How often a service may be used within an entitlement, and how often it was.

    ``times_used`` is the number of its service records; only a conditional update raises it.
    """

    __tablename__ = "service_packs_entitlement_item"
    __table_args__ = (
        UniqueConstraint("entitlement_id", "item_code"),
        CheckConstraint("times_used BETWEEN 0 AND times_total", name="times"),
    )

    id: Mapped[Id]
    entitlement_id: Mapped[UUID] = mapped_column(ForeignKey("service_packs_entitlement.id"))
    item_code: Mapped[str] = mapped_column(ForeignKey("service_packs_item.code"))
    times_total: Mapped[int] = mapped_column(SmallInteger)
    times_used: Mapped[int] = mapped_column(SmallInteger, default=0)


class Rating(Base):
    """How satisfied a person is with a service that they confirmed, once a record: 1 to 5 stars
    and perhaps a word. Teams read the sums only.
    """

    __tablename__ = "service_packs_rating"
    __table_args__ = (
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_service_packs_rating_team_id", "team_id", "rated_at"),
    )

    record_id: Mapped[UUID] = mapped_column(
        ForeignKey("service_packs_service_record.id", ondelete="CASCADE"), primary_key=True
    )
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("directory_staff.id"))
    stars: Mapped[int] = mapped_column(SmallInteger)
    word: Mapped[str | None] = mapped_column(Encrypted("service_packs_rating.word"))
    rated_at: Mapped[Moment]


class ServiceRecord(Base):
    """A service that was done, by whom, and what the person says to it.

    ``division_code`` is the person's (9 digits). ``confirmed_at`` is set exactly in the state
    confirmed; a dispute keeps its reason after it was cleared up.
    """

    __tablename__ = "service_packs_service_record"
    __table_args__ = (
        CheckConstraint(_one_of("state", RecordState), name="state"),
        CheckConstraint("(confirmed_at IS NOT NULL) = (state = 'confirmed')", name="confirmed"),
        CheckConstraint("state <> 'disputed' OR dispute_reason IS NOT NULL", name="disputed"),
        Index("ix_service_packs_service_record_person_id", "person_id", "performed_at"),
        Index("ix_service_packs_service_record_team_id", "team_id", "performed_at"),
        Index("ix_service_packs_service_record_entitlement_item_id", "entitlement_item_id"),
        Index("ix_service_packs_service_record_performed_at", "performed_at", "division_code"),
    )

    id: Mapped[Id]
    entitlement_item_id: Mapped[UUID] = mapped_column(
        ForeignKey("service_packs_entitlement_item.id")
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    division_code: Mapped[str]
    item_code: Mapped[str] = mapped_column(ForeignKey("service_packs_item.code"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("directory_staff.id"))
    staff_name: Mapped[str]
    performed_at: Mapped[Moment]
    note: Mapped[str | None] = mapped_column(Encrypted("service_packs_service_record.note"))
    state: Mapped[str]
    dispute_reason: Mapped[str | None] = mapped_column(
        Encrypted("service_packs_service_record.dispute_reason")
    )
    disputed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[Created]

"""The rules of contracts, and the moves that a contract may make."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Id, Version
from family_doctor.models.columns import one_of
from family_doctor.schemas import Reach


class Rule(Base):
    """Capacity, terms and deadlines; without an institution they are the region's. Days and years.

    ``estimate`` marks values that nobody has checked against a local document.
    """

    __tablename__ = "family_doctor_rule"
    __table_args__ = (
        Index(
            "uq_family_doctor_rule_institution_id",
            "institution_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("capacity_per_doctor > 0", name="capacity"),
        CheckConstraint("1 <= term_years AND term_years <= term_years_max", name="term"),
        CheckConstraint("cooling_off_days >= 0", name="cooling_off"),
        CheckConstraint(
            "answer_days > 0 AND confirm_days > 0 AND expiring_days > 0"
            " AND dispute_answer_days > 0 AND dispute_decide_days > 0",
            name="days",
        ),
        CheckConstraint(
            "dispute_remind_days > 0 AND dispute_escalate_days > 0", name="dispute_levels"
        ),
        CheckConstraint("bought_wait_days > 0 AND bought_remind_days > 0", name="bought"),
        CheckConstraint("silent_days > 0", name="silent"),
        CheckConstraint("service_record_days >= 0", name="record"),
        CheckConstraint(
            "transfer_answer_days > 0 AND transfer_consent_days > 0", name="transfer_days"
        ),
        CheckConstraint(one_of("transfer_reach", Reach), name="transfer_reach"),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_institution.id"))
    # As published then.
    institution_name: Mapped[str] = mapped_column(default="", server_default="")
    # Of the institution, or of the whole region.
    division_code: Mapped[str] = mapped_column(ForeignKey("directory_division.code"))
    capacity_per_doctor: Mapped[int]
    term_years: Mapped[int] = mapped_column(SmallInteger)
    term_years_max: Mapped[int] = mapped_column(SmallInteger)
    answer_days: Mapped[int] = mapped_column(SmallInteger)
    confirm_days: Mapped[int] = mapped_column(SmallInteger)
    expiring_days: Mapped[int] = mapped_column(SmallInteger)
    cooling_off_days: Mapped[int] = mapped_column(SmallInteger)
    dispute_answer_days: Mapped[int] = mapped_column(SmallInteger)
    dispute_decide_days: Mapped[int] = mapped_column(SmallInteger)
    dispute_remind_days: Mapped[int] = mapped_column(SmallInteger, default=3, server_default="3")
    dispute_escalate_days: Mapped[int] = mapped_column(SmallInteger, default=7, server_default="7")
    bought_wait_days: Mapped[int] = mapped_column(SmallInteger, default=90, server_default="90")
    bought_remind_days: Mapped[int] = mapped_column(SmallInteger, default=14, server_default="14")
    silent_days: Mapped[int] = mapped_column(SmallInteger, default=90, server_default="90")
    service_record_days: Mapped[int] = mapped_column(SmallInteger, default=3, server_default="3")
    transfer_answer_days: Mapped[int] = mapped_column(SmallInteger, default=7, server_default="7")
    transfer_consent_days: Mapped[int] = mapped_column(
        SmallInteger, default=14, server_default="14"
    )
    transfer_reach: Mapped[str] = mapped_column(default=Reach.REGION, server_default=Reach.REGION)
    estimate: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    version: Mapped[Version]


class Move(Base):
    """A pair of states that a contract may go between; the rows are those of ``states.MOVES``.

    A trigger on the contracts refuses any other change of state, whoever makes it.
    """

    __tablename__ = "family_doctor_move"

    from_state: Mapped[str] = mapped_column(primary_key=True)
    to_state: Mapped[str] = mapped_column(primary_key=True)

"""What was found at a follow-up."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment


class FollowUp(Base):
    """The form of a service record, one each: its values are one encrypted JSON document, read with
    the form's version.

    ``result`` is the class that the norm's rules give, or the doctor's with ``result_reason``;
    ``emergency`` that it was one, open until somebody of the team has ``seen`` to it; ``next_on``
    by when the rule wants the next. All go with the record when it is withdrawn.
    """

    __tablename__ = "family_doctor_follow_up"
    __table_args__ = (
        ForeignKeyConstraint(
            ["form_code", "form_version"],
            ["family_doctor_form.code", "family_doctor_form.version"],
            name="fk_family_doctor_follow_up_form_code",
        ),
        Index("ix_family_doctor_follow_up_person_id", "person_id", "item_code", "performed_at"),
        Index(
            "ix_family_doctor_follow_up_team_id",
            "team_id",
            "person_id",
            "item_code",
            "performed_at",
            "id",
            postgresql_include=["result", "emergency"],
        ),
        Index(
            "ix_family_doctor_follow_up_urgent",
            "team_id",
            "performed_at",
            postgresql_where=text("emergency AND seen_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    service_record_id: Mapped[UUID] = mapped_column(
        ForeignKey("service_packs_service_record.id"), unique=True
    )
    person_id: Mapped[UUID]
    team_id: Mapped[UUID]
    division_code: Mapped[str]
    item_code: Mapped[str]
    norm_code: Mapped[str | None]
    form_code: Mapped[str]
    form_version: Mapped[int] = mapped_column(SmallInteger)
    performed_at: Mapped[Moment]
    document: Mapped[str] = mapped_column(Encrypted("family_doctor_follow_up.document"))
    computed: Mapped[str]
    result: Mapped[str]
    result_reason: Mapped[str | None] = mapped_column(
        Encrypted("family_doctor_follow_up.result_reason")
    )
    result_by: Mapped[str | None]
    emergency: Mapped[bool]
    referral: Mapped[bool]
    next_on: Mapped[date | None]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None]

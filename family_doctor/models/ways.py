"""Cards, invitations, shares, residents at a device of the staff, and which way contracts came."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment, Version
from family_doctor.models.columns import one_of
from family_doctor.schemas import Channel, Evidence
from family_doctor.schemas.signing import ProofMethod

# Applications made by staff for somebody who is present.
PRESENT = (Channel.AGENT, Channel.ON_SITE)
# The id of the region's one row of limits.
THE_ONE = "00000000-0000-0000-0000-000000000001"


class WayRule(Base):
    """The region's limits on the ways of signing; one row, which the migration makes.

    Days: how long a card, invitation and share holds, and after how many a number may be invited
    again. A day: how many a team invites, and how many identities one of the staff has checked.
    ``present_minutes``: how long a resident has to sign on the device. ``visit_days``: how long may
    be signed with a visit's package, ``visit_sync_days``: how long after that it is taken in.
    """

    __tablename__ = "family_doctor_way_rule"
    __table_args__ = (
        CheckConstraint(f"id = '{THE_ONE}'", name="one"),
        CheckConstraint(
            "card_days BETWEEN 1 AND 730 AND invitation_days BETWEEN 1 AND 90"
            " AND share_days BETWEEN 1 AND 365 AND invite_again_days BETWEEN 1 AND 365",
            name="days",
        ),
        CheckConstraint(
            "invitations_per_day BETWEEN 0 AND 5000 AND checks_per_day BETWEEN 0 AND 5000",
            name="per_day",
        ),
        CheckConstraint("present_minutes BETWEEN 1 AND 240", name="present_minutes"),
        CheckConstraint(
            "visit_days BETWEEN 1 AND 30 AND visit_sync_days BETWEEN 0 AND 90"
            " AND visit_residents BETWEEN 1 AND 300",
            name="visits",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=THE_ONE)
    card_days: Mapped[int] = mapped_column(SmallInteger, server_default="90")
    invitation_days: Mapped[int] = mapped_column(SmallInteger, server_default="14")
    share_days: Mapped[int] = mapped_column(SmallInteger, server_default="30")
    invite_again_days: Mapped[int] = mapped_column(SmallInteger, server_default="30")
    invitations_per_day: Mapped[int] = mapped_column(SmallInteger, server_default="200")
    checks_per_day: Mapped[int] = mapped_column(SmallInteger, server_default="200")
    present_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="30")
    visit_days: Mapped[int] = mapped_column(SmallInteger, server_default="3")
    visit_sync_days: Mapped[int] = mapped_column(SmallInteger, server_default="7")
    visit_residents: Mapped[int] = mapped_column(SmallInteger, server_default="300")
    estimate: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    version: Mapped[Version]


class Card(Base):
    """A card of one of the staff of a team, printed as a QR code. ``opened`` counts visits."""

    __tablename__ = "family_doctor_card"
    __table_args__ = (
        CheckConstraint("expires_at > issued_at", name="validity"),
        Index("ix_family_doctor_card_team_id", "team_id", "issued_at", "id"),
        Index("ix_family_doctor_card_account_id", "account_id"),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    doctor_name: Mapped[str]
    issued_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None]
    opened: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class Invitation(Base):
    """An invitation to one phone number. It can be used from any browser that proves the number.

    ``contract_id`` is the last application that came of it.
    """

    __tablename__ = "family_doctor_invitation"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="validity"),
        Index("ix_family_doctor_invitation_team_id", "team_id", "created_at", "id"),
        Index("ix_family_doctor_invitation_phone_index", "phone_index", "team_id", "created_at"),
        Index("ix_family_doctor_invitation_contract_id", "contract_id"),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    invited_by: Mapped[str]
    phone: Mapped[str] = mapped_column(Encrypted("family_doctor_invitation.phone"))
    phone_index: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    sent_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_contract.id"))


class InvitationStop(Base):
    """A phone number that no team may invite, by its blind index: its holder said so."""

    __tablename__ = "family_doctor_invitation_stop"

    phone_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    at: Mapped[Moment]


class Share(Base):
    """A team's page as one account shares it: one a team and account, so the chain has no rings.

    ``parent_id`` is the share by which the sharer came; ``depth`` counts from 1. ``opened`` counts
    visits; who visited is not kept.
    """

    __tablename__ = "family_doctor_share"
    __table_args__ = (
        UniqueConstraint("team_id", "account_id"),
        CheckConstraint("(parent_id IS NULL) = (depth = 1) AND depth >= 1", name="depth"),
        CheckConstraint("parent_id <> id", name="parent"),
        Index("ix_family_doctor_share_parent_id", "parent_id"),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_share.id"))
    depth: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    opened: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class Presence(Base):
    """A resident at a device of the staff, found by name and paper, until both have signed there.

    The id is that of the contract to be. ``agreement_digest`` is of the text that was shown since
    ``prepared_at``, with the pack and years; whoever signs it (``signer_id``) draws or types, which
    is kept here only until one of the staff witnesses it, with a proof of who they are.
    ``renews_id`` is the contract that goes on by it.
    """

    __tablename__ = "family_doctor_presence"
    __table_args__ = (
        CheckConstraint(one_of("evidence", Evidence), name="evidence"),
        CheckConstraint("expires_at > begun_at", name="validity"),
        CheckConstraint(
            "num_nonnulls(prepared_at, signer_id, pack_code, term_years, text_id,"
            " agreement_digest) IN (0, 6)",
            name="prepared",
        ),
        CheckConstraint("term_years BETWEEN 1 AND 5", name="years"),
        CheckConstraint("octet_length(agreement_digest) = 32", name="digest"),
        CheckConstraint("strokes IS NULL OR typed_name IS NULL", name="drawn_or_typed"),
        CheckConstraint("signed_at IS NULL OR prepared_at IS NOT NULL", name="signed"),
        CheckConstraint(
            f"proof_method IS NULL OR {one_of('proof_method', ProofMethod)}", name="proof_method"
        ),
        CheckConstraint(
            "num_nonnulls(witnessed_at, proof_method, proved_at) IN (0, 3)", name="proved"
        ),
        CheckConstraint(
            "witnessed_at IS NULL OR (signed_at IS NOT NULL AND contract_id IS NOT NULL)",
            name="witnessed",
        ),
        Index(
            "ix_family_doctor_presence_open",
            "account_id",
            "begun_at",
            postgresql_where=text("contract_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    evidence: Mapped[str]
    evidence_number: Mapped[str | None] = mapped_column(
        Encrypted("family_doctor_presence.evidence_number")
    )
    begun_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    signer_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"))
    renews_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_contract.id"))
    pack_code: Mapped[str | None] = mapped_column(ForeignKey("service_packs_pack.code"))
    term_years: Mapped[int | None] = mapped_column(SmallInteger)
    text_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_agreement_text.id"))
    extra_codes: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    agreement_extras: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    prepared_at: Mapped[datetime | None]
    agreement_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    strokes: Mapped[str | None] = mapped_column(Encrypted("family_doctor_presence.strokes"))
    typed_name: Mapped[str | None] = mapped_column(Encrypted("family_doctor_presence.typed_name"))
    signed_at: Mapped[datetime | None]
    witnessed_at: Mapped[datetime | None]
    proof_method: Mapped[str | None]
    proved_at: Mapped[datetime | None]
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_contract.id"))


class Introduction(Base):
    """Which way a contract came and by whom; one that came by the portal itself has no row.

    ``account_id`` issued the link, or acted for the resident (``for_another``): a representative
    without ``evidence``, one of the staff with it. A representative who came by a link has that
    too.
    """

    __tablename__ = "family_doctor_introduction"
    __table_args__ = (
        CheckConstraint(one_of("channel", set(Channel) - {Channel.PORTAL}), name="channel"),
        CheckConstraint(
            f"evidence IS NULL OR ({one_of('evidence', Evidence)}"
            f" AND {one_of('channel', PRESENT)})",
            name="evidence",
        ),
        CheckConstraint("evidence IS NOT NULL OR evidence_number IS NULL", name="number"),
        CheckConstraint("num_nonnulls(card_id, invitation_id, share_id) <= 1", name="one_link"),
        CheckConstraint(f"for_another = ({one_of('channel', PRESENT)})", name="for_another"),
        CheckConstraint(f"visit_id IS NULL OR channel = '{Channel.ON_SITE}'", name="visit"),
        Index(
            "ix_family_doctor_introduction_visit_id",
            "visit_id",
            postgresql_where=text("visit_id IS NOT NULL"),
        ),
        Index(
            "ix_family_doctor_introduction_share_id",
            "share_id",
            postgresql_where=text("share_id IS NOT NULL"),
        ),
    )

    contract_id: Mapped[UUID] = mapped_column(
        ForeignKey("family_doctor_contract.id"), primary_key=True
    )
    channel: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    by_name: Mapped[str]
    for_another: Mapped[bool]
    card_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_card.id"))
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_invitation.id"))
    share_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_share.id"))
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_field_visit.id"))
    evidence: Mapped[str | None]
    evidence_number: Mapped[str | None] = mapped_column(
        Encrypted("family_doctor_introduction.evidence_number")
    )
    refused_at: Mapped[datetime | None]

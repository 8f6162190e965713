"""What somebody proves with that it is them, and how far a proof has come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment


class PendingSignIn(Base):
    """A sign-in on its way: proved by ``methods`` so far, not enough for a session yet."""

    __tablename__ = "auth_pending_sign_in"
    __table_args__ = (Index("ix_auth_pending_sign_in_expires_at", "expires_at"),)

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    # RFC 8176 names, in the order in which they were used.
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    ended_at: Mapped[datetime | None]


class Totp(Base):
    """An authenticator application (RFC 6238); ``confirmed_at`` is None until a code proved it.

    ``last_step`` is the last time step whose code was used: none is taken twice.
    """

    __tablename__ = "auth_totp"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Encrypted("auth_totp.secret"))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[Created]
    confirmed_at: Mapped[datetime | None]


class Passkey(Base):
    """A WebAuthn credential with the name its owner gave it."""

    __tablename__ = "auth_passkey"
    __table_args__ = (Index("ix_auth_passkey_account_id", "account_id"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[Created]
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """What a passkey is asked to sign: once, within minutes; whose is None at the front door."""

    __tablename__ = "auth_passkey_challenge"
    __table_args__ = (
        CheckConstraint("purpose IN ('register', 'prove')", name="purpose"),
        Index("ix_auth_passkey_challenge_expires_at", "expires_at"),
    )

    challenge: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of ten codes on paper, as its keyed digest; works once."""

    __tablename__ = "auth_recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Created]
    used_at: Mapped[datetime | None]


class Device(Base):
    """A browser from which an account signed in; its cookie holds a token of which we keep the
    hash.
    """

    __tablename__ = "auth_device"
    __table_args__ = (UniqueConstraint("account_id", "token_hash"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Created]
    last_seen_at: Mapped[Moment]


class Rate(Base):
    """How many requests somebody made in the present window of a route's limit."""

    __tablename__ = "auth_rate"

    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    window_start: Mapped[Moment]
    count: Mapped[int]


class Notice(Base):
    """News about an account that its owner must hear of, at the phone it then had."""

    __tablename__ = "auth_notice"
    __table_args__ = (Index("ix_auth_notice_created_at", "created_at"),)

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    kind: Mapped[str]
    phone: Mapped[str | None] = mapped_column(Encrypted("auth_notice.phone"))
    # What the owner objects with, where the news can be objected to.
    secret: Mapped[str | None] = mapped_column(Encrypted("auth_notice.secret"))
    created_at: Mapped[Created]

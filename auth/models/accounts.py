"""Who can sign in, how, and what they were granted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.database import Base, Created, Encrypted, Id, Moment, Version
from core.roles import DUTIES, GRANTED_ROLES

ROLE_LIST = ", ".join(f"'{role}'" for role in GRANTED_ROLES)
DUTY_LIST = ", ".join(f"'{role}'" for role in DUTIES)
PERIOD = text("tstzrange(starts_at, ends_at)")


class Account(Base):
    """One who can sign in: a resident by phone, staff by name and password, or both."""

    __tablename__ = "auth_account"
    __table_args__ = (
        CheckConstraint("username IS NOT NULL OR phone_index IS NOT NULL", name="has_a_name"),
    )
    # What the database fills in is read when asked for, not with each new row.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012  as SQLAlchemy declares it

    id: Mapped[Id]
    username: Mapped[str | None] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str | None]
    # Somebody else knows it: it must be changed before it opens a session.
    password_initial: Mapped[bool] = mapped_column(server_default="false")
    # Whoever has the account proved it, by a code or through WeChat: applications are told so.
    phone: Mapped[str | None] = mapped_column(Encrypted("auth_account.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"), unique=True)
    # Whose identity card was seen for it, as a keyed digest: one human may have several accounts.
    human_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    disabled_at: Mapped[datetime | None]
    version: Mapped[Version]
    created_at: Mapped[Created]


class RoleGrant(Base):
    """A role held on a unit (division code, institution or team id); it holds below it too.

    It counts from ``starts_at`` until ``ends_at`` (None: for good), unless it was taken back:
    ``ended_at`` is checked for being set, so that it binds at once whatever a clock says.
    ``withheld``: a provider's claim had given it and somebody here took it back, so that no claim
    gives it again.
    """

    __tablename__ = "auth_role_grant"
    __table_args__ = (
        CheckConstraint(f"role IN ({ROLE_LIST})", name="role"),
        CheckConstraint("ends_at > starts_at", name="period"),
        # Nobody holds the same role on the same unit twice at a time,
        ExcludeConstraint(
            ("account_id", "="),
            ("role", "="),
            ("unit", "="),
            (PERIOD, "&&"),
            where=text("ended_at IS NULL"),
            using="gist",
            name="ex_auth_role_grant_once",
        ),
        # nor two of the duties that are separate.
        ExcludeConstraint(
            ("account_id", "="),
            ("role", "<>"),
            (PERIOD, "&&"),
            where=text(f"ended_at IS NULL AND role IN ({DUTY_LIST})"),
            using="gist",
            name="ex_auth_role_grant_duty",
        ),
        # Nor does one human by two accounts.
        ExcludeConstraint(
            ("human_index", "="),
            ("role", "<>"),
            (PERIOD, "&&"),
            where=text(f"ended_at IS NULL AND role IN ({DUTY_LIST})"),
            using="gist",
            name="ex_auth_role_grant_human",
        ),
        Index(
            "ix_auth_role_grant_account_id",
            "account_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_auth_role_grant_unit", "unit"),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    # The account's, as the constraint needs it here.
    human_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    role: Mapped[str]
    unit: Mapped[str]
    unit_name: Mapped[str]
    granted_by: Mapped[UUID | None]
    created_at: Mapped[Created]
    starts_at: Mapped[Created]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    withheld: Mapped[bool] = mapped_column(server_default=false())


class SignInSession(Base):
    """A browser that is signed in; its cookie holds a random token of which we keep the hash."""

    __tablename__ = "auth_session"
    __table_args__ = (
        CheckConstraint("assurance BETWEEN 1 AND 3", name="assurance"),
        Index("ix_auth_session_account_id", "account_id"),
        Index("ix_auth_session_live", "expires_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    # RFC 8176 names of the methods, in the order in which they were used.
    methods: Mapped[list[str]] = mapped_column(ARRAY(Text))
    assurance: Mapped[int] = mapped_column(SmallInteger)
    # The latest proof; the session itself may be older.
    authenticated_at: Mapped[Moment]
    active_role: Mapped[str]
    address: Mapped[str]
    channel: Mapped[str] = mapped_column(server_default="web", default="web")
    user_agent: Mapped[str] = mapped_column(server_default="", default="")
    created_at: Mapped[Created]
    # Within some minutes; a session of staff ends when it lies idle.
    last_seen_at: Mapped[Moment] = mapped_column(default=clock.now, server_default=func.now())
    expires_at: Mapped[Moment]
    ended_at: Mapped[datetime | None]


class Token(Base):
    """A bearer token, kept as its hash; ``client_id`` is the application it was given to.

    Without an account it is the application's own. ``grant_id`` is the code, the device request or
    the refresh family that it comes from; ``claims`` are as that has them.
    """

    __tablename__ = "auth_token"
    __table_args__ = (
        CheckConstraint("account_id IS NOT NULL OR client_id IS NOT NULL", name="has_a_holder"),
        Index("ix_auth_token_account_id", "account_id"),
        Index("ix_auth_token_session_id", "session_id"),
        Index("ix_auth_token_grant_id", "grant_id"),
        Index("ix_auth_token_expires_at", "expires_at"),
    )

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_session.id"))
    grant_id: Mapped[UUID | None]
    client_id: Mapped[str | None]
    scope: Mapped[str]
    claims: Mapped[dict[str, list[str]] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    ended_at: Mapped[datetime | None]


class Challenge(Base):
    """A code sent to a phone; hashed, five minutes, five tries, used once."""

    __tablename__ = "auth_challenge"
    __table_args__ = (Index("ix_auth_challenge_phone_index", "phone_index", "created_at"),)

    id: Mapped[Id]
    phone: Mapped[str] = mapped_column(Encrypted("auth_challenge.phone"))
    phone_index: Mapped[bytes] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    # What the code is good for, and for whom where that is known: a code that somebody was talked
    # into giving away for one thing opens no other.
    purpose: Mapped[str] = mapped_column(server_default="sign_in", default="sign_in")
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None]


class Attempt(Base):
    """A try that counts against a limit, by the keyed digest of who or where."""

    __tablename__ = "auth_attempt"
    __table_args__ = (Index("ix_auth_attempt_subject_at", "subject", "at"),)

    id: Mapped[Id]
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Moment]

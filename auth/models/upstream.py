"""Other institutions' sign-in (upstream OpenID Providers), and the accounts they are joined to."""

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
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from auth.schemas.upstream import MAPPED_ROLES
from core.database import Base, Created, Encrypted, Id, Moment, Version

MAPPED_ROLE_LIST = ", ".join(f"'{role}'" for role in MAPPED_ROLES)


class Upstream(Base):
    """A provider that people may sign in with. Without a secret we are a public client there.

    A value of ``acr`` or ``amr`` that is in ``two_factor_values`` or ``phishing_resistant_values``
    raises the assurance of the session. ``issuer`` never changes: identities hang on it.
    """

    __tablename__ = "auth_upstream"

    id: Mapped[Id]
    issuer: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    icon: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[str | None] = mapped_column(Encrypted("auth_upstream.client_secret"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Whether its identities may be joined to accounts that exist, and open new ones.
    linking: Mapped[bool]
    just_in_time: Mapped[bool]
    role_claim: Mapped[str | None]
    two_factor_values: Mapped[list[str]] = mapped_column(ARRAY(Text))
    phishing_resistant_values: Mapped[list[str]] = mapped_column(ARRAY(Text))
    disabled_at: Mapped[datetime | None]
    version: Mapped[Version]
    created_at: Mapped[Created]


class UpstreamRole(Base):
    """Whoever has ``value`` in the provider's role claim holds ``role`` on ``unit``."""

    __tablename__ = "auth_upstream_role"
    __table_args__ = (
        CheckConstraint(f"role IN ({MAPPED_ROLE_LIST})", name="role"),
        UniqueConstraint("upstream_id", "value", "role", "unit", name="uq_auth_upstream_role_rule"),
    )

    id: Mapped[Id]
    upstream_id: Mapped[UUID] = mapped_column(ForeignKey("auth_upstream.id"))
    value: Mapped[str]
    role: Mapped[str]
    unit: Mapped[str]
    unit_name: Mapped[str]


class UpstreamIdentity(Base):
    """Somebody at a provider, joined to an account here. ``name`` is what they are called there."""

    __tablename__ = "auth_upstream_identity"
    __table_args__ = (
        UniqueConstraint("upstream_id", "subject", name="uq_auth_upstream_identity_subject"),
        UniqueConstraint("upstream_id", "account_id", name="uq_auth_upstream_identity_account"),
        Index("ix_auth_upstream_identity_account_id", "account_id"),
    )

    id: Mapped[Id]
    upstream_id: Mapped[UUID] = mapped_column(ForeignKey("auth_upstream.id"))
    subject: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    name: Mapped[str | None] = mapped_column(Encrypted("auth_upstream_identity.name"))
    linked_at: Mapped[Moment]
    used_at: Mapped[Moment]


class UpstreamGrant(Base):
    """That a role was given by a provider's claim, and so ends with it."""

    __tablename__ = "auth_upstream_grant"
    __table_args__ = (Index("ix_auth_upstream_grant_identity_id", "identity_id"),)

    grant_id: Mapped[UUID] = mapped_column(ForeignKey("auth_role_grant.id"), primary_key=True)
    identity_id: Mapped[UUID] = mapped_column(
        ForeignKey("auth_upstream_identity.id", ondelete="CASCADE")
    )


class UpstreamAttempt(Base):
    """A browser on its way to a provider and back: ten minutes, used once.

    ``joining`` is the account that was signed in and asked to be joined, or to prove itself again.
    ``anew``: the provider was told to ask the person, even one it still knew.
    """

    __tablename__ = "auth_upstream_attempt"
    __table_args__ = (Index("ix_auth_upstream_attempt_expires_at", "expires_at"),)

    id: Mapped[Id]
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    upstream_id: Mapped[UUID] = mapped_column(ForeignKey("auth_upstream.id"))
    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary)
    code_verifier: Mapped[str] = mapped_column(Encrypted("auth_upstream_attempt.code_verifier"))
    next_path: Mapped[str]
    joining: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    anew: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    redeemed_at: Mapped[datetime | None]


class UpstreamArrival(Base):
    """Somebody a provider vouched for in this browser, and who is not joined to an account yet."""

    __tablename__ = "auth_upstream_arrival"
    __table_args__ = (
        CheckConstraint("assurance BETWEEN 1 AND 3", name="assurance"),
        Index("ix_auth_upstream_arrival_browser_hash", "browser_hash"),
    )

    id: Mapped[Id]
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    upstream_id: Mapped[UUID] = mapped_column(ForeignKey("auth_upstream.id"))
    subject: Mapped[str]
    name: Mapped[str | None] = mapped_column(Encrypted("auth_upstream_arrival.name"))
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    assurance: Mapped[int] = mapped_column(SmallInteger)
    authenticated_at: Mapped[Moment]
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    settled_at: Mapped[datetime | None]

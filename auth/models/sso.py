"""Applications that sign people in through the portal, and what they were given."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auth.schemas.sso import SigningAlgorithm
from core.access import Role
from core.database import Base, Created, Encrypted, Id, Moment, Version
from core.ids import new_id

ALGORITHM_LIST = ", ".join(f"'{algorithm}'" for algorithm in SigningAlgorithm)
ROLE_LIST = ", ".join(f"'{role}'" for role in Role)


class Client(Base):
    """A registered application; one without ``secret_hash`` is public.

    ``sector`` (the host of its redirect URIs at registration) goes into every subject that the
    application was ever given, so it never changes. ``unit`` is its place in the organisation, and
    ``audience`` the roles that get its tile there.
    """

    __tablename__ = "auth_client"
    __table_args__ = (
        CheckConstraint("cardinality(redirect_uris) > 0", name="redirect_uris"),
        CheckConstraint(f"algorithm IN ({ALGORITHM_LIST})", name="algorithm"),
        CheckConstraint(f"audience <@ ARRAY[{ROLE_LIST}]", name="audience"),
        Index("ix_auth_client_unit", "unit"),
    )

    client_id: Mapped[str] = mapped_column(primary_key=True)
    # Its name in histories.
    id: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    name: Mapped[str]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    algorithm: Mapped[str]
    sector: Mapped[str]
    icon: Mapped[str] = mapped_column(server_default="apps")
    launch_url: Mapped[str | None]
    audience: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    unit: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    version: Mapped[Version]
    created_at: Mapped[Created]


class AuthorizationCode(Base):
    """A code on its way through the browser: hashed, 60 seconds, redeemed once.

    ``access_token_hash`` is the token it was redeemed for, to be ended if the code comes again.
    """

    __tablename__ = "auth_authorization_code"
    __table_args__ = (Index("ix_auth_authorization_code_expires_at", "expires_at"),)

    id: Mapped[Id]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_session.id"))
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    nonce: Mapped[str | None]
    code_challenge: Mapped[str]
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    redeemed_at: Mapped[datetime | None]
    access_token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class Consent(Base):
    """That a person lets an application know what ``scope`` stands for."""

    __tablename__ = "auth_consent"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[Created]


class SigningKey(Base):
    """The key that ID tokens are signed with, one an algorithm; ``kid`` is its thumbprint."""

    __tablename__ = "auth_signing_key"
    __table_args__ = (CheckConstraint(f"algorithm IN ({ALGORITHM_LIST})", name="algorithm"),)

    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str] = mapped_column(unique=True)
    private_key: Mapped[str] = mapped_column(Encrypted("auth_signing_key.private_key"))
    public_key: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[Created]

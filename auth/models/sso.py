"""Applications that sign people in through the portal, and what they were given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from auth.schemas.sso import GrantType, SigningAlgorithm
from core.access import Role
from core.database import Base, Created, Encrypted, Id, Moment, Version
from core.ids import new_id

ALGORITHM_LIST = ", ".join(f"'{algorithm}'" for algorithm in SigningAlgorithm)
GRANT_LIST = ", ".join(f"'{grant}'" for grant in GrantType)
ROLE_LIST = ", ".join(f"'{role}'" for role in Role)


class Client(Base):
    """A registered application. One with ``jwks`` signs an assertion to show who it is, one with
    ``secret_hash`` shows its secret, one with neither is public.

    ``sector`` goes into every subject that the application was ever given, so it never changes: the
    host of its redirect URIs at registration, or itself where it has none. ``unit`` is its place in
    the organisation, and ``audience`` the roles that get its tile there.
    """

    __tablename__ = "auth_client"
    __table_args__ = (
        CheckConstraint(
            "cardinality(redirect_uris) > 0 OR NOT 'authorization_code' = ANY (grants)",
            name="redirect_uris",
        ),
        CheckConstraint(f"algorithm IN ({ALGORITHM_LIST})", name="algorithm"),
        CheckConstraint(f"grants <@ ARRAY[{GRANT_LIST}]", name="grants"),
        CheckConstraint("secret_hash IS NULL OR jwks IS NULL", name="one_credential"),
        CheckConstraint(
            "(old_secret_hash IS NULL) = (old_secret_ends_at IS NULL)", name="old_secret"
        ),
        CheckConstraint(f"audience <@ ARRAY[{ROLE_LIST}]", name="audience"),
        Index("ix_auth_client_unit", "unit"),
    )

    client_id: Mapped[str] = mapped_column(primary_key=True)
    # Its name in histories.
    id: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    name: Mapped[str]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The secret before, which works too until then: the application changes without an outage.
    old_secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_ends_at: Mapped[datetime | None]
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    grants: Mapped[list[str]] = mapped_column(ARRAY(Text))
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text))
    backchannel_logout_uri: Mapped[str | None]
    require_par: Mapped[bool] = mapped_column(default=False)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # What it may do by itself, and what it lets others do: the scopes of its own API.
    service_scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    guarded_scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
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

    What it was redeemed for carries its id as ``grant_id``, to be ended if the code comes again.
    ``claims`` are the claims asked for one by one (Core 1.0, 5.5), by "userinfo" and "id_token".
    """

    __tablename__ = "auth_authorization_code"
    __table_args__ = (
        Index("ix_auth_authorization_code_expires_at", "expires_at"),
        Index("ix_auth_authorization_code_session_id", "session_id"),
    )

    id: Mapped[Id]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_session.id"))
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    nonce: Mapped[str | None]
    claims: Mapped[dict[str, list[str]] | None] = mapped_column(JSONB(none_as_null=True))
    code_challenge: Mapped[str]
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    redeemed_at: Mapped[datetime | None]


class Consent(Base):
    """That a person lets an application know what ``scope`` stands for."""

    __tablename__ = "auth_consent"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[Created]


class SigningKey(Base):
    """A key that ID and logout tokens are signed with; ``kid`` is its thumbprint.

    It is published from the beginning and signs from ``active_at`` on, until the next one does.
    """

    __tablename__ = "auth_signing_key"
    __table_args__ = (
        CheckConstraint(f"algorithm IN ({ALGORITHM_LIST})", name="algorithm"),
        Index("ix_auth_signing_key_algorithm_active_at", "algorithm", "active_at"),
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    private_key: Mapped[str] = mapped_column(Encrypted("auth_signing_key.private_key"))
    public_key: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[Created]
    active_at: Mapped[Moment]

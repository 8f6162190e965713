"""What applications hold or ask for beside codes: refresh tokens, pushed requests, devices, notices
of a sign-out.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment


class RefreshFamily(Base):
    """One authorization that lasts: its refresh tokens replace each other and end together.

    Its id is the ``grant_id`` of all that came from the same code or device request. It ends with
    the session unless it is ``offline``, and at ``expires_at`` however often used.
    """

    __tablename__ = "auth_refresh_family"
    __table_args__ = (
        Index("ix_auth_refresh_family_account_id", "account_id"),
        Index("ix_auth_refresh_family_expires_at", "expires_at"),
        Index("ix_auth_refresh_family_session_id", "session_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_session.id"))
    scope: Mapped[str]
    claims: Mapped[dict[str, list[str]] | None] = mapped_column(JSONB(none_as_null=True))
    offline: Mapped[bool]
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    ended_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A refresh token: hashed, redeemed once for the next of its family."""

    __tablename__ = "auth_refresh_token"
    __table_args__ = (Index("ix_auth_refresh_token_family_id", "family_id"),)

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    family_id: Mapped[UUID] = mapped_column(
        ForeignKey("auth_refresh_family.id", ondelete="CASCADE")
    )
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    redeemed_at: Mapped[datetime | None]


class ClientAssertion(Base):
    """An assertion that an application has shown (RFC 7523): each is accepted once."""

    __tablename__ = "auth_client_assertion"
    __table_args__ = (Index("ix_auth_client_assertion_expires_at", "expires_at"),)

    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"), primary_key=True)
    jti_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[Moment]


class PushedRequest(Base):
    """An authorization request that came from the application itself (RFC 9126).

    Opened by one browser within a minute, used up with the answer.
    """

    __tablename__ = "auth_pushed_request"
    __table_args__ = (Index("ix_auth_pushed_request_expires_at", "expires_at"),)

    id: Mapped[Id]
    uri_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"))
    # JSON; it may name a person (login_hint).
    parameters: Mapped[str] = mapped_column(Encrypted("auth_pushed_request.parameters"))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class DeviceRequest(Base):
    """A device without a keyboard that waits for somebody to let it in (RFC 8628)."""

    __tablename__ = "auth_device_request"
    __table_args__ = (
        Index("ix_auth_device_request_expires_at", "expires_at"),
        Index("ix_auth_device_request_user_code_index", "user_code_index"),
        Index("ix_auth_device_request_session_id", "session_id"),
    )

    id: Mapped[Id]
    device_code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_code_index: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"))
    scope: Mapped[str]
    # Seconds between two questions of the device; grows when it asks too often.
    interval: Mapped[int] = mapped_column(SmallInteger)
    polled_at: Mapped[datetime | None]
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_session.id"))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    approved_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    redeemed_at: Mapped[datetime | None]


class LogoutNotice(Base):
    """That a session ended, as an application with tokens of it is to be told.

    ``attempts`` counts the tries; ``answered_at`` is when the application said that it knows.
    """

    __tablename__ = "auth_logout_notice"
    __table_args__ = (
        UniqueConstraint("session_id", "client_id"),
        Index("ix_auth_logout_notice_created_at", "created_at"),
    )

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("auth_session.id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("auth_client.client_id"))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_at: Mapped[Created]
    answered_at: Mapped[datetime | None]

"""Accounts joined to people's WeChat, and what is on its way there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment
from wechat.schemas import App

APP_LIST = ", ".join(f"'{app}'" for app in App)


class WeChatIdentity(Base):
    """A WeChat user, as one of our applications sees them, joined to an account.

    Digests find them. An account has one WeChat user an application, a WeChat user one account;
    the latter over applications too, by the union id that is the same in all of them.
    """

    __tablename__ = "auth_wechat_identity"
    __table_args__ = (
        CheckConstraint(f"app IN ({APP_LIST})", name="app"),
        CheckConstraint("(unionid IS NULL) = (unionid_index IS NULL)", name="unionid"),
        UniqueConstraint("account_id", "app", name="uq_auth_wechat_identity_account_id_app"),
        ExcludeConstraint(
            ("unionid_index", "="),
            ("account_id", "<>"),
            name="ex_auth_wechat_identity_one_account",
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    app: Mapped[str]
    openid: Mapped[str] = mapped_column(Encrypted("auth_wechat_identity.openid"))
    openid_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    unionid: Mapped[str | None] = mapped_column(Encrypted("auth_wechat_identity.unionid"))
    unionid_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Created]


class WeChatSession(Base):
    """Through which identity a session was opened: it ends when that is taken off."""

    __tablename__ = "auth_wechat_session"
    __table_args__ = (Index("ix_auth_wechat_session_identity_id", "identity_id"),)

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("auth_session.id", ondelete="CASCADE"), primary_key=True
    )
    identity_id: Mapped[UUID] = mapped_column(
        ForeignKey("auth_wechat_identity.id", ondelete="CASCADE")
    )


class WeChatTicket(Base):
    """A WeChat user that no account is joined to yet, while they prove their phone; used once."""

    __tablename__ = "auth_wechat_ticket"
    __table_args__ = (Index("ix_auth_wechat_ticket_expires_at", "expires_at"),)

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # The wechat.schemas.WeChatUser as JSON.
    user: Mapped[str] = mapped_column(Encrypted("auth_wechat_ticket.user"))
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None]


class WeChatVisit(Base):
    """A browser that was sent to WeChat's page; its state comes back once, in that browser.

    ``account_id`` is the account that asked to be joined, None for a sign-in.
    """

    __tablename__ = "auth_wechat_visit"
    __table_args__ = (Index("ix_auth_wechat_visit_expires_at", "expires_at"),)

    id: Mapped[Id]
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    next_path: Mapped[str]
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None]

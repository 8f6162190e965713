"""The access token of each application, shared by all processes."""

from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Moment


class AccessToken(Base):
    """The token that WeChat's server-side API asks for, one an application."""

    __tablename__ = "wechat_access_token"

    app_id: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(Encrypted("wechat_access_token.token"))
    expires_at: Mapped[Moment]

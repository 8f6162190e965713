"""What WeChat says of a person, in our words."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class App(StrEnum):
    """Our two applications inside WeChat."""

    MINI_PROGRAM = "mini_program"
    OFFICIAL_ACCOUNT = "official_account"


class WeChatUser(BaseModel):
    """A WeChat user as one application sees them.

    ``openid`` names them within the application ``app_id``; ``unionid`` within all applications
    of our WeChat open platform account, where WeChat tells it.
    """

    model_config = ConfigDict(frozen=True)

    app: App
    app_id: str
    openid: str
    unionid: str | None = None

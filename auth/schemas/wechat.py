"""Signing in by WeChat, and the WeChat users that an account is joined to."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from auth.schemas.accounts import ConfirmCode, SignedIn
from wechat.schemas import App

# What WeChat or we made, random and short; printable, as it goes on to WeChat.
Given = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,256}$")]


class WeChatAction(StrEnum):
    """What people do with the WeChat users of their account; names of the policy."""

    LIST = "auth:list-wechat"
    BIND = "auth:bind-wechat"
    UNBIND = "auth:unbind-wechat"


class MiniProgramSignIn(BaseModel):
    """The code of ``wx.login``: five minutes, used once."""

    model_config = ConfigDict(extra="forbid")

    code: Given


class BindingTicket(BaseModel):
    """Stands for a WeChat user while they prove their phone: used once."""

    ticket: str
    expires_at: datetime


class WeChatSignIn(BaseModel):
    """Either they are signed in, or no account is joined yet and ``binding`` says how to go on."""

    signed_in: SignedIn | None = None
    binding: BindingTicket | None = None


class BindByPhone(BaseModel):
    """The code of the button ``getPhoneNumber``: five minutes, used once."""

    model_config = ConfigDict(extra="forbid")

    ticket: Given
    code: Given


class BindByCode(ConfirmCode):
    """The code that arrived by SMS."""

    ticket: Given


class WeChatIdentityView(BaseModel):
    """A WeChat user that the account is joined to."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    app: App
    created_at: datetime


class WeChatIdentities(BaseModel):
    """All of an account's; one an application at most."""

    items: list[WeChatIdentityView]


class Unbind(BaseModel):
    """Take a WeChat user off one's account."""

    identity_id: UUID

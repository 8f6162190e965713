"""Tables of the auth room."""

from auth.models.accounts import (
    Account,
    Attempt,
    Challenge,
    RoleGrant,
    SignInSession,
    Token,
)
from auth.models.sso import AuthorizationCode, Client, Consent, SigningKey
from auth.models.wechat import WeChatIdentity, WeChatSession, WeChatTicket, WeChatVisit

__all__ = [
    "Account",
    "Attempt",
    "AuthorizationCode",
    "Challenge",
    "Client",
    "Consent",
    "RoleGrant",
    "SignInSession",
    "SigningKey",
    "Token",
    "WeChatIdentity",
    "WeChatSession",
    "WeChatTicket",
    "WeChatVisit",
]

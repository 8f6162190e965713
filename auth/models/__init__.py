"""Tables of the auth room."""

from auth.models.accounts import (
    Account,
    Attempt,
    Challenge,
    RoleGrant,
    SignInSession,
    Token,
)
from auth.models.factors import (
    Device,
    Notice,
    Passkey,
    PasskeyChallenge,
    PendingSignIn,
    Rate,
    RecoveryCode,
    Totp,
)
from auth.models.recovery import RecoveryCase
from auth.models.sso import AuthorizationCode, Client, Consent, SigningKey
from auth.models.wechat import WeChatIdentity, WeChatSession, WeChatTicket, WeChatVisit

__all__ = [
    "Account",
    "Attempt",
    "AuthorizationCode",
    "Challenge",
    "Client",
    "Consent",
    "Device",
    "Notice",
    "Passkey",
    "PasskeyChallenge",
    "PendingSignIn",
    "Rate",
    "RecoveryCase",
    "RecoveryCode",
    "RoleGrant",
    "SignInSession",
    "SigningKey",
    "Token",
    "Totp",
    "WeChatIdentity",
    "WeChatSession",
    "WeChatTicket",
    "WeChatVisit",
]

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
from auth.models.grants import (
    ClientAssertion,
    DeviceRequest,
    LogoutNotice,
    PushedRequest,
    RefreshFamily,
    RefreshToken,
)
from auth.models.recovery import FactorReset, RecoveryCase
from auth.models.sso import AuthorizationCode, Client, Consent, SigningKey
from auth.models.upstream import (
    Upstream,
    UpstreamArrival,
    UpstreamAttempt,
    UpstreamGrant,
    UpstreamIdentity,
    UpstreamRole,
)
from auth.models.usage import ClientServiceUse, ClientUse
from auth.models.wechat import WeChatIdentity, WeChatSession, WeChatTicket, WeChatVisit

__all__ = [
    "Account",
    "Attempt",
    "AuthorizationCode",
    "Challenge",
    "Client",
    "ClientAssertion",
    "ClientServiceUse",
    "ClientUse",
    "Consent",
    "Device",
    "DeviceRequest",
    "FactorReset",
    "LogoutNotice",
    "Notice",
    "Passkey",
    "PasskeyChallenge",
    "PendingSignIn",
    "PushedRequest",
    "Rate",
    "RecoveryCase",
    "RecoveryCode",
    "RefreshFamily",
    "RefreshToken",
    "RoleGrant",
    "SignInSession",
    "SigningKey",
    "Token",
    "Totp",
    "Upstream",
    "UpstreamArrival",
    "UpstreamAttempt",
    "UpstreamGrant",
    "UpstreamIdentity",
    "UpstreamRole",
    "WeChatIdentity",
    "WeChatSession",
    "WeChatTicket",
    "WeChatVisit",
]

"""Tables of the auth room."""

from auth.models.accounts import (
    Account,
    Attempt,
    Challenge,
    RoleGrant,
    SignInSession,
    Token,
)
from auth.models.grants import (
    ClientAssertion,
    DeviceRequest,
    LogoutNotice,
    PushedRequest,
    RefreshFamily,
    RefreshToken,
)
from auth.models.sso import AuthorizationCode, Client, Consent, SigningKey
from auth.models.upstream import (
    Upstream,
    UpstreamArrival,
    UpstreamAttempt,
    UpstreamGrant,
    UpstreamIdentity,
    UpstreamRole,
)
from auth.models.usage import ClientUse

__all__ = [
    "Account",
    "Attempt",
    "AuthorizationCode",
    "Challenge",
    "Client",
    "ClientAssertion",
    "ClientUse",
    "Consent",
    "DeviceRequest",
    "LogoutNotice",
    "PushedRequest",
    "RefreshFamily",
    "RefreshToken",
    "RoleGrant",
    "SignInSession",
    "SigningKey",
    "Token",
    "Upstream",
    "UpstreamArrival",
    "UpstreamAttempt",
    "UpstreamGrant",
    "UpstreamIdentity",
    "UpstreamRole",
]

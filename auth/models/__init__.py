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
]

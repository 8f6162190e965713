"""Commands and views of the auth room."""

from auth.schemas.accounts import (
    AccountSummary,
    ChallengeSent,
    ConfirmCode,
    Grant,
    Me,
    PasswordSignIn,
    Phone,
    RequestCode,
    SignedIn,
    SwitchRole,
)

__all__ = [
    "AccountSummary",
    "ChallengeSent",
    "ConfirmCode",
    "Grant",
    "Me",
    "PasswordSignIn",
    "Phone",
    "RequestCode",
    "SignedIn",
    "SwitchRole",
]

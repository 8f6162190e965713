"""Tables of the auth room."""

from auth.models.accounts import (
    Account,
    Attempt,
    Challenge,
    RoleGrant,
    SignInSession,
    Token,
)

__all__ = ["Account", "Attempt", "Challenge", "RoleGrant", "SignInSession", "Token"]

"""The door of the auth room."""

from auth.models import Account
from auth.organisation import Unit, UnitKind, provide_organisation
from auth.ports import provide_code_sender, provide_unit_path
from auth.queries.accounts import SUBJECT as ACCOUNT_SUBJECT
from auth.queries.accounts import account_figures, accounts_within, places_of
from auth.queries.cards import AccountCard, account_cards, accounts_named
from auth.services.accounts import (
    create_account,
    end_grants,
    grant_role,
    link_person,
    make_password,
)
from auth.services.administration import hold_team_role, open_account
from auth.services.limits import count_try
from auth.services.sign_in import find_by_username, issue_token, phone_index
from auth.services.sso import ensure_client

__all__ = [
    "ACCOUNT_SUBJECT",
    "Account",
    "AccountCard",
    "Unit",
    "UnitKind",
    "account_cards",
    "account_figures",
    "accounts_named",
    "accounts_within",
    "count_try",
    "create_account",
    "end_grants",
    "ensure_client",
    "find_by_username",
    "grant_role",
    "hold_team_role",
    "issue_token",
    "link_person",
    "make_password",
    "open_account",
    "phone_index",
    "places_of",
    "provide_code_sender",
    "provide_organisation",
    "provide_unit_path",
]

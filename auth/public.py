"""The door of the auth room."""

from auth.models import Account
from auth.organisation import Unit, UnitKind, provide_organisation
from auth.ports import (
    provide_code_sender,
    provide_identity_desk,
    provide_unit_path,
    send_code,
)
from auth.queries.accounts import SUBJECT as ACCOUNT_SUBJECT
from auth.queries.accounts import account_figures, accounts_within, service_of
from auth.queries.applications import CallingService, list_tiles, places_of_role, service_of_token
from auth.queries.cards import AccountCard, account_cards, accounts_named, worked_as
from auth.queries.factors import find_due_notice, is_phone_taken, person_and_phone
from auth.queries.grants import people_in_role, units_in_role
from auth.services.accounts import (
    accounts_of_people,
    create_account,
    end_grants,
    grant_role,
    link_person,
    make_password,
    move_account,
)
from auth.services.administration import open_account
from auth.services.clients import ensure_client
from auth.services.codes import count_try as count_code_try
from auth.services.codes import make as make_code
from auth.services.codes import redeem as redeem_code
from auth.services.codes import wrong_code
from auth.services.grants import hold_team_role
from auth.services.limits import count_try
from auth.services.sign_in import find_by_username, issue_token, origin_of, phone_index
from auth.services.step_up import Proved, prove_again, prove_to_sign

__all__ = [
    "ACCOUNT_SUBJECT",
    "Account",
    "AccountCard",
    "CallingService",
    "Proved",
    "Unit",
    "UnitKind",
    "account_cards",
    "account_figures",
    "accounts_named",
    "accounts_of_people",
    "accounts_within",
    "count_code_try",
    "count_try",
    "create_account",
    "end_grants",
    "ensure_client",
    "find_by_username",
    "find_due_notice",
    "grant_role",
    "hold_team_role",
    "is_phone_taken",
    "issue_token",
    "link_person",
    "list_tiles",
    "make_code",
    "make_password",
    "move_account",
    "open_account",
    "origin_of",
    "people_in_role",
    "person_and_phone",
    "phone_index",
    "places_of_role",
    "prove_again",
    "prove_to_sign",
    "provide_code_sender",
    "provide_identity_desk",
    "provide_organisation",
    "provide_unit_path",
    "redeem_code",
    "send_code",
    "service_of",
    "service_of_token",
    "units_in_role",
    "worked_as",
    "wrong_code",
]

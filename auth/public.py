"""The door of the auth room."""

from auth.models import Account
from auth.ports import provide_code_sender, provide_unit_path
from auth.services.accounts import create_account, grant_role, link_person
from auth.services.sign_in import find_by_username, issue_token, phone_index

__all__ = [
    "Account",
    "create_account",
    "find_by_username",
    "grant_role",
    "issue_token",
    "link_person",
    "phone_index",
    "provide_code_sender",
    "provide_unit_path",
]

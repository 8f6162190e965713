"""Accounts as other rooms show them: a name, and where the account serves."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant
from auth.queries.grants import as_grant, in_force
from auth.schemas import Grant
from core.searching import any_contains, contains


@dataclass(frozen=True, slots=True)
class AccountCard:
    """An account's name and current roles; ``person_id`` is who its holder was proved to be."""

    id: UUID
    name: str
    person_id: UUID | None
    roles: tuple[Grant, ...]


def account_cards(session: Session, account_ids: Collection[UUID]) -> dict[UUID, AccountCard]:
    """The cards of these accounts, with one statement. The caller has asked the policy."""
    if not account_ids:
        return {}
    held = (RoleGrant.account_id == Account.id) & in_force()
    query = (
        select(Account, RoleGrant)
        .outerjoin(RoleGrant, held)
        .where(Account.id.in_(account_ids))
        .order_by(RoleGrant.created_at, RoleGrant.id)
    )
    cards: dict[UUID, AccountCard] = {}
    for account, grant in session.execute(query):
        known = cards.get(account.id)
        roles = known.roles if known else ()
        if grant is not None:
            roles = (*roles, as_grant(grant, None))
        cards[account.id] = AccountCard(account.id, account.display_name, account.person_id, roles)
    return cards


def accounts_named(text: str) -> Select[UUID]:
    """The ids of accounts whose name or sign-in name contains ``text``."""
    return select(Account.id).where(any_contains(text, Account.display_name, Account.username))


def workers_named(text: str) -> Select[UUID]:
    """The ids of accounts whose holder works here now, or is no resident, and whose name contains
    ``text``: whom a resident may know by name.
    """
    works = exists().where(RoleGrant.account_id == Account.id, in_force())
    known = or_(Account.person_id.is_(None), works)
    return select(Account.id).where(contains(Account.display_name, text), known)

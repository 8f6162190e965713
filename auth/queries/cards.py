"""Accounts as other rooms show them: a name, and where the account served; applications too."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, or_, select, union_all
from sqlalchemy.orm import Session

from auth.models import Account, Client, RoleGrant
from auth.queries.grants import as_grant, held_at
from auth.schemas import Grant
from core.searching import any_contains, contains


@dataclass(frozen=True, slots=True)
class Held:
    """A role and the time for which it was held."""

    grant: Grant
    ended_at: datetime | None

    def at(self, moment: datetime) -> bool:
        """Whether it counted then; ``held_at`` says the same in SQL."""
        ends = [end for end in (self.grant.ends_at, self.ended_at) if end]
        return self.grant.starts_at <= moment < min(ends, default=datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class AccountCard:
    """An account's name and all roles it ever held; ``person_id`` is who its holder was proved to
    be. An ``application`` acts under its own id and holds none.
    """

    id: UUID
    name: str
    person_id: UUID | None = None
    held: tuple[Held, ...] = ()
    application: bool = False

    def roles_at(self, moment: datetime) -> tuple[Grant, ...]:
        """The roles held then, the oldest first."""
        return tuple(held.grant for held in self.held if held.at(moment))


def account_cards(session: Session, account_ids: Collection[UUID]) -> dict[UUID, AccountCard]:
    """The cards of these accounts, with one statement, and of applications with a second where
    there are any. The caller has asked the policy.
    """
    if not account_ids:
        return {}
    query = (
        select(Account, RoleGrant)
        .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.id.in_(account_ids))
        .order_by(RoleGrant.created_at, RoleGrant.id)
    )
    cards: dict[UUID, AccountCard] = {}
    for account, grant in session.execute(query):
        known = cards.get(account.id)
        held = known.held if known else ()
        if grant is not None:
            held = (*held, Held(as_grant(grant, None), grant.ended_at))
        cards[account.id] = AccountCard(account.id, account.display_name, account.person_id, held)
    return cards | _applications(session, set(account_ids) - cards.keys())


def accounts_named(text: str) -> CompoundSelect[Any]:
    """The ids of accounts whose name or sign-in name contains ``text``, and of applications."""
    return union_all(
        select(Account.id).where(any_contains(text, Account.display_name, Account.username)),
        select(Client.id).where(any_contains(text, Client.name, Client.client_id)),
    )


def worked_as(account_id: Any, moment: Any, text: str) -> ColumnElement[bool]:
    """The condition that the account's name contains ``text`` and that its holder worked here at
    the moment, or is no resident: whom a resident may know by name. Applications are such too.
    """
    grant = select(RoleGrant.id).where(RoleGrant.account_id == Account.id, held_at(moment))
    # The moment is a column of the statement around both.
    works = grant.correlate_except(RoleGrant).exists()
    account = select(Account.id).where(
        Account.id == account_id,
        contains(Account.display_name, text),
        or_(Account.person_id.is_(None), works),
    )
    application = select(Client.id).where(Client.id == account_id, contains(Client.name, text))
    return or_(
        account.correlate_except(Account).exists(), application.correlate_except(Client).exists()
    )


def _applications(session: Session, ids: Collection[UUID]) -> dict[UUID, AccountCard]:
    if not ids:
        return {}
    rows = session.execute(select(Client.id, Client.name).where(Client.id.in_(ids)))
    return {row.id: AccountCard(row.id, row.name, application=True) for row in rows}

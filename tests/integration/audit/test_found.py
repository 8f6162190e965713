"""Whoever looks for somebody in a list is seen by those whom the list shows."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import AuditEvent
from tests.integration.portal.searched import THIS, Searched
from tests.integration.portal.test_searches import of_desks, of_teams

SignedIn = Callable[[UUID], FlaskClient]
# Lists of other things than people's, by the part of the address that says so.
NOBODY = (
    "/teamwork/handovers?",
    "/transfers/?",
    "/ways",
    "/visits?",
    "/reports/?",
    "/schedule/templates",
    "/residents/claims",
    "/admin/institutions/",
)


def seen(session: Session, account: UUID) -> int:
    """How many looks of this account at somebody the audit has."""
    query = select(func.count()).select_from(AuditEvent)
    of_people = query.where(AuditEvent.account_id == account, AuditEvent.person_id.is_not(None))
    return session.scalars(of_people).one()


@pytest.mark.parametrize("lists", [of_teams, of_desks])
def test_a_search_in_a_list_is_a_look_at_each_whom_it_shows(
    session: Session, signed_in: SignedIn, lists: Callable[[Searched], Any]
) -> None:
    world, wrong = Searched(session), []
    clients: dict[UUID, FlaskClient] = {}
    for account, address in lists(world):
        client = clients.setdefault(account, signed_in(account))
        sign = "&" if "?" in address else "?"
        client.get(address)
        before = seen(session, account)
        client.get(address)
        browsed = seen(session, account)
        client.get(f"{address}{sign}search={quote(THIS)}")
        found = seen(session, account)
        expected = not any(part in address for part in NOBODY)
        if (found - browsed > browsed - before) is not expected:
            wrong.append(f"{address}: {before} {browsed} {found}")
    assert not wrong, "\n".join(wrong)

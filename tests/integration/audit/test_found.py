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
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_resident
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


def test_who_was_found_sees_it_and_it_costs_no_statement(
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    session: Session,
    count_statements: Callable[[], Any],
) -> None:
    team, leader, _ = make_team(session)
    residents = [make_resident(session, name=f"覃小{name}") for name in "满丰收"]
    for _, person in residents:
        make_contract(session, person, team)
    session.commit()
    address = f"/api/v1/family-doctor/contracts?team_id={team.id}"
    with count_statements() as browsed:
        client.get(address, headers=bearer(leader))
    with count_statements() as searched:
        client.get(f"{address}&search=覃小", headers=bearer(leader))
    assert len(searched) == len(browsed)
    for account, _ in residents:
        seen = client.get("/api/v1/audit/mine", headers=bearer(account.id)).get_json()["items"]
        assert [(item["who"]["id"], item["manner"]) for item in seen] == [(str(leader), "looked")]

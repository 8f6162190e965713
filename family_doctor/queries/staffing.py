"""Who of a team reads the portal's messages."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.public import Account
from directory.public import accounts_of_teams
from directory.schemas import Duty


def people_of_teams(
    session: Session, team_ids: Collection[UUID], *, leaders: bool = False
) -> list[tuple[UUID, UUID]]:
    """Team and person of the members (or of the leaders only) whose account is a person's."""
    members = [
        (team_id, account_id)
        for team_id, account_id, duty in accounts_of_teams(session, team_ids)
        if duty is Duty.LEADER or not leaders
    ]
    people = people_of_accounts(session, {account_id for _, account_id in members})
    return [(team_id, people[each]) for team_id, each in members if each in people]


def people_of_accounts(session: Session, account_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Account → person, of the accounts that are a person's."""
    query = select(Account.id, Account.person_id).where(Account.id.in_(account_ids))
    return {each.id: each.person_id for each in session.execute(query) if each.person_id}

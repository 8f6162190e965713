"""What residents, teams and administrators see of disputes about contracts, and of their rules."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Denied
from core.ids import new_id
from directory.public import get_team
from family_doctor.models import Contract, Dispute, Rule
from family_doctor.queries.disputes import dispute_resource, list_disputes
from family_doctor.queries.rules import list_rules, region_code, rule_resource
from family_doctor.schemas import DisputeAction, DisputeSearch, RuleAction, RuleValues
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def contract_affairs(session: Session, region: Region) -> list[Listing]:
    """A dispute about each contract once signed, and rules of the region and of institutions."""
    _dispute(session)
    _set_rules(session, region)

    def disputes(actor: Actor) -> Iterator[UUID]:
        searches = [DisputeSearch(), *(
            DisputeSearch(to_decide=True, closed=closed) for closed in (False, True)
        ), *(DisputeSearch(team_id=team.id) for team in region.teams)]  # fmt: skip
        for search in searches:
            with suppress(Denied):
                found = pages(lambda page: list_disputes(session, actor, page), search)
                yield from (row.id for row in found)

    def rules(actor: Actor) -> Iterator[UUID]:
        with suppress(Denied):
            yield from (row.id for row in list_rules(session, actor).items if row.id)

    of_disputes = {row.id: dispute_resource(row) for row in session.scalars(select(Dispute))}
    of_rules = {row.id: rule_resource(row) for row in session.scalars(select(Rule))}
    return [
        Listing("disputes about contracts", disputes, of_disputes, DisputeAction.READ),
        Listing("rules of contracts", rules, of_rules, RuleAction.READ),
    ]


def _dispute(session: Session) -> None:
    now = clock.now()
    for contract in session.scalars(select(Contract).where(Contract.signed_at.is_not(None))).all():
        team = get_team(session, contract.team_id)
        dispute = Dispute(
            id=new_id(),
            contract_id=contract.id,
            person_id=contract.person_id,
            team_id=team.id,
            institution_id=team.institution_id,
            division_code=team.division_code,
            subject="not_served",
            text="x",
            state="open",
            opened_at=now,
            answer_by=now,
        )
        session.add(dispute)
    session.flush()


def _set_rules(session: Session, region: Region) -> None:
    values = RuleValues().model_dump()
    session.add(Rule(id=new_id(), division_code=region_code(session), **values))
    for institution_id, division in {(t.institution_id, t.division_code) for t in region.teams}:
        row = Rule(
            id=new_id(), institution_id=institution_id, division_code=division, **values
        )  # fmt: skip
        session.add(row)
    session.flush()

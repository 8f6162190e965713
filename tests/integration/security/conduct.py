"""What residents and staff see of reviews of unusual booking."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import ConductCase
from appointments.queries.conduct import case_resource, list_cases, own_standing
from appointments.schemas import CaseSearch, CaseState, ConductAction
from auth.models import Account
from core import clock
from core.access import Actor
from core.errors import Denied
from tests.factories.appointments import make_case
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def reviews(session: Session, region: Region) -> list[Listing]:
    """Open and decided ones at every hospital, of people who are actors too."""
    _make(session, region)

    def shown(actor: Actor) -> Iterator[UUID]:
        for closed in (False, True):
            search = CaseSearch(closed=closed)
            found = pages(lambda page: list_cases(session, actor, page), search)
            yield from (case.id for case in found)
        with suppress(Denied):
            yield from (case.id for case in own_standing(session, actor).items)

    things = {case.id: case_resource(case) for case in session.scalars(select(ConductCase))}
    return [Listing("reviews of conduct", shown, things, ConductAction.READ_CASE)]


def _make(session: Session, region: Region) -> None:
    now = clock.now()
    accounts = {
        account.person_id: account.id
        for account in session.scalars(select(Account).where(Account.person_id.is_not(None)))
    }
    decided = {
        "state": CaseState.UPHELD,
        "decided_at": now,
        "rests_until": now + timedelta(days=9),
    }
    for number, person in enumerate(region.people):
        account_id = accounts.get(person.id)
        if account_id is None:
            continue
        hospital = region.hospitals[number % len(region.hospitals)]
        make_case(session, hospital, account_id, person.id)
        ended = decided | {"decided_by": account_id}
        make_case(session, hospital, account_id, person.id, **ended)

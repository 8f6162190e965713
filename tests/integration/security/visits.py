"""What teams see of their visits to villages and of what waits from them."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.ids import new_id
from directory.public import teams_by_id
from family_doctor.models import FieldEntry, FieldVisit
from family_doctor.queries.field import list_unsettled, list_visits
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import FieldAction, FieldSearch
from tests.factories.auth import make_account
from tests.factories.family_doctor import BASIC, make_basic_pack
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def village_signing(session: Session, region: Region) -> list[Listing]:
    """A visit of every team, with one entry that made no contract."""
    make_basic_pack(session)
    views = teams_by_id(session, {team.id for team in region.teams})
    carrier, now = make_account(session).id, clock.now()
    visits, entries = {}, {}
    for team in region.teams:
        visit = FieldVisit(
            id=new_id(), team_id=team.id, account_id=carrier, member_name="示例医生",
            village_code="1", village_name="试验村", pack_code=BASIC, term_years=1,
            prepared_at=now, expires_at=now + timedelta(days=3),
            sync_until=now + timedelta(days=9), seed=bytes(32), last_hash=bytes(32),
        )  # fmt: skip
        session.add(visit)
        session.flush()
        entry = FieldEntry(
            id=new_id(), visit_id=visit.id, team_id=team.id, number=1, hash=bytes(32),
            payload="{}", name="", received_at=now, outcome="unreadable",
        )  # fmt: skip
        session.add(entry)
        visits[visit.id] = entries[entry.id] = panel_resource(views[team.id])
    session.flush()

    def shown_visits(actor: Actor) -> Iterator[UUID]:
        for team in views.values():
            found = pages(lambda page: list_visits(session, actor, team, page), FieldSearch())  # noqa: B023
            yield from (row.id for row in found)

    def shown_entries(actor: Actor) -> Iterator[UUID]:
        for team in views.values():
            found = pages(lambda page: list_unsettled(session, actor, team, page), FieldSearch())  # noqa: B023
            yield from (row.id for row in found)

    return [
        Listing("visits to villages", shown_visits, visits, FieldAction.READ),
        Listing("what waits from villages", shown_entries, entries, FieldAction.READ),
    ]

"""What staff see of the filters that are kept for panels, beside what the policy says."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Denied
from core.ids import new_id
from directory.public import teams_by_id
from family_doctor.models import SavedFilter
from family_doctor.queries.filters import filter_resource, list_filters
from family_doctor.schemas import PanelAction
from tests.factories.auth import make_account
from tests.integration.security.listing import Listing
from tests.integration.security.region import Region


def filters(session: Session, region: Region) -> list[Listing]:
    """Of each team a filter that somebody shared, and one that they keep to themself."""
    views = teams_by_id(session, {team.id for team in region.teams})
    holder, things = make_account(session).id, {}
    for team in views.values():
        for shared in (True, False):
            row = SavedFilter(
                id=new_id(), account_id=holder, team_id=team.id, name=f"筛选{shared}",
                shared=shared, filters={"sex": "male"},
            )  # fmt: skip
            session.add(row)
            things[row.id] = filter_resource(team, holder, shared=shared, filter_id=row.id)
    session.flush()

    def shown(actor: Actor) -> Iterator[UUID]:
        for team in views.values():
            try:
                yield from (each.id for each in list_filters(session, actor, team))
            except Denied:
                continue

    return [Listing("kept filters", shown, things, PanelAction.READ)]

"""What teams see of their handovers."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource
from core.errors import Denied
from core.ids import new_id
from directory.models import TeamMember
from directory.queries import unit_path
from family_doctor.models import Handover
from family_doctor.queries.handovers import list_handovers
from family_doctor.schemas import Action, HandoverSearch
from tests.factories.auth import make_account
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def teamwork(session: Session, region: Region) -> list[Listing]:
    """The handovers of each team, of which there is one."""
    things = {}
    giver = make_account(session)
    for team in region.teams:
        member = select(TeamMember.staff_id).where(TeamMember.team_id == team.id).limit(1)
        made = Handover(
            id=new_id(),
            team_id=team.id,
            to_staff_id=session.scalars(member).one(),
            to_name="",
            residents=1,
            at=clock.now(),
            account_id=giver.id,
            by_name="",
        )
        session.add(made)
        units = unit_path(session, str(team.id))
        things[made.id] = Resource("Panel", str(team.id), None, units)
    session.flush()

    def shown(actor: Actor) -> Iterator[UUID]:
        for team in region.teams:
            search = HandoverSearch(team_id=team.id, whole_team=True)
            with suppress(Denied):
                found = pages(lambda page: list_handovers(session, actor, page), search)
                yield from (row.id for row in found)

    return [Listing("handovers in a team", shown, things, Action.READ_PANEL)]

"""What teams see of their cards and invitations, beside what the policy says."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor
from directory.public import teams_by_id
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import list_cards, list_invitations
from family_doctor.schemas import InvitationSearch, OfTeam, WayAction
from tests.factories.auth import make_account, make_phone
from tests.factories.ways import make_card, make_invitation
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def ways_of_signing(session: Session, region: Region) -> list[Listing]:
    """Two cards and two invitations of every team."""
    views = teams_by_id(session, {team.id for team in region.teams})
    holder = make_account(session).id
    cards, invitations = {}, {}
    for team in region.teams:
        there = panel_resource(views[team.id])
        for _ in range(2):
            cards[make_card(session, team, holder).id] = there
            invitations[make_invitation(session, team, holder, make_phone()).id] = there

    def shown(read: Callable[..., Iterator[Any]]) -> Callable[[Actor], Iterator[UUID]]:
        def of_all_teams(actor: Actor) -> Iterator[UUID]:
            for team in views.values():
                yield from (row.id for row in read(actor, team))

        return of_all_teams

    return [
        Listing("cards", shown(lambda actor, team: pages(
            lambda page: list_cards(session, actor, team, page), OfTeam())),
            cards, WayAction.READ_WAYS),
        Listing("invitations", shown(lambda actor, team: pages(
            lambda page: list_invitations(session, actor, team, page), InvitationSearch())),
            invitations, WayAction.READ_WAYS),
    ]  # fmt: skip

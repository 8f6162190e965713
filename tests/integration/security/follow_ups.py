"""What teams, residents and administrators see of follow-ups, plan templates and the index."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource
from core.errors import Denied
from core.ids import new_id
from directory.models import Institution
from directory.queries import unit_path
from family_doctor.models import FollowUp, FormVersion, Obligation, PlanTemplate
from family_doctor.queries.follow_ups import list_own_follow_ups
from family_doctor.queries.plans import list_templates
from family_doctor.queries.served import list_served
from family_doctor.schemas import FollowUpSearch, PlanAction, ServedSearch
from service_packs.models import ServiceRecord
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def _arrange(session: Session, region: Region) -> None:
    """A template a team, and a follow-up of every service record."""
    for team in region.teams:
        row = PlanTemplate(
            id=new_id(), team_id=team.id, name="计划", term="short", steps=[], created_by=""
        )
        session.add(row)
    session.add(FormVersion(code="t", version=1, document={}))
    session.flush()
    for record in session.scalars(select(ServiceRecord)).all():
        session.add(
            FollowUp(
                id=new_id(),
                service_record_id=record.id,
                person_id=record.person_id,
                team_id=record.team_id,
                division_code=record.division_code,
                item_code=record.item_code,
                form_code="t",
                form_version=1,
                performed_at=record.performed_at,
                document="{}",
                computed="done",
                result="done",
                emergency=False,
                referral=False,
            )
        )
    session.flush()


def care_of_groups(session: Session, region: Region) -> list[Listing]:
    """What the lists of follow-ups, templates and the served index show to whom."""
    _arrange(session, region)
    units = {team.id: unit_path(session, str(team.id)) for team in region.teams}
    search = ServedSearch(start=clock.today() - timedelta(days=3650))
    owing = set(
        session.scalars(select(Obligation.team_id).where(Obligation.due_on <= clock.today()))
    )

    def own(actor: Actor) -> Iterator[UUID]:
        found = pages(lambda page: list_own_follow_ups(session, actor, page), FollowUpSearch())
        yield from (row.id for row in found)

    def templates(actor: Actor) -> Iterator[UUID]:
        for team in region.teams:
            with suppress(Denied):
                yield from (
                    row.id for row in list_templates(session, actor, team.id, units[team.id])
                )

    def served(actor: Actor) -> Iterator[UUID]:
        for institution_id in session.scalars(select(Institution.id)):
            with suppress(Denied):
                rows = list_served(session, actor, institution_id, search)
                yield from (row.team_id for row in rows)

    # One's own list shows nothing of those that one may read as a member of the team.
    follow_ups = {
        row.id: Resource("FollowUp", str(row.id), row.person_id)
        for row in session.scalars(select(FollowUp))
    }
    made = {
        row.id: Resource("Panel", str(row.team_id), None, units[row.team_id])
        for row in session.scalars(select(PlanTemplate))
    }
    places = {
        team.id: Resource("ServedTeams", "", None, unit_path(session, str(team.institution_id)))
        for team in region.teams
        if team.id in owing
    }
    return [
        Listing("own follow-ups", own, follow_ups, PlanAction.READ_FOLLOW_UP),
        Listing("plan templates", templates, made, PlanAction.MANAGE_PLANS),
        Listing("served teams", served, places, PlanAction.READ_SERVED),
    ]

"""/api/v1/family-doctor/teamwork: who looks after whom, handing over, absences."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from directory.public import get_team
from family_doctor.queries.handovers import list_handovers, preview, teamwork_of
from family_doctor.schemas import (
    AbsenceView,
    HandOver,
    HandoverPreview,
    HandoverSearch,
    HandoverView,
    PreviewHandover,
    RecordAbsence,
    TeamworkView,
)
from family_doctor.services import absences, handing_over

TEAM = (Role.LEADER, Role.MEMBER)
api = room_api("family_doctor_teamwork", "Family doctor", "family-doctor")


@api.get("/teams/<uuid:team_id>/teamwork")
@api.output(TeamworkView)
@api.doc(**SECURED)
@open_to(*TEAM)
def teamwork(team_id: UUID) -> TeamworkView:
    """How a team's residents are divided among its members, and who is away."""
    with transaction() as session:
        return teamwork_of(session, current_actor(), get_team(session, team_id))


@api.post("/teamwork/handovers/preview")
@api.input(PreviewHandover, arg_name="command")
@api.output(HandoverPreview)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def preview_handover(command: PreviewHandover) -> HandoverPreview:
    """What a handover would do: how many residents, from whom, how many with late services."""
    with transaction() as session:
        return preview(session, current_actor(), command)


@api.post("/teamwork/handovers")
@api.input(HandOver, arg_name="command")
@api.output(HandoverView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def hand_over(command: HandOver) -> HandoverView:
    """Give residents to a member of the team, however many; each is told once."""
    return write(
        HandoverView,
        lambda session: handing_over.hand_over(session, current_actor(), command),
    )


@api.get("/teamwork/handovers")
@api.input(HandoverSearch, location="query", arg_name="search")
@api.output(Page[HandoverView])
@api.doc(**SECURED)
@open_to(*TEAM)
def handovers(search: HandoverSearch) -> Page[HandoverView]:
    """What was handed to me in a team, or with whole_team all that was handed over there."""
    with transaction() as session:
        return list_handovers(session, current_actor(), search)


@api.post("/teamwork/absences")
@api.input(RecordAbsence, arg_name="command")
@api.output(AbsenceView, status_code=201)
@api.doc(**SECURED)
@open_to(*TEAM)
def record_absence(command: RecordAbsence) -> AbsenceView:
    """A member is away, and another of the team stands in."""
    return write(
        AbsenceView,
        lambda session: absences.record_absence(session, current_actor(), command),
    )


@api.post("/teamwork/absences/<uuid:absence_id>/end")
@api.output(AbsenceView)
@api.doc(**SECURED)
@open_to(*TEAM)
def end_absence(absence_id: UUID) -> AbsenceView:
    """Back early: nobody stands in any more."""
    return write(
        AbsenceView,
        lambda session: absences.end_absence(session, current_actor(), absence_id),
    )

"""/api/v1/family-doctor/…: the ways of signing."""

from datetime import timedelta
from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to, signed_in
from core.web.api import SECURED, room_api
from core.web.limits import body_at_most, limited
from core.web.writes import write
from family_doctor.queries.family import list_family_contracts
from family_doctor.queries.team import require_team, teams_worked_in
from family_doctor.queries.ways import (
    get_introduction,
    list_cards,
    list_invitations,
    share_figures,
    team_ways,
)
from family_doctor.schemas import (
    ApplyOnBehalf,
    Arrival,
    CardView,
    ContractView,
    FamilyContracts,
    IntroductionView,
    InvitationBatch,
    InvitationSearch,
    InvitationView,
    Invite,
    IssueCard,
    OfTeam,
    RefuseInvitation,
    ShareFigures,
    ShareTeam,
    ShareView,
    TeamWays,
)
from family_doctor.services import cards as card_services
from family_doctor.services import introductions, inviting, present, sharing
from family_doctor.web.ways.asking import ask_identity

api = room_api("family_doctor_ways", "Family doctor: ways of signing", "family-doctor")
VISITS, WITHIN = 60, timedelta(minutes=1)
ANSWER_BYTES = 4 * 1024
LIST_BYTES = 64 * 1024


@api.get("/cards")
@api.input(OfTeam, location="query", arg_name="page")
@api.output(Page[CardView])
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def cards(page: OfTeam) -> Page[CardView]:
    """A team's cards, the newest first."""
    with transaction() as session:
        actor = current_actor()
        team = require_team(session, actor, teams_worked_in(session, actor), page.team_id)
        return list_cards(session, actor, team, page)


@api.post("/cards")
@api.input(IssueCard, arg_name="command")
@api.output(CardView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def issue_card(command: IssueCard) -> CardView:
    """Make one's card of a team, or make it anew."""
    return write(
        CardView, lambda session: card_services.issue_card(session, current_actor(), command)
    )


@api.post("/cards/<uuid:card_id>/revoke")
@api.output(CardView)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def revoke_card(card_id: UUID) -> CardView:
    """Stop a card at once."""
    return write(
        CardView, lambda session: card_services.revoke_card(session, current_actor(), card_id)
    )


@api.get("/invitations")
@api.input(InvitationSearch, location="query", arg_name="search")
@api.output(Page[InvitationView])
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def invitations(search: InvitationSearch) -> Page[InvitationView]:
    """A team's invitations and how far each came, the newest first."""
    with transaction() as session:
        actor = current_actor()
        team = require_team(session, actor, teams_worked_in(session, actor), search.team_id)
        return list_invitations(session, actor, team, search)


@api.post("/invitations")
@api.input(Invite, arg_name="command")
@api.output(InvitationBatch, status_code=201)
@api.doc(**SECURED)
@body_at_most(LIST_BYTES)
@open_to(Role.LEADER, Role.MEMBER)
def invite(command: Invite) -> InvitationBatch:
    """Invite by phone number, one a line, at most 500; lines not invited come back with why."""
    return write(
        InvitationBatch, lambda session: inviting.invite(session, current_actor(), command)
    )


@api.post("/shares")
@api.input(ShareTeam, arg_name="command")
@api.output(ShareView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def share(command: ShareTeam) -> ShareView:
    """One's link to a team's page, the same one each time."""
    return write(ShareView, lambda session: sharing.share_team(session, current_actor(), command))


@api.get("/teams/<uuid:team_id>/shares")
@api.output(ShareFigures)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def shares(team_id: UUID) -> ShareFigures:
    """What came of a team's shares, as numbers."""
    with transaction() as session:
        actor = current_actor()
        return share_figures(session, actor, require_team(session, actor, (), team_id))


@api.get("/teams/<uuid:team_id>/ways")
@api.output(TeamWays)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def ways(team_id: UUID) -> TeamWays:
    """A team's contracts by way."""
    with transaction() as session:
        actor = current_actor()
        return team_ways(session, actor, require_team(session, actor, (), team_id))


@api.get("/introductions/<link>")
@api.output(Arrival)
@limited(VISITS, WITHIN)
@open_to(ANYONE)
def arrival(link: str) -> Arrival:
    """Where a link leads and whether it still holds."""
    with transaction() as session:
        actor = current_actor() if signed_in() else None
        return introductions.arrive(session, actor, link, first=False)


@api.post("/introductions/<link>/refuse")
@api.input(RefuseInvitation, arg_name="command")
@api.output(Arrival)
@limited(VISITS, WITHIN)
@body_at_most(ANSWER_BYTES)
@open_to(ANYONE)
def refuse_invitation(link: str, command: RefuseInvitation) -> Arrival:
    """Say no to an invitation; with never no team invites this number again."""
    return write(Arrival, lambda session: introductions.refuse(session, link, never=command.never))


@api.post("/applications/on-behalf")
@api.input(ApplyOnBehalf, arg_name="command")
@api.output(ContractView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def apply_on_behalf(command: ApplyOnBehalf) -> ContractView:
    """Apply for a resident whose papers were seen; the resident is told and can refuse."""
    verdict = ask_identity(command, on_behalf=True)
    return write(
        ContractView,
        lambda session: present.apply_on_behalf(session, current_actor(), command, verdict),
    )


@api.get("/contracts/<uuid:contract_id>/introduction")
@api.output(IntroductionView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def introduction(contract_id: UUID) -> IntroductionView:
    """Which way a contract came, and by whom."""
    with transaction() as session:
        return get_introduction(session, current_actor(), contract_id)


@api.get("/family/contracts")
@api.output(FamilyContracts)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def family_contracts() -> FamilyContracts:
    """The contracts and applications of those for whom one signs."""
    with transaction() as session:
        return FamilyContracts(items=list_family_contracts(session, current_actor()))


@api.post("/contracts/<uuid:contract_id>/refuse")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def refuse_application(contract_id: UUID) -> ContractView:
    """Take back what somebody applied for in one's name."""
    return write(
        ContractView,
        lambda session: present.refuse_application(session, current_actor(), contract_id),
    )

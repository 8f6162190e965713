"""/api/v1/appointments/referrals/…: sending, lists, one referral, its steps, its rules."""

from dataclasses import asdict
from uuid import UUID

from pydantic import BaseModel

from appointments.queries.referral_places import reserved_places
from appointments.queries.referrals import (
    TEAM_ROLES,
    get_referral,
    list_own_referrals,
    list_referrals,
)
from appointments.referral_rules import answer_hours, referral_rules
from appointments.referral_states import find_step
from appointments.schemas import (
    Checklist,
    CriterionView,
    PlaceOffers,
    ReferralQuery,
    ReferralRow,
    ReferralView,
    SendDown,
    SendUp,
    TakeStep,
    Urgency,
)
from appointments.services.referral_steps import take_step
from appointments.services.referrals import send_down, send_up
from core.access import Role
from core.database import transaction
from core.errors import NotFound
from core.paging import Page
from core.searching import SearchQuery
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write

referrals_api = room_api("appointments_referrals", "Referrals", "appointments/referrals")


class OfDepartment(BaseModel):
    """Which department's places."""

    department_id: UUID


@referrals_api.get("/")
@referrals_api.input(ReferralQuery, location="query", arg_name="query")
@referrals_api.output(Page[ReferralRow])
@referrals_api.doc(**SECURED)
@open_to(*TEAM_ROLES, Role.REGISTRAR)
def referral_list(query: ReferralQuery) -> Page[ReferralRow]:
    """What the caller's teams and desks received or sent; no clinical text."""
    with transaction() as session:
        return list_referrals(session, current_actor(), query)


@referrals_api.get("/mine")
@referrals_api.input(SearchQuery, location="query", arg_name="query")
@referrals_api.output(Page[ReferralRow])
@referrals_api.doc(**SECURED)
@open_to(SIGNED_IN)
def own_referrals(query: SearchQuery) -> Page[ReferralRow]:
    """The caller's own referrals, and those of people they may act for."""
    with transaction() as session:
        return list_own_referrals(session, current_actor(), query)


@referrals_api.get("/criteria")
@referrals_api.output(Checklist)
@referrals_api.doc(**SECURED)
@open_to(SIGNED_IN)
def criteria() -> Checklist:
    """The region's checklist, and within how many hours a referral is answered."""
    rules = referral_rules()
    items = [CriterionView.model_validate(asdict(each)) for each in rules.criteria]
    hours = answer_hours()
    return Checklist(answer_hours=hours[Urgency.ROUTINE], hours_by_urgency=hours, items=items)


@referrals_api.get("/places")
@referrals_api.input(OfDepartment, location="query", arg_name="query")
@referrals_api.output(PlaceOffers)
@referrals_api.doc(**SECURED)
@open_to(*TEAM_ROLES, Role.REGISTRAR)
def free_places(query: OfDepartment) -> PlaceOffers:
    """The next places that a department keeps for referrals, and soon before the visit those of
    everybody, as the kept ones were given back.
    """
    with transaction() as session:
        return PlaceOffers(items=reserved_places(session, query.department_id, returned=True))


@referrals_api.post("/up")
@referrals_api.input(SendUp, arg_name="command")
@referrals_api.output(ReferralView, status_code=201)
@referrals_api.doc(**SECURED)
@open_to(*TEAM_ROLES)
def refer_up(command: SendUp) -> ReferralView:
    """Refer a resident to a department; a place is held where one is free."""
    return write(ReferralView, lambda session: send_up(session, current_actor(), command))


@referrals_api.post("/down")
@referrals_api.input(SendDown, arg_name="command")
@referrals_api.output(ReferralView, status_code=201)
@referrals_api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def refer_down(command: SendDown) -> ReferralView:
    """Hand a patient on to their team, or to an institution near them."""
    return write(ReferralView, lambda session: send_down(session, current_actor(), command))


@referrals_api.get("/<uuid:referral_id>")
@referrals_api.output(ReferralView)
@referrals_api.doc(**SECURED)
@open_to(SIGNED_IN)
def one_referral(referral_id: UUID) -> ReferralView:
    """One referral and its course; ``allowed`` is what the caller may do next."""
    with transaction() as session:
        return get_referral(session, current_actor(), referral_id)


@referrals_api.post("/<uuid:referral_id>/<step>")
@referrals_api.input(TakeStep, arg_name="command")
@referrals_api.output(ReferralView)
@referrals_api.doc(**SECURED)
@open_to(SIGNED_IN)
def step_on(referral_id: UUID, step: str, command: TakeStep) -> ReferralView:
    """Take a step on the version that was seen: ask, accept, propose, decline, place, arrive, miss,
    close; answer, agree, disagree, withdraw; refuse. Repeated, it answers how things stand.
    """
    taken = find_step(step)
    if taken is None:
        raise NotFound()
    return write(
        ReferralView,
        lambda session: take_step(session, current_actor(), referral_id, taken, command),
    )

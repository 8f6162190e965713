"""/api/v1/appointments/…: reviews of unusual booking."""

from uuid import UUID

from appointments.queries.conduct import (
    STAFF_ROLES,
    get_case,
    list_cases,
    list_rules,
    own_standing,
)
from appointments.schemas import (
    AnswerCase,
    CaseSearch,
    CaseView,
    ChangeConductRule,
    ConductRuleList,
    ConductRuleView,
    DecideCase,
    OwnStanding,
)
from appointments.services.review import answer_case, change_rule, decide_case
from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write

api = room_api("appointments_conduct", "Appointments", "appointments")


@api.get("/conduct")
@api.output(OwnStanding)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own() -> OwnStanding:
    """The reviews of the caller's own account."""
    with transaction() as session:
        return own_standing(session, current_actor())


@api.post("/conduct/<uuid:case_id>/answer")
@api.input(AnswerCase, arg_name="command")
@api.output(CaseView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def answer(case_id: UUID, command: AnswerCase) -> CaseView:
    """Say something to a review of one's own account, once."""
    return write(CaseView, lambda session: answer_case(session, current_actor(), case_id, command))


@api.get("/reviews")
@api.input(CaseSearch, location="query", arg_name="search")
@api.output(Page[CaseView])
@api.doc(**SECURED)
@open_to(*STAFF_ROLES)
def reviews(search: CaseSearch) -> Page[CaseView]:
    """Reviews at the caller's institutions."""
    with transaction() as session:
        return list_cases(session, current_actor(), search)


@api.get("/reviews/<uuid:case_id>")
@api.output(CaseView)
@api.doc(**SECURED)
@open_to(*STAFF_ROLES)
def review(case_id: UUID) -> CaseView:
    """One review."""
    with transaction() as session:
        return get_case(session, current_actor(), case_id)


@api.post("/reviews/<uuid:case_id>/decision")
@api.input(DecideCase, arg_name="command")
@api.output(CaseView)
@api.doc(**SECURED)
@open_to(*STAFF_ROLES)
def decide(case_id: UUID, command: DecideCase) -> CaseView:
    """Clear or uphold a review."""
    return write(CaseView, lambda session: decide_case(session, current_actor(), case_id, command))


@api.get("/conduct-rules")
@api.output(ConductRuleList)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def rules() -> ConductRuleList:
    """What counts as unusual."""
    with transaction() as session:
        return list_rules(session, current_actor())


@api.put("/conduct-rules/<code>")
@api.input(ChangeConductRule, arg_name="command")
@api.output(ConductRuleView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def save_rule(code: str, command: ChangeConductRule) -> ConductRuleView:
    """Change one rule."""
    return write(
        ConductRuleView, lambda session: change_rule(session, current_actor(), code, command)
    )

"""/api/v1/family-doctor/rules: capacity, terms and deadlines of contracts."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.history import ChangeView
from core.paging import Page, PageQuery
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.rules import get_rule, history_of, list_rules
from family_doctor.schemas import AddRule, ChangeRule, RuleList, RuleView
from family_doctor.services import rules as services

api = room_api("family_doctor_rules", "Family doctor", "family-doctor")


@api.get("/rules")
@api.output(RuleList)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def rules() -> RuleList:
    """The rules within one's units, the region's first."""
    with transaction() as session:
        return list_rules(session, current_actor())


@api.post("/rules")
@api.input(AddRule, arg_name="command")
@api.output(RuleView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def add_rule(command: AddRule) -> RuleView:
    """Give an institution, or a region that brought none, a rule of its own."""
    return write(RuleView, lambda session: services.add_rule(session, current_actor(), command))


@api.get("/rules/<uuid:rule_id>")
@api.output(RuleView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def rule(rule_id: UUID) -> RuleView:
    """One rule with its version."""
    with transaction() as session:
        return get_rule(session, current_actor(), rule_id)


@api.put("/rules/<uuid:rule_id>")
@api.input(ChangeRule, arg_name="command")
@api.output(RuleView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_rule(rule_id: UUID, command: ChangeRule) -> RuleView:
    """Change the version that was looked at."""
    return write(
        RuleView,
        lambda session: services.change_rule(session, current_actor(), rule_id, command),
    )


@api.get("/rules/<uuid:rule_id>/history")
@api.input(PageQuery, location="query", arg_name="page")
@api.output(Page[ChangeView])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def history(rule_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """What was changed, when and by whom, newest first."""
    with transaction() as session:
        return history_of(session, current_actor(), rule_id, page)

"""/api/v1/family-doctor/way-rules: the limits on the ways of signing."""

from core.access import Role
from core.database import transaction
from core.history import ChangeView
from core.paging import Page, PageQuery
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.way_rules import get_way_rule, way_rule_history
from family_doctor.schemas import ChangeWayRule, WayRuleView
from family_doctor.services import way_rules as services

api = room_api("family_doctor_way_rules", "Family doctor", "family-doctor")


@api.get("/way-rules")
@api.output(WayRuleView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def way_rules() -> WayRuleView:
    """The region's limits."""
    with transaction() as session:
        return get_way_rule(session, current_actor())


@api.put("/way-rules")
@api.input(ChangeWayRule, arg_name="command")
@api.output(WayRuleView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_way_rules(command: ChangeWayRule) -> WayRuleView:
    """Change the version that was looked at."""
    return write(
        WayRuleView, lambda session: services.change_way_rule(session, current_actor(), command)
    )


@api.get("/way-rules/history")
@api.input(PageQuery, location="query", arg_name="page")
@api.output(Page[ChangeView])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def history(page: PageQuery) -> Page[ChangeView]:
    """What was changed, when and by whom, newest first."""
    with transaction() as session:
        return way_rule_history(session, current_actor(), page)

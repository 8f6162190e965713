"""The region's limits on the ways of signing, as its administrators read them."""

from typing import Any

from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.history import ChangeView, about, list_changes
from core.paging import Page, PageQuery
from directory.public import division_path
from family_doctor.models import WayRule
from family_doctor.queries.rules import region_code
from family_doctor.queries.ways import way_rule
from family_doctor.schemas import WayRuleAction, WayRuleView

SUBJECT = "WayRule"


def way_rule_resource(session: Session) -> Resource:
    """The limits as the policy sees them: the whole region's."""
    return Resource("WayRule", "region", units=division_path(region_code(session)))


def load_way_rule(session: Session, actor: Actor, action: WayRuleAction) -> WayRule:
    """The row, for what ``action`` says. Raises Denied, and NotFound before a region was loaded."""
    require(session, actor, action, way_rule_resource(session))
    return way_rule(session)


def get_way_rule(session: Session, actor: Actor) -> WayRuleView:
    """The limits. Raises Denied or NotFound."""
    return WayRuleView.model_validate(load_way_rule(session, actor, WayRuleAction.READ))


def way_rule_history(session: Session, actor: Actor, page: PageQuery) -> Page[ChangeView]:
    """What was changed, newest first. Raises Denied or NotFound."""
    row = load_way_rule(session, actor, WayRuleAction.READ)
    condition: Any = about(SUBJECT, row.id)
    return list_changes(session, page, condition)

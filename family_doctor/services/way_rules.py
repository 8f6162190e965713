"""An administrator sets the region's limits on the ways of signing; each change is kept."""

from sqlalchemy.orm import Session

from core import history
from core.access import Actor
from family_doctor.queries.way_rules import SUBJECT, load_way_rule
from family_doctor.schemas import ChangeWayRule, WayRuleAction, WayRuleView


def change_way_rule(session: Session, actor: Actor, command: ChangeWayRule) -> WayRuleView:
    """Change the limits. Cards, invitations and shares that are out keep what they were given.

    Raises Denied, NotFound or Conflict ``stale_version``.
    """
    rule = load_way_rule(session, actor, WayRuleAction.CHANGE)
    values = command.model_dump(exclude={"version"})
    history.change(session, actor, SUBJECT, rule, command.version, values)
    session.refresh(rule)
    return WayRuleView.model_validate(rule)

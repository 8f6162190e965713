"""An administrator sets the rules of contracts; each change is kept."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import history
from core.access import Actor, require
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from directory.public import get_institution
from family_doctor.models import Rule
from family_doctor.queries.rules import DEFAULTS, SUBJECT, load_rule, region_code, rule_for, rule_of
from family_doctor.schemas import AddRule, ChangeRule, RuleAction, RuleValues, RuleView


def add_rule(session: Session, actor: Actor, command: AddRule) -> RuleView:
    """Give an institution, or the region, a rule of its own. Raises NotFound, Denied, or Conflict
    ``rule_exists``.
    """
    name, division, before = "", "", DEFAULTS
    if command.institution_id:
        institution = get_institution(session, command.institution_id)
        name, division = institution.name, institution.division_code
        before = rule_for(session, institution.id)
    else:
        division = region_code(session)
    new = rule_of(session, command.institution_id, division)
    require(session, actor, RuleAction.CHANGE, new)
    given = {field: getattr(before, field) for field in RuleValues.model_fields}
    row = insert(Rule).values(
        id=new_id(),
        institution_id=command.institution_id,
        institution_name=name,
        division_code=division,
        estimate=before.estimate,
        version=1,
        **given,
    )
    made = session.scalar(row.on_conflict_do_nothing().returning(Rule.id))
    if made is None:
        raise Conflict("rule_exists", N_("这里已经有一份规则，请刷新后修改。"))
    rule = session.scalars(select(Rule).where(Rule.id == made)).one()
    history.note_creation(session, actor, SUBJECT, rule, given)
    return RuleView.model_validate(rule)


def change_rule(session: Session, actor: Actor, rule_id: UUID, command: ChangeRule) -> RuleView:
    """Change a rule. Terms and deadlines that run already keep what they were given.

    Raises NotFound, Denied, or Conflict ``stale_version``.
    """
    rule = load_rule(session, actor, rule_id, RuleAction.CHANGE)
    values = command.model_dump(exclude={"version"})
    history.change(session, actor, SUBJECT, rule, command.version, values)
    session.refresh(rule)
    return RuleView.model_validate(rule)

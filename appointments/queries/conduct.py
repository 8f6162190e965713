"""Reviews of conduct as their owner and staff may see them, and the rules."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from appointments.models import ConductCase, ConductRule
from appointments.queries.bookings import units_of
from appointments.schemas import (
    CaseSearch,
    CaseState,
    CaseView,
    ConductAction,
    ConductRuleList,
    ConductRuleView,
    OwnStanding,
)
from auth.public import Account
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import contains
from directory.public import division_prefix, institution_named, region_unit

STAFF_ROLES = (Role.REGISTRAR, Role.ADMINISTRATOR)
# More reviews of one account than anybody reads.
OWN_MOST = 20


def case_resource(case: ConductCase) -> Resource:
    """A review as the policy sees it."""
    units = units_of(case.institution_id, case.division_code)
    return Resource("ConductCase", str(case.id), case.person_id, units)


def case_view(case: ConductCase, account_name: str = "") -> CaseView:
    """A review as it is shown."""
    names = CaseView.model_fields.keys() - {"account_name"}
    values = {name: getattr(case, name) for name in names}
    return CaseView.model_validate({**values, "account_name": account_name})


def list_cases(session: Session, actor: Actor, search: CaseSearch) -> Page[CaseView]:
    """Reviews within the actor's units, newest first; one's own is for others to decide."""
    scope = actor.units(*STAFF_ROLES)
    desk = Resource("ConductCase", "own", units=tuple(sorted(scope)))
    require(session, actor, ConductAction.READ_CASE, desk)
    order: list[Any] = [ConductCase.created_at, ConductCase.id]
    is_open = ConductCase.state == CaseState.OPEN
    query = (
        select(ConductCase, Account.display_name, *order)
        .join(Account, Account.id == ConductCase.account_id)
        .where(~is_open if search.closed else is_open, _within(scope))
    )
    if search.search:
        named = contains(Account.display_name, search.search)
        place = institution_named(ConductCase.institution_id, search.search)
        query = query.where(named | place)
    if actor.person_id:
        query = query.where(ConductCase.person_id != actor.person_id)
    rows, following = read_page(session, query, order, search, descending=True)
    return Page(items=[case_view(row[0], row[1]) for row in rows], next_cursor=following)


def get_case(session: Session, actor: Actor, case_id: UUID) -> CaseView:
    """One review. Raises NotFound or Denied."""
    case = load_case(session, actor, case_id, ConductAction.READ_CASE)
    name = session.scalar(select(Account.display_name).where(Account.id == case.account_id))
    return case_view(case, name or "")


def load_case(session: Session, actor: Actor, case_id: UUID, action: ConductAction) -> ConductCase:
    """The row, for what ``action`` says. Raises NotFound or Denied."""
    case = session.get(ConductCase, case_id, populate_existing=True)
    if case is None:
        raise NotFound()
    require(session, actor, action, case_resource(case))
    return case


def own_standing(session: Session, actor: Actor) -> OwnStanding:
    """The reviews of the actor's own account, newest first."""
    own = Resource("ConductCase", "own", actor.person_id)
    require(session, actor, ConductAction.READ_CASE, own)
    query = (
        select(ConductCase)
        .where(ConductCase.person_id == actor.person_id)
        .order_by(ConductCase.created_at.desc(), ConductCase.id.desc())
        .limit(OWN_MOST)
    )
    return OwnStanding(items=[case_view(case) for case in session.scalars(query)])


def find_case(session: Session, case_id: UUID) -> CaseView | None:
    """One review, for this room's own reactions to its facts; nobody is asking."""
    case = session.get(ConductCase, case_id)
    return case_view(case) if case else None


def list_rules(session: Session, actor: Actor) -> ConductRuleList:
    """All rules. Raises Denied."""
    require(session, actor, ConductAction.READ_RULES, rules_resource(session))
    query = select(ConductRule).order_by(ConductRule.code)
    rules = session.scalars(query)
    return ConductRuleList(items=[ConductRuleView.model_validate(rule) for rule in rules])


def rules_resource(session: Session) -> Resource:
    """The rules as the policy sees them: the whole region's."""
    region = session.scalar(select(region_unit()))
    return Resource("ConductRules", "", units=(region,) if region else ())


def _within(scope: Collection[str]) -> ColumnElement[bool]:
    """The review lies in one of these units: institutions by id, divisions by their prefix."""
    institutions = [UUID(unit) for unit in scope if not unit.isdigit()]
    prefixes = [division_prefix(unit) for unit in sorted(scope) if unit.isdigit()]
    return or_(
        ConductCase.institution_id.in_(institutions),
        *(ConductCase.division_code.startswith(prefix) for prefix in prefixes),
    )

"""The rules of contracts: those that hold for an institution, and a team's places by them."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Uuid, case, column, func, literal, or_, select, values
from sqlalchemy.orm import InstrumentedAttribute, Session

from core import clock
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.history import ChangeView, about, list_changes
from core.paging import Page, PageQuery
from directory.public import (
    division_path,
    division_prefix,
    get_team,
    institution_choices,
    region_unit,
)
from directory.schemas import TeamView
from family_doctor.models import Contract, Rule, TeamLoad
from family_doctor.schemas import CapacityView, RuleAction, RuleList, RuleView

SUBJECT = "ContractRule"
# What holds where neither the institution nor the region has a rule.
DEFAULTS = RuleView()


def rule_for(session: Session, institution_id: UUID) -> RuleView:
    """The rule that holds for an institution: its own, else the region's, else the defaults."""
    query = select(Rule).where(
        or_(Rule.institution_id == institution_id, Rule.institution_id.is_(None))
    )
    own_first = query.order_by(Rule.institution_id.nulls_last()).limit(1)
    row = session.scalar(own_first)
    return RuleView.model_validate(row) if row else DEFAULTS


def record_days(session: Session, team_id: UUID) -> int:
    """Within how many days this team records what it did."""
    return rule_for(session, get_team(session, team_id).institution_id).service_record_days


def near_end(session: Session) -> ColumnElement[bool]:
    """The condition that a contract's end is as near as its institution's rule says."""
    today = clock.today()
    days = {row.institution_id: row.expiring_days for row in session.scalars(select(Rule))}
    usual = days.pop(None, DEFAULTS.expiring_days)
    if not days:
        return Contract.ends_on <= today + timedelta(days=usual)
    until: dict[UUID, date] = {
        institution: today + timedelta(days=count)
        for institution, count in days.items()
        if institution
    }
    horizon = case(until, value=Contract.institution_id, else_=today + timedelta(days=usual))
    return Contract.ends_on <= func.cast(horizon, Date)


def places(session: Session, teams: Collection[TeamView]) -> dict[UUID, CapacityView]:
    """The places of each team, with one statement: of its own quota and what the rule allows its
    doctors, the smaller. A team whose capacity was lowered below what is taken has none left.
    """
    if not teams:
        return {}
    asked = (
        values(column("team_id", Uuid), column("institution_id", Uuid), name="asked")
        .data([(team.id, team.institution_id) for team in teams])
        .alias("asked")
    )
    query = select(
        asked.c.team_id,
        func.coalesce(TeamLoad.taken, 0).label("taken"),
        per_doctor(asked.c.institution_id).label("per_doctor"),
    ).outerjoin_from(asked, TeamLoad, TeamLoad.team_id == asked.c.team_id)
    found = {row.team_id: row for row in session.execute(query)}
    return {
        team.id: capacity_of(team, found[team.id].taken, found[team.id].per_doctor)
        for team in teams
    }


def rule_and_places(session: Session, team: TeamView) -> tuple[RuleView, CapacityView]:
    """The rule that holds for a team and its places, with one statement."""
    nothing = select(literal(1).label("one")).subquery()
    holds = or_(Rule.institution_id == team.institution_id, Rule.institution_id.is_(None))
    taken = select(TeamLoad.taken).where(TeamLoad.team_id == team.id).scalar_subquery()
    query = (
        select(Rule, func.coalesce(taken, 0))
        .select_from(nothing)
        .outerjoin(Rule, holds)
        .order_by(Rule.institution_id.nulls_last())
        .limit(1)
    )
    row, load = session.execute(query).one()
    rule = RuleView.model_validate(row) if row else DEFAULTS
    return rule, capacity_of(team, load, rule.capacity_per_doctor)


def per_doctor(institution: ColumnElement[Any]) -> ColumnElement[int]:
    """How many residents the rule of an institution, else the region's, allows each doctor."""
    return of_rule(Rule.capacity_per_doctor, institution)


def of_rule(
    value: InstrumentedAttribute[int], institution: ColumnElement[Any]
) -> ColumnElement[int]:
    """A value of the rule of an institution, else of the region's, else the default, in SQL."""
    rule = (
        select(value)
        .where(or_(Rule.institution_id == institution, Rule.institution_id.is_(None)))
        .order_by(Rule.institution_id.nulls_last())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(rule, literal(getattr(DEFAULTS, value.key)))


def capacity_of(team: TeamView, taken: int, allowed: int) -> CapacityView:
    """A team's places, where each doctor is ``allowed`` so many residents."""
    capacity = min(team.capacity, allowed * team.doctors)
    return CapacityView(
        team_id=team.id,
        capacity=capacity,
        taken=taken,
        remaining=max(capacity - taken, 0),
    )


def rule_resource(row: Rule) -> Resource:
    """A rule as the policy sees it: its institution's, or the whole region's."""
    own = (str(row.institution_id),) if row.institution_id else ()
    return Resource("ContractRule", str(row.id), units=(*own, *division_path(row.division_code)))


def rule_of(session: Session, institution_id: UUID | None, division_code: str) -> Resource:
    """A rule that is to be."""
    own = (str(institution_id),) if institution_id else ()
    return Resource("ContractRule", "new", units=(*own, *division_path(division_code)))


def region_code(session: Session) -> str:
    """The code of the whole region. Raises NotFound before one was loaded."""
    code: str | None = session.scalar(select(region_unit()))
    if code is None:
        raise NotFound()
    return code


def list_rules(session: Session, actor: Actor) -> RuleList:
    """The rules within the administrator's units, the region's first. Raises Denied."""
    scope = actor.units(Role.ADMINISTRATOR)
    own = Resource("ContractRule", "own", units=tuple(sorted(scope)))
    require(session, actor, RuleAction.READ, own)
    query = (
        select(Rule)
        .where(within(scope, Rule.institution_id, Rule.division_code))
        .order_by(Rule.institution_id.is_not(None), Rule.institution_name, Rule.id)
    )
    return RuleList(items=[RuleView.model_validate(row) for row in session.scalars(query)])


def without_rule(
    session: Session, actor: Actor, known: Collection[RuleView]
) -> list[tuple[str, str]]:
    """The institutions within the administrator's units that have no rule of their own, as
    (id, name); ("", "") is the region that brought none. The caller has asked the policy.
    """
    have = {rule.institution_id for rule in known}
    choices = institution_choices(session, actor)
    found = [(str(one), name) for one, name in choices if one not in have]
    if None not in have and region_code(session) in actor.units(Role.ADMINISTRATOR):
        return [("", ""), *found]
    return found


def within(scope: Collection[str], institution: Any, division: Any) -> ColumnElement[bool]:
    """The condition that a row lies in one of these units: institutions by id, divisions by their
    prefix.
    """
    institutions = [UUID(unit) for unit in scope if not unit.isdigit()]
    prefixes = [division_prefix(unit) for unit in sorted(scope) if unit.isdigit()]
    return or_(institution.in_(institutions), *(division.startswith(prefix) for prefix in prefixes))


def load_rule(session: Session, actor: Actor, rule_id: UUID, action: RuleAction) -> Rule:
    """The row, for what ``action`` says. Raises NotFound or Denied."""
    row = session.get(Rule, rule_id, populate_existing=True)
    if row is None:
        raise NotFound()
    require(session, actor, action, rule_resource(row))
    return row


def get_rule(session: Session, actor: Actor, rule_id: UUID) -> RuleView:
    """One rule. Raises NotFound or Denied."""
    return RuleView.model_validate(load_rule(session, actor, rule_id, RuleAction.READ))


def history_of(session: Session, actor: Actor, rule_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """What was changed in a rule, newest first. Raises NotFound or Denied."""
    row = load_rule(session, actor, rule_id, RuleAction.READ)
    condition: Any = about(SUBJECT, row.id)
    return list_changes(session, page, condition)

"""Giving roles and taking them back: who gives which, where and for how long."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from auth.models import Account
from auth.organisation import Unit, UnitKind, organisation
from auth.queries.accounts import (
    SUBJECT,
    account_resource,
    holder,
    load_account,
    read_summary,
    service_of,
)
from auth.schemas import AccountSummary, Action, EndRole, GrantRole
from auth.services.accounts import Period, add_grant, end_grants
from core import clock, history
from core.access import Actor, Resource, Role, require
from core.errors import Invalid
from core.messages import N_
from core.roles import DUTIES

# On what each role makes sense.
UNIT_KINDS = {
    Role.REGISTRAR: {UnitKind.INSTITUTION},
    Role.ANALYST: {UnitKind.DIVISION},
    **{duty: {UnitKind.DIVISION, UnitKind.INSTITUTION} for duty in DUTIES},
}
ROSTER_ROLES = (Role.LEADER, Role.MEMBER)


def give_role(
    session: Session, actor: Actor, account_id: UUID, command: GrantRole
) -> AccountSummary:
    """Let an account that the actor sees hold a role.

    Raises NotFound, Denied, Invalid, or Conflict (a duty beside another, or held for another time).
    """
    unit = unit_for(session, command)
    account = load_account(session, account_id)
    resource = account_resource(account, service_of(session, account_id))
    require(session, actor, Action.READ_ACCOUNT, resource)
    give(session, actor, account, command, unit)
    return read_summary(session, account)


def end_role(session: Session, actor: Actor, account_id: UUID, command: EndRole) -> AccountSummary:
    """Take a role back, also one that is yet to start; again changes nothing.

    Raises NotFound, Denied or Invalid.
    """
    unit = unit_for(session, command)
    account = load_account(session, account_id)
    require(session, actor, Action.END_ROLE, _holding(account, command.role, unit))
    _end(session, actor, account, command.role, unit)
    return read_summary(session, account)


def hold_team_role(
    session: Session, actor: Actor, account_id: UUID, unit: Unit, role: Role | None
) -> None:
    """Make ``role`` the only one the account holds on a team, as the roster says; None ends all.

    Raises Denied.
    """
    account = load_account(session, account_id)
    holding = _holding(account, role or Role.MEMBER, unit)
    require(session, actor, Action.GRANT_BY_ROSTER, holding)
    for other in ROSTER_ROLES:
        if other is not role:
            _end(session, actor, account, other, unit)
    if role is not None:
        _grant(session, actor, account, role, unit, (clock.now(), None))


def unit_for(session: Session, command: EndRole) -> Unit:
    """The unit that a command names. Raises Invalid where its role makes no sense on it."""
    kinds = UNIT_KINDS.get(command.role)
    if kinds is None:
        sentence = N_("团队角色随团队名单变化，请到团队页面调整成员。")
        raise Invalid("role_by_roster", sentence, fields={"role": sentence})
    unit = organisation().units_by_code(session, [command.unit]).get(command.unit)
    if unit is None or unit.kind not in kinds:
        sentence = N_("这个角色不能授予在这个单位上，请换一个单位。")
        raise Invalid("wrong_unit", sentence, fields={"unit": sentence})
    return unit


def give(session: Session, actor: Actor, account: Account, command: GrantRole, unit: Unit) -> None:
    """Let ``account`` hold the role on ``unit``. Raises Denied, Invalid or Conflict."""
    require(session, actor, Action.GRANT_ROLE, _holding(account, command.role, unit))
    if command.role in DUTIES and account.human_index is None:
        sentence = N_(
            "请管理员先在账号页核对此人的身份证：管理员、安全管理员和审计员必须是不同的人。"
        )
        raise Invalid("human_unknown", sentence, fields={"role": sentence})
    _grant(session, actor, account, command.role, unit, _period(command))


def _period(command: GrantRole) -> Period:
    today = clock.today()
    first = command.starts_on or today
    if first < today:
        raise _wrong_day("starts_on", N_("开始日期不能早于今天。"))
    if command.ends_on is not None and command.ends_on < first:
        raise _wrong_day("ends_on", N_("结束日期不能早于开始日期。"))
    return max(clock.now(), clock.at(first, 0)), _end_of(command.ends_on)


def _end_of(day: date | None) -> datetime | None:
    return None if day is None else clock.at(day + timedelta(days=1), 0)


def _wrong_day(field: str, sentence: str) -> Invalid:
    return Invalid("wrong_period", sentence, fields={field: sentence})


def _grant(
    session: Session, actor: Actor, account: Account, role: Role, unit: Unit, period: Period
) -> None:
    if add_grant(session, account.id, role, unit.code, unit.name, actor.account_id, period):
        given = " ".join(filter(None, (unit.name, _in_short(period))))
        history.note(session, actor, SUBJECT, account, {f"role_{role}": [None, given]})


def _in_short(period: Period) -> str:
    """A period for the history (ISO 8601), where it differs from "from now, for good"."""
    starts_at, ends_at = period
    first = clock.local(starts_at).date()
    if ends_at is None:
        return f"{first}/.." if starts_at > clock.now() else ""
    return f"{first}/{clock.local(ends_at).date() - timedelta(days=1)}"


def _end(session: Session, actor: Actor, account: Account, role: Role, unit: Unit) -> None:
    if end_grants(session, [unit.code], account_id=account.id, roles=[role]):
        history.note(session, actor, SUBJECT, account, {f"role_{role}": [unit.name, None]})


def _holding(account: Account, role: Role, unit: Unit) -> Resource:
    more = {"holder": holder(account.id), "role": str(role)}
    return Resource("RoleHolding", str(account.id), account.person_id, unit.path, more)

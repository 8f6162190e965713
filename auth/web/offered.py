"""The roles that an administrator may give by hand, and the units to give them on."""

from sqlalchemy.orm import Session

from auth.organisation import Unit
from auth.queries.accounts import units_to_grant
from auth.schemas import GIVEN_ROLES, CreateAccount, GrantRole, UnitSearch
from auth.services import grants
from core.access import Actor, Role
from core.messages import N_
from core.roles import GRANTERS, ROLE_NAMES
from core.web.access import current_actor
from core.web.forms import Form, read_query
from core.web.languages import gettext

# What each role that is given by hand lets one do, and where.
ROLE_NOTES = {
    Role.REGISTRAR: N_("在一家机构查看当日预约、登记到诊"),
    Role.ANALYST: N_("查看一个区划的统计，不含个人信息"),
    Role.ADMINISTRATOR: N_("管理一个区划或一家机构，以及其下的全部单位和业务角色"),
    Role.SECURITY: N_("任命管理员、安全管理员和审计员，查看谁可以做什么"),
    Role.AUDITOR: N_("查看审计记录，不能改动任何内容"),
}


def roles_to_give(actor: Actor) -> tuple[Role, ...]:
    """The roles that the actor gives by hand, as the policies of this room say."""
    return tuple(role for role in GIVEN_ROLES if actor.units(GRANTERS[role]))


def offered_roles(
    session: Session, form: Form[CreateAccount] | Form[GrantRole]
) -> dict[str, object]:
    """The roles to choose from, and the units on which the chosen one can be given."""
    given = roles_to_give(current_actor())
    chosen = form.values.get("role")
    role = Role(chosen) if chosen in given else None
    wanted = read_query(UnitSearch).unit_name
    units: list[Unit] = []
    if role is not None:
        kinds = grants.UNIT_KINDS[role]
        units += units_to_grant(session, current_actor(), kinds, wanted)
    return {
        "role": role,
        "roles": [(r.value, gettext(ROLE_NAMES[r]), gettext(ROLE_NOTES[r])) for r in given],
        "units": [(unit.code, unit.name) for unit in units],
        "unit_name": wanted,
    }

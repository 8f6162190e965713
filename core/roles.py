"""The roles of the health service, which of them exclude each other, and who gives them."""

from enum import StrEnum

from core.messages import N_


class Role(StrEnum):
    """What somebody may be in the health service. Residents need no grant: they are a person."""

    RESIDENT = "resident"
    LEADER = "leader"
    MEMBER = "member"
    REGISTRAR = "registrar"
    ADMINISTRATOR = "administrator"
    ANALYST = "analyst"
    SECURITY = "security"
    AUDITOR = "auditor"


GRANTED_ROLES: tuple[Role, ...] = tuple(role for role in Role if role is not Role.RESIDENT)
# Who runs the system, who decides on rights and who looks at both are separate people: an account
# holds at most one of these at a time (docs/adr/0013).
DUTIES = (Role.ADMINISTRATOR, Role.SECURITY, Role.AUDITOR)
# Whose grant a role is, as the policies of auth say.
GRANTERS = {role: Role.SECURITY if role in DUTIES else Role.ADMINISTRATOR for role in GRANTED_ROLES}
ROLE_NAMES: dict[Role, str] = {
    Role.RESIDENT: N_("居民"),
    Role.LEADER: N_("团队长"),
    Role.MEMBER: N_("团队成员"),
    Role.REGISTRAR: N_("挂号员"),
    Role.ADMINISTRATOR: N_("管理员"),
    Role.ANALYST: N_("统计分析员"),
    Role.SECURITY: N_("安全管理员"),
    Role.AUDITOR: N_("审计员"),
}

"""The words of applications' pages, as catalogue keys."""

from auth.schemas import Scope
from auth.schemas.applications import Icon
from auth.schemas.sso import GrantType
from core.access import Role
from core.messages import N_
from core.roles import ROLE_NAMES
from core.web.languages import gettext

ICON_LABELS: dict[str, str] = {
    Icon.APPS: N_("应用"),
    Icon.STETHOSCOPE: N_("听诊器"),
    Icon.PILL: N_("药品"),
    Icon.MONITOR: N_("心电监测"),
    Icon.VACCINE: N_("疫苗"),
    Icon.REPORT: N_("检查报告"),
    Icon.CLIPBOARD: N_("清单"),
    Icon.CALENDAR: N_("日历"),
    Icon.HOSPITAL: N_("医院"),
    Icon.GOVERNMENT: N_("政务机构"),
    Icon.CHART: N_("图表"),
    Icon.MESSAGE: N_("消息"),
    Icon.AMBULANCE: N_("救护车"),
    Icon.MICROSCOPE: N_("显微镜"),
}
SCOPE_LABELS: dict[str, str] = {
    Scope.OPENID: N_("只给它用的编号"),
    Scope.PROFILE: N_("姓名"),
    Scope.PHONE: N_("手机号"),
    Scope.ROLES: N_("角色"),
    Scope.OFFLINE: N_("退出登录后也能续期，最长 180 天"),
}
GRANT_LABELS: dict[str, str] = {
    GrantType.CODE: N_("人在浏览器或手机里登录"),
    GrantType.REFRESH: N_("登录后可以续期"),
    GrantType.DEVICE: N_("自助机、大屏用代码登录"),
    GrantType.SERVICE: N_("后台自己调用接口"),
}
AUDIENCE_LABELS: dict[str, str] = {
    Role.RESIDENT: N_("居民"),
    **{role.value: label for role, label in ROLE_NAMES.items()},
}


def icon_choices() -> list[tuple[str, str]]:
    """The pictures to choose from, by name."""
    return [(icon, gettext(label)) for icon, label in ICON_LABELS.items()]

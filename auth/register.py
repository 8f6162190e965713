"""What the auth room plugs into the portal."""

import auth.jobs  # noqa: F401  the worker knows a job once its module is loaded
from auth.assurance import STAFF
from auth.policy import WORDS
from auth.queries.recovery import READERS
from auth.services import step_up
from auth.web import (
    admin,
    admin_api,
    applications_admin,
    applications_api,
    identity,
    joined_api,
    permissions,
    permissions_api,
    recovery,
    route_limits,
    second_factor,
    security,
    set_up,
    upstream,
    upstream_admin,
    upstream_admin_api,
)
from auth.web.api import api
from auth.web.pages import pages
from auth.web.recovery_api import api as recovery_api
from auth.web.security_api import api as security_api
from auth.web.sso import endpoints, sso_pages
from auth.web.wechat import wechat_api, wechat_pages
from core.access import Role, provide_demands
from core.messages import N_
from core.web.limits import provide_counter
from core.web.rooms import Group, NavItem, Room

provide_demands(step_up.demand, STAFF)
provide_counter(route_limits.RouteCounter())

OVERSEERS = (Role.ADMINISTRATOR, Role.SECURITY)

room = Room(
    name="auth",
    words=WORDS,
    pages=[
        pages,
        second_factor.pages,
        second_factor.step_up,
        set_up.pages,
        security.pages,
        recovery.pages,
        recovery.objections,
        admin.pages,
        permissions.pages,
        permissions.home_pages,
        *sso_pages,
        applications_admin.pages,
        upstream.pages,
        upstream.identities,
        upstream_admin.pages,
        wechat_pages,
    ],
    apis=[
        api,
        security_api,
        joined_api.api,
        recovery_api,
        admin_api.api,
        permissions_api.api,
        applications_api.api,
        upstream_admin_api.api,
        wechat_api,
    ],
    machines=[endpoints],
    commands={
        "account": "auth.commands.accounts:account",
        "oidc": "auth.commands.oidc:oidc",
        "token": "auth.commands.tokens:token",
    },
    navigation=[
        NavItem(
            N_("总览"), "shield-check", "auth_security.home", [Role.SECURITY], 10, group=Group.TODAY
        ),
        NavItem(N_("账号"), "key", "auth_accounts.listing", OVERSEERS, 60, group=Group.ACCOUNTS),
        NavItem(
            N_("权限"), "lock", "auth_permissions.listing", OVERSEERS, 62, group=Group.ACCOUNTS
        ),
        NavItem(N_("找回账号"), "lifebuoy", "recovery.listing", READERS, 64, group=Group.RESIDENTS),
        NavItem(
            N_("应用管理"),
            "apps",
            "auth_applications.listing",
            [Role.ADMINISTRATOR],
            66,
            also=(upstream_admin.pages.name,),
            group=Group.ACCOUNTS,
        ),
    ],
    install=identity.install,
)

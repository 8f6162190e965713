"""What the auth room plugs into the portal."""

from auth.web import (
    admin,
    admin_api,
    applications_admin,
    applications_api,
    identity,
    upstream,
    upstream_admin,
)
from auth.web.api import api
from auth.web.pages import pages
from auth.web.sso import endpoints, sso_pages
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room

room = Room(
    name="auth",
    pages=[
        pages,
        admin.pages,
        *sso_pages,
        applications_admin.pages,
        upstream.pages,
        upstream.identities,
        upstream_admin.pages,
    ],
    apis=[api, admin_api.api, applications_api.api],
    machines=[endpoints],
    commands={
        "account": "auth.commands.accounts:account",
        "oidc": "auth.commands.oidc:oidc",
        "token": "auth.commands.tokens:token",
    },
    navigation=[
        NavItem(N_("账号"), "key", "auth_accounts.listing", [Role.ADMINISTRATOR], 60),
        NavItem(N_("应用管理"), "apps", "auth_applications.listing", [Role.ADMINISTRATOR], 65),
    ],
    install=identity.install,
)

"""What the auth room plugs into the portal."""

from auth.policy import WORDS
from auth.web import admin, admin_api, identity, permissions, permissions_api
from auth.web.api import api
from auth.web.pages import pages
from auth.web.sso import application_pages, endpoints, sso_pages
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room

OVERSEERS = (Role.ADMINISTRATOR, Role.SECURITY)

room = Room(
    name="auth",
    words=WORDS,
    pages=[
        pages,
        admin.pages,
        permissions.pages,
        permissions.home_pages,
        sso_pages,
        application_pages,
    ],
    apis=[api, admin_api.api, permissions_api.api],
    machines=[endpoints],
    commands={
        "account": "auth.commands.accounts:account",
        "oidc": "auth.commands.oidc:oidc",
        "token": "auth.commands.tokens:token",
    },
    navigation=[
        NavItem(N_("总览"), "shield-check", "auth_security.home", [Role.SECURITY], 10),
        NavItem(N_("账号"), "key", "auth_accounts.listing", OVERSEERS, 60),
        NavItem(N_("权限"), "lock", "auth_permissions.listing", OVERSEERS, 65),
    ],
    install=identity.install,
)

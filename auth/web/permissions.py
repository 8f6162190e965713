"""/admin/permissions and /admin/security: what can be permitted, who may do it, and the home of
security administrators.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from auth.queries.accounts import account_figures, recent_changes, responsible
from auth.queries.permissions import duty_figures, ending_soon, holders, permissions
from auth.schemas import HISTORY_LABELS
from auth.schemas.permissions import HolderSearch, Permission, PermissionSearch
from core.access import Role
from core.database import transaction
from core.permissions import action_words, policy_words
from core.web.access import current_actor, open_to
from core.web.forms import read_query
from core.web.history import in_words
from core.web.languages import gettext
from core.web.limits import costly
from core.web.pager import pager

pages = Blueprint("auth_permissions", __name__, url_prefix="/admin/permissions")
home_pages = Blueprint("auth_security", __name__, url_prefix="/admin/security")


@home_pages.get("/")
@open_to(Role.SECURITY)
def home() -> ResponseReturnValue:
    """Who holds the duties within the security administrator's units, and what ends or changed."""
    with transaction() as session:
        scope = responsible(session, current_actor())
        changes, names = recent_changes(session, scope)
        view = {
            "duties": duty_figures(session, scope),
            "accounts": account_figures(session, scope),
            "ending": ending_soon(session, scope),
            "changes": zip(changes, in_words(changes, HISTORY_LABELS, {}), strict=True),
            "names": names,
        }
    return render_template("auth/admin/security.html", **view)


@pages.get("/")
@open_to(Role.ADMINISTRATOR, Role.SECURITY)
def listing() -> ResponseReturnValue:
    """Everything that can be permitted, in plain words."""
    search = read_query(PermissionSearch)
    with transaction() as session:
        found = permissions(session, current_actor())
    shown = [permission for permission in found if wanted(permission, search)]
    return render_template(
        "auth/admin/permissions.html",
        by_role=[permission for permission in shown if permission.roles],
        by_oneself=[permission for permission in shown if not permission.roles],
        search=search,
    )


@pages.get("/<action>")
@costly
@open_to(Role.ADMINISTRATOR, Role.SECURITY)
def show(action: str) -> ResponseReturnValue:
    """Who may do this within the actor's units."""
    search = read_query(HolderSearch)
    with transaction() as session:
        permission, found, above = holders(session, current_actor(), action, search)
    return render_template(
        "auth/admin/permission.html",
        permission=permission,
        found=found,
        above=above,
        search=search,
        pager=pager(found),
    )


def wanted(permission: Permission, search: PermissionSearch) -> bool:
    """Whether the words of an action or of its policies contain what is searched for."""
    words = [action_words(permission.action), *map(policy_words, permission.policies)]
    text = (search.search or "").casefold()
    return any(text in gettext(sentence).casefold() for sentence in words)

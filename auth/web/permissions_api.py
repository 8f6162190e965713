"""/api/v1/auth/permissions: what can be permitted, and who may do it."""

from apiflask import APIBlueprint

from auth.queries.permissions import holders, permissions
from auth.schemas.permissions import Holder, HolderSearch, Permission
from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import current_actor, open_to
from core.web.api import SECURED, VERSION
from core.web.limits import costly

api = APIBlueprint(
    "auth_permissions_api", "auth", url_prefix=f"/api/{VERSION}/auth/permissions", tag="Permissions"
)


@api.get("")
@api.output(Page[Permission])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR, Role.SECURITY)
def listing() -> Page[Permission]:
    """Everything that can be permitted, and by which policies."""
    with transaction() as session:
        return Page(items=permissions(session, current_actor()))


@api.get("/<action>/holders")
@api.input(HolderSearch, location="query", arg_name="search")
@api.output(Page[Holder])
@api.doc(**SECURED)
@costly
@open_to(Role.ADMINISTRATOR, Role.SECURITY)
def who(action: str, search: HolderSearch) -> Page[Holder]:
    """Who may do this within one's units: by which role, on which unit, since and until when."""
    with transaction() as session:
        return holders(session, current_actor(), action, search)[1]

"""/api/v1/auth/…: who else knows the account: applications it lets know who one is, and accounts
elsewhere that open it.
"""

from uuid import UUID

from apiflask import APIBlueprint

from auth.queries.sso import list_applications
from auth.queries.upstream import list_identities
from auth.schemas.sso import AuthorizedApplication
from auth.schemas.upstream import IdentityView, UnlinkIdentity
from auth.services.consent import withdraw_consent
from auth.services.upstream import unlink
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, VERSION

api = APIBlueprint("joined_api", "auth", url_prefix=f"/api/{VERSION}/auth", tag="Joined accounts")


@api.get("/consents")
@api.output(Page[AuthorizedApplication])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def consents() -> Page[AuthorizedApplication]:
    """What each application may know; all of them on one page."""
    with transaction() as session:
        return Page(items=list_applications(session, current_actor()), next_cursor=None)


@api.delete("/consents/<client_id>")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def withdraw(client_id: str) -> str:
    """Take it back; the application's tokens end at once."""
    with transaction() as session:
        withdraw_consent(session, current_actor(), client_id)
    return ""


@api.get("/identities")
@api.output(Page[IdentityView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def identities() -> Page[IdentityView]:
    """The accounts elsewhere that open this one, and those that could; all on one page."""
    with transaction() as session:
        return Page(items=list_identities(session, current_actor()), next_cursor=None)


@api.delete("/identities/<uuid:identity_id>")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def part(identity_id: UUID) -> str:
    """Part one from the account; it opens it no longer."""
    with transaction() as session:
        unlink(session, current_actor(), UnlinkIdentity(identity_id=identity_id))
    return ""

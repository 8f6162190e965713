"""/api/v1/residents/…: one's own identity."""

from core.database import transaction
from core.errors import NotFound
from core.messages import N_
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from residents.queries import find_own_identity
from residents.schemas import OwnIdentity, PersonView, VerifyIdentity
from residents.web.pages import verify_identity

api = room_api("residents", "Residents")


@api.get("/me")
@api.output(OwnIdentity)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def me() -> OwnIdentity:
    """Who the account was proved to be, the numbers masked."""
    with transaction() as session:
        identity = find_own_identity(session, current_actor())
    if identity is None:
        raise NotFound("not_verified", N_("这个账号还没有完成实名认证。"))
    return identity


@api.post("/me/verification")
@api.input(VerifyIdentity, arg_name="command")
@api.output(PersonView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def verify(command: VerifyIdentity) -> PersonView:
    """The real-name check of the account's holder."""
    return verify_identity(command)

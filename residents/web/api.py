"""/api/v1/residents/…: one's own identity and family."""

from uuid import UUID

from core.database import transaction
from core.errors import NotFound
from core.messages import N_
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from residents.queries import family_of, find_own_identity, list_consents
from residents.schemas import (
    ChangeConsent,
    Family,
    GiveConsent,
    OwnIdentity,
    PersonView,
    RepresentationView,
    VerifyIdentity,
)
from residents.services.consents import change_consent, end_consent
from residents.web.family import make_consent
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


@api.get("/me/family")
@api.output(Family)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own_family() -> Family:
    """For whom the caller may act, and who may act for them."""
    with transaction() as session:
        return Family(
            represented=family_of(session, current_actor(), None),
            representatives=list_consents(session, current_actor()),
        )


@api.post("/me/representatives")
@api.input(GiveConsent, arg_name="command")
@api.output(RepresentationView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def add_representative(command: GiveConsent) -> RepresentationView:
    """Let somebody act for the caller: a member of the household, or who has this name and ID
    number. The answer is the same whether or not that person is known here.
    """
    return make_consent(command)


@api.put("/me/representations/<uuid:representation_id>")
@api.input(ChangeConsent, arg_name="command")
@api.output(RepresentationView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def change_representation(representation_id: UUID, command: ChangeConsent) -> RepresentationView:
    """What somebody may do for the caller from now on, and until when."""
    actor = current_actor()
    return write(
        RepresentationView,
        lambda session: change_consent(session, actor, representation_id, command),
    )


@api.delete("/me/representations/<uuid:representation_id>")
@api.output(RepresentationView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def end_representation(representation_id: UUID) -> RepresentationView:
    """End a consent, by either side; answers it, however often it is called."""
    with transaction() as session:
        return end_consent(session, current_actor(), representation_id)

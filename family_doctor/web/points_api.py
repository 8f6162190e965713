"""/api/v1/family-doctor/point-schemes: what work is worth."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.points import get_scheme, list_schemes, preview_scheme
from family_doctor.schemas import MakeScheme, Preview, PreviewScheme, SchemeList, SchemeView
from family_doctor.services.points import make_scheme

api = room_api("family_doctor_points", "Family doctor", "family-doctor")


@api.get("/point-schemes")
@api.output(SchemeList)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def schemes() -> SchemeList:
    """The versions within one's units, the region's first, newest first."""
    with transaction() as session:
        return list_schemes(session, current_actor())


@api.post("/point-schemes")
@api.input(MakeScheme, arg_name="command")
@api.output(SchemeView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def make_point_scheme(command: MakeScheme) -> SchemeView:
    """Make a new version of an institution's scheme, or without one of the region's."""
    return write(SchemeView, lambda session: make_scheme(session, current_actor(), command))


@api.post("/point-schemes/preview")
@api.input(PreviewScheme, arg_name="command")
@api.output(Preview)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def preview(command: PreviewScheme) -> Preview:
    """What the teams would have had in the newest month of reports; nothing is kept."""
    with transaction() as session:
        return preview_scheme(session, current_actor(), command)


@api.get("/point-schemes/<uuid:scheme_id>")
@api.output(SchemeView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def scheme(scheme_id: UUID) -> SchemeView:
    """One version."""
    with transaction() as session:
        return get_scheme(session, current_actor(), scheme_id)

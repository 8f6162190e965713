"""/api/v1/residents/people/…/acting: who acts for a child by living with it, and the end of it."""

from uuid import UUID

from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from residents.queries.household import household_acting
from residents.schemas import EndHouseholdActing, HouseholdActing
from residents.services.household import end_household_acting

api = room_api("residents_acting", "Residents", "residents")


@api.get("/people/<uuid:person_id>/acting")
@api.output(HouseholdActing)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def show(person_id: UUID) -> HouseholdActing:
    """Who acts for a child, and where the right comes from."""
    with transaction() as session:
        return household_acting(session, current_actor(), person_id)


@api.post("/people/<uuid:person_id>/acting/<uuid:adult_id>/end")
@api.input(EndHouseholdActing, arg_name="command")
@api.output(HouseholdActing)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def end(person_id: UUID, adult_id: UUID, command: EndHouseholdActing) -> HouseholdActing:
    """An adult acts for the child no more by household: a parent objects, they stop themself, or
    staff saw a document, with the reason.
    """
    actor = current_actor()
    return write(
        HouseholdActing,
        lambda session: end_household_acting(session, actor, person_id, adult_id, command),
    )

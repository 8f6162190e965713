"""/api/v1/residents/people/…/labels: health labels."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from residents.queries.labels import get_labels
from residents.schemas import EndLabel, LabelBook, SetLabel
from residents.services.labels import end_label, set_label

api = room_api("residents_labels", "Residents", "residents")


@api.get("/people/<uuid:person_id>/labels")
@api.output(LabelBook)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def labels(person_id: UUID) -> LabelBook:
    """The labels of a resident in the caller's care, with source, date and evidence."""
    with transaction() as session:
        return get_labels(session, current_actor(), person_id)


@api.post("/people/<uuid:person_id>/labels")
@api.input(SetLabel, arg_name="command")
@api.output(LabelBook, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def add(person_id: UUID, command: SetLabel) -> LabelBook:
    """Set a label."""
    return write(LabelBook, lambda s: set_label(s, current_actor(), person_id, command))


@api.post("/people/<uuid:person_id>/labels/<group_code>/end")
@api.input(EndLabel, arg_name="command")
@api.output(LabelBook)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def end(person_id: UUID, group_code: str, command: EndLabel) -> LabelBook:
    """End a label; it stays in the history."""
    return write(LabelBook, lambda s: end_label(s, current_actor(), person_id, group_code, command))

"""/api/v1/residents/…: numbers of people, and records that may be of one person."""

from uuid import UUID

from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from residents.queries.duplicates import DUPLICATE_ROLES, get_duplicate, list_duplicates
from residents.queries.identifiers import FIND_ROLES, get_identifiers
from residents.schemas import (
    DecidePair,
    DuplicateCase,
    DuplicateRow,
    DuplicateSearch,
    IdentifierBook,
    MergePair,
    RecordIdentifier,
)
from residents.services.identifiers import record_identifier
from residents.services.merging import decide_pair, merge_pair, undo_merge

api = room_api("residents_persons", "Residents", "residents")


@api.get("/people/<uuid:person_id>/identifiers")
@api.output(IdentifierBook)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def identifiers(person_id: UUID) -> IdentifierBook:
    """By which numbers a person is known, masked; the health-record number whole."""
    with transaction() as session:
        return get_identifiers(session, current_actor(), person_id)


@api.post("/people/<uuid:person_id>/identifiers")
@api.input(RecordIdentifier, arg_name="command")
@api.output(IdentifierBook, status_code=201)
@api.doc(**SECURED)
@open_to(*FIND_ROLES)
def add_identifier(person_id: UUID, command: RecordIdentifier) -> IdentifierBook:
    """Record a paper or card that was seen."""
    actor = current_actor()
    return write(
        IdentifierBook, lambda session: record_identifier(session, actor, person_id, command)
    )


@api.get("/duplicates")
@api.input(DuplicateSearch, location="query", arg_name="search")
@api.output(Page[DuplicateRow])
@api.doc(**SECURED)
@open_to(*DUPLICATE_ROLES)
def duplicates(search: DuplicateSearch) -> Page[DuplicateRow]:
    """Records in the caller's places that may be of one person, the likeliest first."""
    with transaction() as session:
        return list_duplicates(session, current_actor(), search)


@api.get("/duplicates/<uuid:pair_id>")
@api.output(DuplicateCase)
@api.doc(**SECURED)
@open_to(*DUPLICATE_ROLES)
def duplicate(pair_id: UUID) -> DuplicateCase:
    """Both records."""
    with transaction() as session:
        return get_duplicate(session, current_actor(), pair_id)


@api.post("/duplicates/<uuid:pair_id>/decision")
@api.input(DecidePair, arg_name="command")
@api.output(DuplicateCase)
@api.doc(**SECURED)
@open_to(*DUPLICATE_ROLES)
def decide(pair_id: UUID, command: DecidePair) -> DuplicateCase:
    """Two people, or later."""
    actor = current_actor()
    return write(DuplicateCase, lambda session: decide_pair(session, actor, pair_id, command))


@api.post("/duplicates/<uuid:pair_id>/merge")
@api.input(MergePair, arg_name="command")
@api.output(DuplicateCase)
@api.doc(**SECURED)
@open_to(*DUPLICATE_ROLES)
def merge(pair_id: UUID, command: MergePair) -> DuplicateCase:
    """It is one person: everything that hangs on one record hangs on the kept one."""
    actor = current_actor()
    return write(DuplicateCase, lambda session: merge_pair(session, actor, pair_id, command))


@api.delete("/duplicates/<uuid:pair_id>/merge")
@api.output(DuplicateCase)
@api.doc(**SECURED)
@open_to(*DUPLICATE_ROLES)
def undo(pair_id: UUID) -> DuplicateCase:
    """Undo a merge while nothing was written since that could be of either."""
    with transaction() as session:
        return undo_merge(session, current_actor(), pair_id)

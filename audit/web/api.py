"""/api/v1/audit/…: search for auditors, one's own page, questions, and the log's signed head."""

from typing import Any
from uuid import UUID

from flask import Response, json, request
from pydantic import BaseModel, ConfigDict

from audit import balp
from audit.queries import events, questions
from audit.queries.log import latest_head
from audit.schemas import (
    AnswerQuestion,
    AskQuestion,
    EventSearch,
    EventView,
    HeadView,
    OwnEvent,
    OwnEvents,
    QuestionEntry,
    QuestionSearch,
    QuestionView,
    SealedEvent,
)
from audit.services import questions as services
from core.access import Role
from core.database import transaction
from core.errors import NotFound
from core.paging import Page
from core.settings import settings
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import costly
from core.web.redirects import this_address
from core.web.writes import write

api = room_api("audit", "Audit")


class FhirResource(BaseModel):
    """A FHIR R4 resource as JSON."""

    model_config = ConfigDict(extra="allow")

    resourceType: str  # noqa: N815  FHIR's name


@api.get("/head")
@api.output(HeadView)
@open_to(ANYONE)
def head() -> HeadView:
    """The newest signed head of the log, for anybody to keep: what it covers cannot be changed
    later without being found.
    """
    with transaction() as session:
        return latest_head(session)


@api.get("/events")
@api.input(EventSearch, location="query", arg_name="search")
@api.output(Page[EventView])
@api.doc(**SECURED)
@costly
@open_to(Role.AUDITOR)
def search_events(search: EventSearch) -> Page[EventView]:
    """Events within the auditor's units, newest first."""
    with transaction() as session:
        return events.search_events(session, current_actor(), search)


@api.get("/events/fhir")
@api.input(EventSearch, location="query", arg_name="search")
@api.output(FhirResource, content_type=balp.MIMETYPE)
@api.doc(**SECURED)
@costly
@open_to(Role.AUDITOR)
def search_events_as_fhir(search: EventSearch) -> Response:
    """The same as a FHIR Bundle of AuditEvents (IHE BALP)."""
    with transaction() as session:
        found = events.search_events(session, current_actor(), search)
    system = settings().public_url
    following = found.next_cursor and system + this_address(cursor=found.next_cursor)
    address = system + request.full_path.rstrip("?")
    return _fhir(balp.bundle(found.items, system, address, following))


@api.get("/events/<uuid:event_id>")
@api.output(SealedEvent)
@api.doc(**SECURED)
@open_to(Role.AUDITOR)
def get_event(event_id: UUID) -> SealedEvent:
    """One event, with its place in the log."""
    with transaction() as session:
        return events.get_event(session, current_actor(), event_id)


@api.get("/events/<uuid:event_id>/fhir")
@api.output(FhirResource, content_type=balp.MIMETYPE)
@api.doc(**SECURED)
@open_to(Role.AUDITOR)
def get_event_as_fhir(event_id: UUID) -> Response:
    """The same as a FHIR AuditEvent (IHE BALP)."""
    with transaction() as session:
        event = events.get_event(session, current_actor(), event_id)
    return _fhir(balp.audit_event(event, settings().public_url))


@api.get("/mine")
@api.input(OwnEvents, location="query", arg_name="search")
@api.output(Page[OwnEvent])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def mine(search: OwnEvents) -> Page[OwnEvent]:
    """Who looked at one's own data, or at those of ``person_id``, whose records one may see."""
    with transaction() as session:
        return events.list_own_events(session, current_actor(), search)


@api.get("/mine/<uuid:event_id>/question")
@api.output(QuestionView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own_question(event_id: UUID) -> QuestionView:
    """What was asked about this access, and the answer."""
    actor = current_actor()
    with transaction() as session:
        events.get_own_event(session, actor, event_id)
        asked = questions.find_question(session, event_id)
    if asked is None:
        raise NotFound()
    return asked


@api.post("/mine/<uuid:event_id>/question")
@api.input(AskQuestion, arg_name="command")
@api.output(QuestionView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def ask(event_id: UUID, command: AskQuestion) -> QuestionView:
    """Ask why this access was made."""
    return write(
        QuestionView, lambda session: services.ask(session, current_actor(), event_id, command)
    )


@api.get("/questions")
@api.input(QuestionSearch, location="query", arg_name="search")
@api.output(Page[QuestionEntry])
@api.doc(**SECURED)
@open_to(Role.AUDITOR)
def list_questions(search: QuestionSearch) -> Page[QuestionEntry]:
    """Residents' questions within the auditor's units."""
    with transaction() as session:
        return questions.list_questions(session, current_actor(), search)


@api.get("/questions/<uuid:question_id>")
@api.output(QuestionView)
@api.doc(**SECURED)
@open_to(Role.AUDITOR)
def get_question(question_id: UUID) -> QuestionView:
    """One question."""
    with transaction() as session:
        return questions.get_question(session, current_actor(), question_id)[0]


@api.post("/questions/<uuid:question_id>/answer")
@api.input(AnswerQuestion, arg_name="command")
@api.output(QuestionView)
@api.doc(**SECURED)
@open_to(Role.AUDITOR)
def answer(question_id: UUID, command: AnswerQuestion) -> QuestionView:
    """Answer it, once; the resident gets a message."""
    return write(
        QuestionView,
        lambda session: services.answer(session, current_actor(), question_id, command),
    )


def _fhir(resource: dict[str, Any]) -> Response:
    return Response(json.dumps(resource), mimetype=balp.MIMETYPE)

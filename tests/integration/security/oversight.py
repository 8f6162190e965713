"""The lists of those who watch over the region: recoveries at desks, applications, the audit."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.models import Question
from audit.queries.events import list_own_events, search_events
from audit.queries.questions import list_questions, load_question, question_resource
from audit.queries.scope import units_of_event
from audit.schemas import Action as Auditing
from audit.schemas import EventSearch, OwnEvents, QuestionSearch, QuestionState, Whose
from auth.models import Client, RecoveryCase
from auth.queries.applications import application_resource, list_managed_applications
from auth.queries.recovery import list_recoveries, load_case
from auth.schemas import RecoveryAction, RecoverySearch
from auth.schemas.applications import ApplicationAction, ApplicationSearch, ApplicationState
from core.access import NOBODY, Actor, Resource, Role
from core.models import AuditEvent
from residents.models import Person
from tests.factories.directory import CITY
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region

# An application without a place is the whole region's.
OF_REGION = Actor(NOBODY, grants={Role.ADMINISTRATOR: frozenset({CITY})})


def recoveries(session: Session, region: Region) -> list[Listing]:
    """What desks see of lost phones, under way and over."""

    def shown(actor: Actor) -> Iterator[UUID]:
        for closed in (False, True):
            search = RecoverySearch(closed=closed)
            found = pages(lambda page: list_recoveries(session, actor, page), search)
            yield from (row.id for row in found)

    things = {
        case_id: Resource("Desk", "own", units=load_case(session, case_id)[2].path)
        for case_id in session.scalars(select(RecoveryCase.id))
    }
    return [Listing("recoveries", shown, things, RecoveryAction.LIST)]


def applications(session: Session, region: Region) -> list[Listing]:
    """What administrators see of the applications in their units."""
    everything = ApplicationSearch(state=ApplicationState.ALL)
    things = {
        client.id: application_resource(session, OF_REGION, client)
        for client in session.scalars(select(Client))
    }
    return [
        Listing("managed applications", lambda actor: (row.id for row in pages(
            lambda page: list_managed_applications(session, actor, page), everything)),
            things, ApplicationAction.READ),
    ]  # fmt: skip


def events(session: Session, region: Region) -> list[Listing]:
    """What auditors see of all events, and people of those about themselves."""
    everything, about_me = EventSearch(), OwnEvents(whose=Whose.ALL)
    query = select(AuditEvent, Person.division_code).outerjoin(
        Person, Person.id == AuditEvent.person_id
    )
    things = {
        event.id: Resource("AuditRecord", str(event.id), event.person_id,
                           units_of_event(session, event.account_id, division_code, CITY))
        for event, division_code in session.execute(query)
    }  # fmt: skip
    return [
        Listing("events", lambda actor: (row.id for row in pages(
            lambda page: search_events(session, actor, page), everything)),
            things, Auditing.READ_EVENT),
        Listing("own events", lambda actor: (row.id for row in pages(
            lambda page: list_own_events(session, actor, page), about_me)),
            things, Auditing.READ_OWN_EVENTS),
    ]  # fmt: skip


def questions(session: Session, region: Region) -> list[Listing]:
    """What auditors see of the questions about events, open and answered."""

    def shown(actor: Actor) -> Iterator[UUID]:
        for state in QuestionState:
            search = QuestionSearch(state=state)
            found = pages(lambda page: list_questions(session, actor, page), search)
            yield from (row.id for row in found)

    things = {
        question_id: question_resource(session, load_question(session, question_id))
        for question_id in session.scalars(select(Question.id))
    }
    return [Listing("questions", shown, things, Auditing.READ_QUESTION)]

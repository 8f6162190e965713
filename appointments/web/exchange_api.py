"""/api/v1/appointments/exchange/…: a hospital's own system sends its schedule, locks numbers, and
answers our calls late.

It calls with an application's own token (client_credentials, scope ``appointments.exchange``); the
application's place must be the hospital. Answers to our calls are signed instead.
"""

from datetime import timedelta
from uuid import UUID

from flask import g, request

from appointments.hospital import signing
from appointments.queries.exchange import (
    KEEPERS,
    get_link_secret,
    list_exceptions,
    list_exchange_day,
)
from appointments.schemas import (
    EXCHANGE_SCOPE,
    CallBack,
    CallBackTaken,
    CallState,
    ExceptionSearch,
    ExchangeDay,
    ExchangeRow,
    FailedCall,
    Imported,
    ImportFault,
    ImportResult,
    ImportSchedule,
    LinkSecret,
    LockNumber,
    LockView,
    SaveLink,
    SettleCall,
)
from appointments.services.hospital_links import retry_call, save_link, settle_call
from appointments.services.hospital_locks import confirm_number, lock_number, return_number
from appointments.services.importing import import_session, open_import
from appointments.services.outbound import Answer, answer_late
from auth.public import CallingService, service_of_token
from core import clock
from core.access import Actor, Role
from core.database import reading, transaction
from core.errors import Conflict, Invalid, SignInRequired
from core.messages import N_
from core.paging import Page
from core.web.access import MACHINES, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import body_at_most, limited
from core.web.problems import translated
from core.web.writes import write

SCHEDULE_BYTES = 1024 * 1024
CALL_BYTES = 16 * 1024
LONGEST_LOCK_ID = 64
# Refusals of one address: whoever guesses tokens, or names to numbers, is slowed.
MOST_REFUSED, WITHIN = 120, timedelta(minutes=5)
api = room_api("appointments_exchange", "Hospital exchange", "appointments/exchange")


@api.put("/hospitals/<uuid:institution_id>/schedule")
@api.input(ImportSchedule, arg_name="document")
@api.output(ImportResult)
@api.doc(**SECURED)
@limited(MOST_REFUSED, WITHIN, failures=True)
@body_at_most(SCHEDULE_BYTES)
@open_to(MACHINES)
def import_schedule(institution_id: UUID, document: ImportSchedule) -> ImportResult:
    """Bring sessions to what the document says, each one whole or not at all; the same document
    again changes nothing. Sessions that are not taken are listed with the reason.
    """
    actor, service = _caller()
    with transaction() as session:
        hospital = open_import(session, actor, institution_id, service.unit)
    outcomes: list[Imported] = []
    errors: list[ImportFault] = []
    for row, given in enumerate(document.sessions):
        try:
            with transaction() as session:
                outcomes.append(import_session(session, hospital, given))
        except (Conflict, Invalid) as refusal:
            detail = translated(refusal.message)
            errors.append(ImportFault(row=row, id=given.id, code=refusal.code, detail=detail))
    counts = {outcome.value: outcomes.count(outcome) for outcome in Imported}
    return ImportResult(**counts, errors=errors)


@api.put("/hospitals/<uuid:institution_id>/locks/<lock_id>")
@api.input(LockNumber, arg_name="command")
@api.output(LockView)
@api.doc(**SECURED)
@limited(MOST_REFUSED, WITHIN, failures=True)
@body_at_most(CALL_BYTES)
@open_to(MACHINES)
def lock(institution_id: UUID, lock_id: str, command: LockNumber) -> LockView:
    """Hold a number under the hospital's own id; the same call again answers the same lock."""
    actor, service = _caller()
    with transaction() as session:
        return lock_number(session, actor, institution_id, service.unit, _checked(lock_id), command)


@api.post("/hospitals/<uuid:institution_id>/locks/<lock_id>/confirm")
@api.output(LockView)
@api.doc(**SECURED)
@limited(MOST_REFUSED, WITHIN, failures=True)
@body_at_most(CALL_BYTES)
@open_to(MACHINES)
def confirm(institution_id: UUID, lock_id: str) -> LockView:
    """Make a locked number a booking."""
    actor, service = _caller()
    with transaction() as session:
        return confirm_number(session, actor, institution_id, service.unit, _checked(lock_id))


@api.post("/hospitals/<uuid:institution_id>/locks/<lock_id>/return")
@api.output(LockView)
@api.doc(**SECURED)
@limited(MOST_REFUSED, WITHIN, failures=True)
@body_at_most(CALL_BYTES)
@open_to(MACHINES)
def give_back(institution_id: UUID, lock_id: str) -> LockView:
    """Give a number back, locked or booked; also before its lock arrives, which then takes none."""
    actor, service = _caller()
    with transaction() as session:
        return return_number(session, actor, institution_id, service.unit, _checked(lock_id))


@api.get("/hospitals/<uuid:institution_id>/bookings")
@api.input(ExchangeDay, location="query", arg_name="query")
@api.output(Page[ExchangeRow])
@api.doc(**SECURED)
@open_to(MACHINES)
def day(institution_id: UUID, query: ExchangeDay) -> Page[ExchangeRow]:
    """The live bookings of a day in the sessions that the hospital sent, names masked."""
    actor, service = _caller()
    with transaction() as session:
        return list_exchange_day(session, actor, institution_id, service.unit, query)


@api.post("/hospitals/<uuid:institution_id>/answers")
@api.input(CallBack, arg_name="answer")
@api.output(CallBackTaken)
@limited(MOST_REFUSED, WITHIN, failures=True)
@body_at_most(CALL_BYTES)
@open_to(MACHINES)
def answer(institution_id: UUID, answer: CallBack) -> CallBackTaken:
    """The late answer to a call of ours, signed as our calls are; however often it comes, and in
    whatever order, it counts once.
    """
    with reading() as session:
        secret = get_link_secret(session, institution_id)
    headers = {name.lower(): value for name, value in request.headers.items()}
    signing.verify(secret, headers, request.get_data(), clock.now())
    with transaction() as session:
        said = Answer(CallState(answer.result.value), answer.number)
        changed = answer_late(session, institution_id, answer.booking_id, answer.call, said)
    return CallBackTaken(changed=changed)


@api.get("/exceptions")
@api.input(ExceptionSearch, location="query", arg_name="search")
@api.output(Page[FailedCall])
@api.doc(**SECURED)
@open_to(*KEEPERS)
def exceptions(search: ExceptionSearch) -> Page[FailedCall]:
    """Calls that a hospital did not answer three times, or refused to take back."""
    with transaction() as session:
        return list_exceptions(session, current_actor(), search)


@api.post("/calls/<uuid:call_id>/retry")
@api.output(FailedCall)
@api.doc(**SECURED)
@open_to(*KEEPERS)
def retry(call_id: UUID) -> FailedCall:
    """Call the hospital again."""
    return write(FailedCall, lambda session: retry_call(session, current_actor(), call_id))


@api.post("/calls/<uuid:call_id>/settle")
@api.input(SettleCall, arg_name="command")
@api.output(FailedCall)
@api.doc(**SECURED)
@open_to(*KEEPERS)
def settle(call_id: UUID, command: SettleCall) -> FailedCall:
    """Note that it was done by hand."""
    return write(
        FailedCall, lambda session: settle_call(session, current_actor(), call_id, command)
    )


@api.put("/hospitals/<uuid:institution_id>/link")
@api.input(SaveLink, arg_name="command")
@api.output(LinkSecret)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def link(institution_id: UUID, command: SaveLink) -> LinkSecret:
    """Link a hospital's system, or change where it answers; a new link's secret is told once."""
    with transaction() as session:
        return save_link(session, current_actor(), institution_id, command)


def _caller() -> tuple[Actor, CallingService]:
    """The application whose token this is, which acts under its own id. Raises SignInRequired."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise SignInRequired()
    with reading() as session:
        service = service_of_token(session, authorization.token, EXCHANGE_SCOPE)
    if service is None:
        raise SignInRequired()
    actor = Actor(
        service.id,
        name=service.name,
        channel="exchange",
        address=request.remote_addr or "",
        request_id=g.get("request_id", ""),
    )
    return actor, service


def _checked(lock_id: str) -> str:
    if len(lock_id) > LONGEST_LOCK_ID:
        raise Invalid("lock_id_too_long", N_("锁号编号最多 64 个字符。"))
    return lock_id

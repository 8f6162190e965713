"""The endpoints under ``/v1``: key, rate, idempotency, then the work, then the webhooks."""

import hmac
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request, url_for

from standins.stripe import events, intents, refunds
from standins.stripe.account import Account, Origin, current_account
from standins.stripe.errors import NotBegun, StripeError, no_such
from standins.stripe.idempotency import Call, Reply
from standins.stripe.objects import Customer, Intent, JsonObject, new_id
from standins.stripe.parameters import (
    CancelIntent,
    ConfirmIntent,
    CreateCustomer,
    CreateIntent,
    CreateRefund,
    ListEvents,
    ListRefunds,
    Nothing,
    Parameters,
    read,
)

blueprint = Blueprint("stripe_api", __name__, url_prefix="/v1")

P = TypeVar("P", bound=Parameters)
Work = Callable[[Account], JsonObject]


@blueprint.post("/payment_intents")
def create_intent() -> Response:
    """Create a PaymentIntent, confirmed at once if asked."""
    return _answer(
        lambda account: intents.create(account, _parameters(CreateIntent), _page_of).body()
    )


@blueprint.get("/payment_intents/<identifier>")
def retrieve_intent(identifier: str) -> Response:
    """Retrieve a PaymentIntent."""

    def work(account: Account) -> JsonObject:
        _parameters(Nothing)
        return intents.find(account, identifier).body()

    return _answer(work)


@blueprint.post("/payment_intents/<identifier>/confirm")
def confirm_intent(identifier: str) -> Response:
    """Confirm a PaymentIntent."""

    def work(account: Account) -> JsonObject:
        wanted = _parameters(ConfirmIntent)
        intent = intents.find(account, identifier)
        intents.confirm(account, intent, wanted, _page_of)
        return intent.body()

    return _answer(work)


@blueprint.post("/payment_intents/<identifier>/cancel")
def cancel_intent(identifier: str) -> Response:
    """Cancel a PaymentIntent."""

    def work(account: Account) -> JsonObject:
        wanted = _parameters(CancelIntent)
        intent = intents.find(account, identifier)
        intents.cancel(account, intent, wanted)
        return intent.body()

    return _answer(work)


@blueprint.post("/refunds")
def create_refund() -> Response:
    """Create a refund."""
    return _answer(lambda account: refunds.create(account, _parameters(CreateRefund)).body())


@blueprint.get("/refunds")
def list_refunds() -> Response:
    """List refunds, newest first."""
    return _answer(lambda account: refunds.listing(account, _parameters(ListRefunds)))


@blueprint.get("/refunds/<identifier>")
def retrieve_refund(identifier: str) -> Response:
    """Retrieve a refund."""

    def work(account: Account) -> JsonObject:
        _parameters(Nothing)
        return refunds.find(account, identifier).body()

    return _answer(work)


@blueprint.get("/events")
def list_events() -> Response:
    """List events, newest first."""
    return _answer(lambda account: events.listing(account, _parameters(ListEvents)))


@blueprint.get("/events/<identifier>")
def retrieve_event(identifier: str) -> Response:
    """Retrieve an event."""

    def work(account: Account) -> JsonObject:
        _parameters(Nothing)
        return events.find(account, identifier)

    return _answer(work)


@blueprint.post("/customers")
def create_customer() -> Response:
    """Create a customer."""

    def work(account: Account) -> JsonObject:
        customer = Customer(_parameters(CreateCustomer).model_dump())
        account.customers[customer.id] = customer
        return customer.body()

    return _answer(work)


@blueprint.get("/customers/<identifier>")
def retrieve_customer(identifier: str) -> Response:
    """Retrieve a customer."""

    def work(account: Account) -> JsonObject:
        _parameters(Nothing)
        if identifier not in account.customers:
            raise no_such("customer", identifier)
        return account.customers[identifier].body()

    return _answer(work)


@blueprint.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown(rest: str) -> Response:
    """Whatever this stand-in does not offer."""

    def work(account: Account) -> JsonObject:
        raise NotBegun(
            f"Unrecognized request URL ({request.method}: /v1/{rest}). Please see "
            "https://stripe.com/docs or we can help at https://support.stripe.com/.",
            status=404,
        )

    return _answer(work)


def _page_of(intent: Intent) -> str:
    return url_for(
        "stripe_pages.cashier",
        client_secret=intent.client_secret,
        return_url=intent.return_url,
        _external=True,
    )


def _parameters(shape: type[P]) -> P:
    """The query of a GET, the form of a POST; a form's query counts as unknown parameters too."""
    pairs = list(request.args.items(multi=True)) + list(request.form.items(multi=True))
    return read(shape, pairs)


def _answer(work: Work) -> Response:
    account = current_account()
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    request_id = new_id("req", 14)
    with account.lock:
        account.origin = Origin(request_id, key)
        reply = _reply(account, work, key, request_id)
        # Before the answer: whoever has it may change the mode.
        recorded, mode = account.take_outbox(), account.webhooks.mode
    response = jsonify(reply.body)
    response.status_code = reply.status
    _describe(response, reply, request_id, key)
    response.call_on_close(lambda: account.webhooks.send(recorded, mode))
    return response


def _reply(account: Account, work: Work, key: str | None, request_id: str) -> Reply:
    call = Call(request.path, tuple(sorted(request.form.items(multi=True))))
    try:
        _authenticate(account)
        account.limit_rate()
        if key and (kept := account.replies.find(key, call)) is not None:
            return kept
        reply = Reply(200, work(account), request_id)
    except NotBegun as error:
        return Reply(error.status, error.body(), request_id)
    except StripeError as error:
        reply = Reply(error.status, error.body(), request_id)
    if key:
        account.replies.keep(key, call, reply)
    return reply


def _authenticate(account: Account) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not given:
        raise NotBegun(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY').",
            status=401,
        )
    if not hmac.compare_digest(given.encode(), account.config.stripe_secret_key.encode()):
        raise NotBegun(f"Invalid API Key provided: {given[:7]}****{given[-4:]}", status=401)


def _describe(response: Response, reply: Reply, request_id: str, key: str | None) -> None:
    response.headers["Request-Id"] = request_id
    response.headers["Cache-Control"] = "no-store"
    if version := request.headers.get("Stripe-Version"):
        response.headers["Stripe-Version"] = version
    if key:
        response.headers["Idempotency-Key"] = key
    if reply.request_id != request_id:
        response.headers["Original-Request"] = reply.request_id
        response.headers["Idempotent-Replayed"] = "true"

"""PaymentIntents: the state machine from the first attempt to the money."""

from collections.abc import Callable

from standins.stripe.account import Account
from standins.stripe.errors import NotBegun, StripeError, missing, no_such
from standins.stripe.objects import Charge, Decline, Intent, JsonObject, Method, Status, new_id, now
from standins.stripe.parameters import METHOD_TYPES, CancelIntent, ConfirmIntent, CreateIntent

# "The amount value supports up to eight digits": docs.stripe.com/api/payment_intents/create.
LARGEST_AMOUNT = 99_999_999
CANCELABLE = (
    Status.REQUIRES_PAYMENT_METHOD,
    Status.REQUIRES_CONFIRMATION,
    Status.REQUIRES_ACTION,
    Status.PROCESSING,
)
CONFIRMABLE = (Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_CONFIRMATION)
PAYABLE = (*CONFIRMABLE, Status.REQUIRES_ACTION)

DECLINED = Decline("card_declined", "generic_decline", "Your card was declined.")
NO_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    "",
    "The provided PaymentMethod has failed authentication.",
)

# Stripe's test payment methods: docs.stripe.com/testing.
TEST_METHODS: dict[str, Decline | None] = {
    "pm_card_visa": None,
    "pm_card_mastercard": None,
    "pm_card_unionpay": None,
    "pm_card_visa_chargeDeclined": DECLINED,
    "pm_card_chargeDeclined": DECLINED,
    "pm_card_visa_chargeDeclinedInsufficientFunds": NO_FUNDS,
    "pm_card_chargeDeclinedInsufficientFunds": NO_FUNDS,
    "pm_card_chargeDeclinedExpiredCard": EXPIRED,
}


# The address of the page where the payer of an intent is sent to agree.
PageOf = Callable[[Intent], str]


def create(account: Account, wanted: CreateIntent, page_of: PageOf) -> Intent:
    """A new intent, confirmed at once if asked. Raises StripeError as ``confirm`` does."""
    _check_amount(account, wanted)
    if wanted.customer is not None and wanted.customer not in account.customers:
        raise no_such("customer", wanted.customer, "customer", 400)
    if wanted.return_url is not None and not wanted.confirm:
        raise NotBegun(
            "You cannot provide `return_url` unless `confirm` is true.", param="return_url"
        )
    intent = _intent(wanted)
    if wanted.payment_method is not None or wanted.payment_method_data is not None:
        intent.method = _method(account, intent, wanted)
        intent.status = Status.REQUIRES_CONFIRMATION
    account.intents[intent.id] = intent
    account.record("payment_intent.created", intent.body())
    if wanted.confirm:
        confirm(account, intent, wanted, page_of)
    return intent


def find(account: Account, identifier: str) -> Intent:
    """Raises StripeError (404) for an unknown id."""
    if identifier not in account.intents:
        raise no_such("payment_intent", identifier, "intent")
    return account.intents[identifier]


def confirm(account: Account, intent: Intent, wanted: ConfirmIntent, page_of: PageOf) -> None:
    """Try to collect. Raises StripeError: 402 (a card error) where the issuer says no."""
    if intent.status not in CONFIRMABLE:
        raise _unexpected(
            intent,
            f"You cannot confirm this PaymentIntent because it has a status of {intent.status}.",
        )
    if wanted.payment_method is not None or wanted.payment_method_data is not None:
        intent.method = _method(account, intent, wanted)
    if intent.method is None:
        raise _unexpected(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
        )
    _check_return_url(intent, wanted)
    intent.return_url = wanted.return_url
    intent.last_payment_error = None
    if intent.method.type != "card":
        _await_payer(account, intent, page_of)
    elif intent.method.decline is not None:
        raise _card_error(intent, fail(account, intent, intent.method.decline))
    else:
        collect(account, intent)


def collect(account: Account, intent: Intent) -> None:
    """The payer agreed: the money comes now, or after ``stripe_processing_seconds``."""
    intent.next_action = None
    intent.last_payment_error = None
    if intent.method is None:
        intent.method = _new_method(account, "card", None)
    delay = account.config.stripe_processing_seconds
    if not delay:
        _succeed(account, intent)
        return
    intent.status = Status.PROCESSING
    account.record("payment_intent.processing", intent.body())
    account.schedule.after(delay, lambda: account.by_payer(lambda: _settle(account, intent)))


def fail(account: Account, intent: Intent, decline: Decline) -> JsonObject:
    """The attempt failed; the intent waits for another payment method. Gives the error."""
    method = intent.method or _new_method(account, "card", decline)
    error: JsonObject = {
        "type": "card_error" if method.type == "card" else "invalid_request_error",
        "code": decline.code,
        "message": decline.message,
        "payment_method": method.body(),
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    intent.status = Status.REQUIRES_PAYMENT_METHOD
    intent.method = None
    intent.next_action = None
    intent.last_payment_error = error
    account.record("payment_intent.payment_failed", intent.body())
    return error


def cancel(account: Account, intent: Intent, wanted: CancelIntent) -> None:
    """End the intent for good. Raises StripeError once it is paid or canceled."""
    if intent.status not in CANCELABLE:
        raise _unexpected(
            intent,
            "You cannot cancel this PaymentIntent because it has a status of "
            f"{intent.status}. Only a PaymentIntent with one of the following statuses may be "
            "canceled: requires_payment_method, requires_capture, requires_confirmation, "
            "requires_action, processing.",
        )
    intent.status = Status.CANCELED
    intent.next_action = None
    intent.canceled_at = now()
    intent.cancellation_reason = wanted.cancellation_reason
    account.record("payment_intent.canceled", intent.body())


def _check_amount(account: Account, wanted: CreateIntent) -> None:
    if wanted.amount < 1:
        raise NotBegun(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    least = account.config.stripe_minimum_amount
    if wanted.amount < least:
        raise NotBegun(
            f"Amount must be at least {least / 100:.2f} {wanted.currency}",
            code="amount_too_small",
            param="amount",
        )
    if wanted.amount > LARGEST_AMOUNT:
        raise NotBegun(
            f"Amount must be no more than {LARGEST_AMOUNT / 100:,.2f} {wanted.currency}",
            code="amount_too_large",
            param="amount",
        )


def _intent(wanted: CreateIntent) -> Intent:
    automatic = wanted.automatic_payment_methods
    if automatic is not None and automatic.enabled and wanted.payment_method_types is not None:
        raise NotBegun(
            "You may only specify one of these parameters: automatic_payment_methods, "
            "payment_method_types.",
            param="payment_method_types",
        )
    chosen = wanted.payment_method_types
    if chosen is None and automatic is not None and not automatic.enabled:
        chosen = ["card"]
    redirects = automatic.allow_redirects if automatic is not None else "always"
    offered = METHOD_TYPES if redirects == "always" else ("card",)
    return Intent(
        amount=wanted.amount,
        currency=wanted.currency,
        method_types=list(chosen if chosen is not None else offered),
        automatic=None if chosen else {"allow_redirects": redirects, "enabled": True},
        capture_method=wanted.capture_method,
        customer=wanted.customer,
        description=wanted.description,
        metadata=dict(wanted.metadata),
        receipt_email=wanted.receipt_email,
    )


def _method(account: Account, intent: Intent, wanted: ConfirmIntent) -> Method:
    if wanted.payment_method is not None and wanted.payment_method_data is not None:
        raise NotBegun(
            "You may only specify one of these parameters: payment_method, payment_method_data.",
            param="payment_method",
        )
    if wanted.payment_method_data is not None:
        method = _new_method(account, wanted.payment_method_data.type, None)
    else:
        method = _known_method(account, wanted.payment_method or "")
    if method.type not in intent.method_types:
        raise StripeError(
            f"The PaymentMethod provided ({method.type}) is not allowed for this PaymentIntent. "
            "Please attach a PaymentMethod of one of the following types: "
            f"{', '.join(intent.method_types)}.",
            param="payment_method",
        )
    return method


def _known_method(account: Account, name: str) -> Method:
    if name in account.methods:
        return account.methods[name]
    if name not in TEST_METHODS:
        raise no_such("PaymentMethod", name, "payment_method", 400)
    return _new_method(account, "card", TEST_METHODS[name])


def _new_method(account: Account, kind: str, decline: Decline | None) -> Method:
    method = Method(new_id("pm"), kind, decline)
    account.methods[method.id] = method
    return method


def _check_return_url(intent: Intent, wanted: ConfirmIntent) -> None:
    may_redirect = intent.automatic is not None and intent.automatic["allow_redirects"] == "always"
    must_redirect = intent.method is not None and intent.method.type != "card"
    if wanted.return_url is None and (may_redirect or must_redirect):
        raise missing("return_url")


def _await_payer(account: Account, intent: Intent, page_of: PageOf) -> None:
    """Send the payer to the payment page, as Alipay's redirect does."""
    intent.status = Status.REQUIRES_ACTION
    intent.next_action = {
        "type": "alipay_handle_redirect",
        "alipay_handle_redirect": {
            "native_data": None,
            "native_url": None,
            "return_url": intent.return_url,
            "url": page_of(intent),
        },
    }
    account.record("payment_intent.requires_action", intent.body())


def _settle(account: Account, intent: Intent) -> None:
    if intent.status is Status.PROCESSING:
        _succeed(account, intent)


def _succeed(account: Account, intent: Intent) -> None:
    method = intent.method
    if method is None:
        raise RuntimeError("an intent without a payment method cannot succeed")
    charge = Charge(
        intent=intent.id,
        amount=intent.amount,
        currency=intent.currency,
        customer=intent.customer,
        description=intent.description,
        metadata=dict(intent.metadata),
        method=method,
    )
    account.charges[charge.id] = charge
    intent.status = Status.SUCCEEDED
    intent.amount_received = intent.amount
    intent.latest_charge = charge.id
    account.record("charge.succeeded", charge.body())
    account.record("payment_intent.succeeded", intent.body())


def _unexpected(intent: Intent, message: str) -> StripeError:
    return StripeError(
        message, code="payment_intent_unexpected_state", payment_intent=intent.body()
    )


def _card_error(intent: Intent, error: JsonObject) -> StripeError:
    return StripeError(
        error["message"],
        code=error["code"],
        status=402,
        kind="card_error",
        decline_code=error["decline_code"],
        payment_method=error["payment_method"],
        payment_intent=intent.body(),
    )

"""Refunds: in parts or whole, never more than was received, and not always with success."""

from standins.stripe.account import Account
from standins.stripe.errors import NotBegun, StripeError, missing, no_such
from standins.stripe.objects import Charge, JsonObject, Refund, RefundStatus
from standins.stripe.parameters import CreateRefund, ListRefunds

FAILURE = "expired_or_canceled_card"


def create(account: Account, wanted: CreateRefund) -> Refund:
    """Give money back; without an amount all that is left. Raises StripeError beyond that."""
    charge = _charge(account, wanted)
    if charge.refundable == 0:
        raise StripeError(
            f"Charge {charge.id} has already been refunded.", code="charge_already_refunded"
        )
    amount = charge.refundable if wanted.amount is None else wanted.amount
    if amount < 1:
        raise NotBegun(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount > charge.refundable:
        raise StripeError(
            f"Refund amount ({amount / 100:.2f} {charge.currency}) is greater than unrefunded "
            f"amount on charge ({charge.refundable / 100:.2f} {charge.currency})",
            param="amount",
        )
    begins = account.refunds_begin
    refund = Refund(charge, amount, wanted.reason, dict(wanted.metadata), status=begins)
    account.refunds[refund.id] = refund
    before = {"amount_refunded": charge.amount_refunded}
    # What is on its way counts already: it cannot be given back a second time.
    charge.amount_refunded += amount
    account.record("charge.refunded", charge.body(), before)
    account.record("refund.created", refund.body())
    return refund


def settle(account: Account, refund: Refund, status: RefundStatus) -> bool:
    """The bank's word; whether it changed anything. A failure gives the amount back to the
    balance, so that it may be refunded again, and is final.
    """
    if refund.status in (status, RefundStatus.FAILED) or status is RefundStatus.PENDING:
        return False
    before: JsonObject = {"status": refund.status.value}
    refund.status = status
    if status is RefundStatus.FAILED:
        refund.failure_reason = FAILURE
        refund.charge.amount_refunded -= refund.amount
        account.record("refund.failed", refund.body())
    account.record("refund.updated", refund.body(), before)
    return True


def find(account: Account, identifier: str) -> Refund:
    """Raises StripeError (404) for an unknown id."""
    if identifier not in account.refunds:
        raise no_such("refund", identifier)
    return account.refunds[identifier]


def listing(account: Account, wanted: ListRefunds) -> JsonObject:
    """One page of refunds, newest first. Raises StripeError (400) for an unknown cursor."""
    found = [
        refund
        for refund in reversed(account.refunds.values())
        if wanted.payment_intent in (None, refund.charge.intent)
        and wanted.charge in (None, refund.charge.id)
    ]
    start = 0
    if wanted.starting_after is not None:
        names = [refund.id for refund in found]
        if wanted.starting_after not in names:
            raise no_such("refund", wanted.starting_after, "starting_after", 400)
        start = names.index(wanted.starting_after) + 1
    page = found[start : start + wanted.limit]
    return {
        "object": "list",
        "data": [refund.body() for refund in page],
        "has_more": start + wanted.limit < len(found),
        "url": "/v1/refunds",
    }


def _charge(account: Account, wanted: CreateRefund) -> Charge:
    if wanted.payment_intent is not None and wanted.charge is not None:
        raise NotBegun(
            "You may only specify one of these parameters: charge, payment_intent.", param="charge"
        )
    if wanted.payment_intent is not None:
        return _charge_of(account, wanted.payment_intent)
    if wanted.charge is None:
        raise missing("payment_intent")
    if wanted.charge not in account.charges:
        raise no_such("charge", wanted.charge, "charge", 400)
    return account.charges[wanted.charge]


def _charge_of(account: Account, identifier: str) -> Charge:
    if identifier not in account.intents:
        raise no_such("payment_intent", identifier, "payment_intent", 400)
    charge = account.intents[identifier].latest_charge
    if charge is None:
        raise StripeError(
            f"This PaymentIntent ({identifier}) does not have a successful charge to refund.",
            code="payment_intent_unexpected_state",
        )
    return account.charges[charge]

"""What Stripe does not offer and tests need: how webhooks travel, what becomes of refunds."""

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict

from standins.callers import Refused, read_body, refusal, require_key
from standins.stripe import refunds
from standins.stripe.account import current_account
from standins.stripe.errors import StripeError
from standins.stripe.objects import RefundStatus
from standins.stripe.webhooks import Mode, Order

blueprint = Blueprint("stripe_switches", __name__, url_prefix="/stripe")
blueprint.register_error_handler(Refused, refusal)


class Switch(BaseModel):
    """The body of a switch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode


class Release(BaseModel):
    """The body of a release."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Order = Order.OLDEST_FIRST


class RefundSwitch(BaseModel):
    """How refunds begin from now on, or what the bank says of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: RefundStatus


@blueprint.before_request
def require_merchant() -> None:
    """Only the holder of the secret key may look or switch."""
    require_key(current_account().config.stripe_secret_key)


@blueprint.get("/webhooks")
def state() -> Response:
    """The mode, the held events and every delivery so far."""
    return jsonify(current_account().webhooks.state())


@blueprint.put("/webhooks/mode")
def switch() -> Response:
    """Change how the following events travel."""
    webhooks = current_account().webhooks
    webhooks.switch(read_body(Switch).mode)
    return jsonify(webhooks.state())


@blueprint.post("/webhooks/release")
def release() -> Response:
    """Send what was held."""
    return jsonify(released=current_account().webhooks.release(read_body(Release).order))


@blueprint.put("/refunds/begin")
def begin_refunds() -> Response:
    """Let the following refunds begin in this state."""
    account = current_account()
    with account.lock:
        account.refunds_begin = read_body(RefundSwitch).status
    return jsonify(status=account.refunds_begin)


@blueprint.post("/refunds/<identifier>/settle")
def settle_refund(identifier: str) -> tuple[Response, int]:
    """The bank says what became of a refund; ``changed`` is false where it had said so before."""
    account, wanted = current_account(), read_body(RefundSwitch).status
    changed: list[bool] = []
    try:
        account.by_payer(
            lambda: changed.append(
                refunds.settle(account, refunds.find(account, identifier), wanted)
            )
        )
    except StripeError as error:
        return jsonify(error.body()), error.status
    return jsonify(changed=changed == [True]), 200

"""What Stripe does not offer and tests need: choosing how webhooks travel."""

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict

from standins.callers import Refused, read_body, refusal, require_key
from standins.stripe.account import current_account
from standins.stripe.webhooks import Mode, Order

blueprint = Blueprint("stripe_switches", __name__, url_prefix="/stripe/webhooks")
blueprint.register_error_handler(Refused, refusal)


class Switch(BaseModel):
    """The body of a switch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode


class Release(BaseModel):
    """The body of a release."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Order = Order.OLDEST_FIRST


@blueprint.before_request
def require_merchant() -> None:
    """Only the holder of the secret key may look or switch."""
    require_key(current_account().config.stripe_secret_key)


@blueprint.get("")
def state() -> Response:
    """The mode, the held events and every delivery so far."""
    return jsonify(current_account().webhooks.state())


@blueprint.put("/mode")
def switch() -> Response:
    """Change how the following events travel."""
    webhooks = current_account().webhooks
    webhooks.switch(read_body(Switch).mode)
    return jsonify(webhooks.state())


@blueprint.post("/release")
def release() -> Response:
    """Send what was held."""
    return jsonify(released=current_account().webhooks.release(read_body(Release).order))

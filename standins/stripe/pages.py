"""The payment page: a hosted cashier where the demo's payer pays, is declined, or turns back."""

import hmac
from decimal import Decimal
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from babel.numbers import format_currency
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from standins.language import language, translate
from standins.stripe import intents
from standins.stripe.account import Account, current_account
from standins.stripe.objects import Intent, Status

blueprint = Blueprint("stripe_pages", __name__, url_prefix="/stripe/pay")

# What the redirect says of each state; as with Stripe, a hint and never a proof of payment.
REDIRECT_STATUS = {Status.SUCCEEDED: "succeeded", Status.PROCESSING: "pending"}


class Choice(StrEnum):
    """The buttons of the page."""

    PAY = "pay"
    DECLINE = "decline"
    CANCEL = "cancel"


@blueprint.get("/<client_secret>")
def cashier(client_secret: str) -> ResponseReturnValue:
    """Show what is to be paid, to whoever knows the client secret."""
    account = current_account()
    with account.lock:
        intent = _known(account, client_secret)
        if intent is None:
            return _unknown_payment()
        back = _return_url(account, intent)
        if back is None:
            return _foreign_return()
        return render_template(
            "standins/cashier.html",
            intent=intent,
            amount=_amount(intent),
            payable=intent.status in intents.PAYABLE,
            paid=intent.status in REDIRECT_STATUS,
            return_url=back,
            back=_with_outcome(back, intent),
        )


@blueprint.post("/<client_secret>")
def choose(client_secret: str) -> ResponseReturnValue:
    """Do what the payer chose and send them back to the merchant."""
    account = current_account()
    chosen = request.form.get("action", "")
    with account.lock:
        intent = _known(account, client_secret)
        if intent is None or chosen not in list(Choice):
            return _unknown_payment()
        back = _return_url(account, intent)
        if back is None:
            return _foreign_return()
    account.by_payer(lambda: _act(account, intent, Choice(chosen)))
    return redirect(_with_outcome(back, intent), 303)


def _act(account: Account, intent: Intent, choice: Choice) -> None:
    if intent.status not in intents.PAYABLE:
        return
    match choice:
        case Choice.PAY:
            intents.collect(account, intent)
        case Choice.DECLINE:
            intents.fail(account, intent, intents.DECLINED)
        case Choice.CANCEL:
            # Turning back at a wallet fails the attempt; only the merchant can cancel an intent.
            intents.fail(account, intent, intents.NOT_AUTHENTICATED)


def _known(account: Account, client_secret: str) -> Intent | None:
    intent = account.intents.get(client_secret.partition("_secret_")[0])
    if intent is None:
        return None
    same = hmac.compare_digest(intent.client_secret.encode(), client_secret.encode())
    return intent if same else None


def _return_url(account: Account, intent: Intent) -> str | None:
    """Where to go back to, if that is at the portal."""
    wanted = request.values.get("return_url") or intent.return_url or ""
    try:
        address, portal = urlsplit(wanted), urlsplit(account.config.portal_url)
        same = (address.scheme, address.netloc) == (portal.scheme, portal.netloc)
    except ValueError:
        return None
    return wanted if same else None


def _with_outcome(return_url: str, intent: Intent) -> str:
    address = urlsplit(return_url)
    query = [
        *parse_qsl(address.query, keep_blank_values=True),
        ("payment_intent", intent.id),
        ("payment_intent_client_secret", intent.client_secret),
        ("redirect_status", REDIRECT_STATUS.get(intent.status, "failed")),
    ]
    return urlunsplit(address._replace(query=urlencode(query)))


def _amount(intent: Intent) -> str:
    locale = "zh_CN" if language() == "zh" else "en_GB"
    value = Decimal(intent.amount) / 100
    return str(format_currency(value, intent.currency.upper(), locale=locale))


def _unknown_payment() -> ResponseReturnValue:
    return (
        render_template(
            "standins/notice.html",
            title=translate("没有找到这笔付款"),
            text=translate("链接可能不完整。请回到订单页，重新点击付款。"),
        ),
        404,
    )


def _foreign_return() -> ResponseReturnValue:
    return (
        render_template(
            "standins/notice.html",
            title=translate("无法确认返回地址"),
            text=translate("付款页只能返回健康门户。没有扣款，请回到订单页，重新点击付款。"),
        ),
        400,
    )

"""The one client of hospitals' systems. Call it outside any transaction.

Whatever comes back is hostile until checked: where it comes from, its size, its time, its words.
"""

import json
from http import HTTPStatus
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appointments.hospital import signing
from appointments.schemas import CallAnswer, CallState, Trouble
from appointments.services.outbound import Answer, Order
from core import clock, outgoing
from core.ids import new_id
from core.outgoing import OutOfReach, Reach, TooLong, in_production

TIMEOUT_SECONDS = 5
# For the whole of an exchange: one that drips keeps within the timeout of each read.
PATIENCE_SECONDS = 10
LARGEST_ANSWER = 16 * 1024
TEST = "test"
log = structlog.get_logger()


class Said(BaseModel):
    """What the hospital answers; more it may say is passed over."""

    model_config = ConfigDict(extra="ignore")

    result: CallAnswer
    number: str = Field(default="", max_length=40)


class Silent(Exception):
    """Nothing that can be read came back."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


def call(order: Order) -> Answer:
    """Make the call: 200 ``done``, 409 ``refused``, 202 for an answer later; anything else is a
    trouble, and the call is made again.
    """
    if not order.enabled:
        return _trouble(order, Trouble.LINK_OFF)
    key = str(order.id)
    try:
        status, body = _post(order.base_url, order.call, order.secret, key, order.body)
        return _answer(status, body)
    except Silent as silent:
        return _trouble(order, silent.trouble)


def test(base_url: str, secret: str) -> Trouble | None:
    """Ask the hospital whether it hears us and knows the secret; None where it does."""
    try:
        status, body = _post(base_url, TEST, secret, str(new_id()), {})
        answer = _answer(status, body)
    except Silent as silent:
        return silent.trouble
    return None if answer.state is CallState.DONE else Trouble.UNREADABLE


def _answer(status: int, body: bytes) -> Answer:
    if status == HTTPStatus.ACCEPTED:
        return Answer(CallState.WAITING)
    if status not in (HTTPStatus.OK, HTTPStatus.CONFLICT):
        raise Silent(Trouble.FAILED)
    try:
        said = Said.model_validate_json(body)
    except ValidationError:
        raise Silent(Trouble.UNREADABLE) from None
    # A word and a status that contradict each other are no answer.
    if (status == HTTPStatus.OK) is not (said.result is CallAnswer.DONE):
        raise Silent(Trouble.UNREADABLE)
    return Answer(CallState(said.result.value), said.number)


def _trouble(order: Order, trouble: Trouble) -> Answer:
    log.warning("hospital.unanswered", call=str(order.id), attempt=order.attempt, why=trouble.value)
    return Answer(CallState.WAITING, trouble=trouble)


def _post(
    base_url: str, path: str, secret: str, message_id: str, body: dict[str, Any]
) -> tuple[int, bytes]:
    """Status and body of an answer. Raises Silent."""
    # A name that was public when it was registered may lead elsewhere now.
    reach = in_production(Reach.OPEN)
    payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Idempotency-Key": f"{body.get('booking_id', message_id)}:{path}",
        **signing.headers(secret, message_id, clock.now(), payload),
    }
    try:
        return outgoing.ask(
            "POST",
            f"{base_url.rstrip('/')}/{path}",
            reach,
            patience=PATIENCE_SECONDS,
            timeout=TIMEOUT_SECONDS,
            largest=LARGEST_ANSWER,
            data=payload,
            headers=headers,
        )
    except OutOfReach:
        raise Silent(Trouble.BAD_ADDRESS) from None
    except TooLong:
        raise Silent(Trouble.UNREADABLE) from None
    except outgoing.Silent:
        raise Silent(Trouble.SILENT) from None

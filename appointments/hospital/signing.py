"""Signed messages in the manner of Standard Webhooks: HMAC-SHA-256 over id, time and body."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.errors import Denied
from core.messages import N_

PREFIX = "whsec_"
SECRET_BYTES = 32
# How far the clocks of both sides may be apart; older messages are replays.
TOLERANCE = timedelta(minutes=5)
LONGEST_ID = 100
ID, TIME, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def make_secret() -> str:
    """A new secret, in the form in which both sides keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(secret: str, message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """What a message carries beside its body."""
    seconds = str(int(moment.timestamp()))
    return {
        ID: message_id,
        TIME: seconds,
        SIGNATURE: "v1," + _digest(secret, message_id, seconds, body),
    }


def verify(secret: str, given: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raises Denied ``bad_signature`` for a message that is forged, changed, or not of now."""
    message_id, seconds = given.get(ID, ""), given.get(TIME, "")
    if not message_id or len(message_id) > LONGEST_ID or not _is_of_now(seconds, now):
        raise _bad_signature()
    expected = _digest(secret, message_id, seconds, body)
    offered = [
        signature
        for version, _, signature in (
            each.partition(",") for each in given.get(SIGNATURE, "").split(" ")
        )
        if version == "v1"
    ]
    # Several where the other side changes its secret.
    if not any(hmac.compare_digest(each.encode(), expected.encode()) for each in offered):
        raise _bad_signature()


def _is_of_now(seconds: str, now: datetime) -> bool:
    if not seconds.isascii() or not seconds.isdigit():
        return False
    return abs(now.timestamp() - int(seconds)) <= TOLERANCE.total_seconds()


def _digest(secret: str, message_id: str, seconds: str, body: bytes) -> str:
    signed = b".".join((message_id.encode(), seconds.encode(), body))
    return base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def _bad_signature() -> Denied:
    return Denied("bad_signature", N_("签名不对，或消息已过时。请核对密钥和服务器时间。"))

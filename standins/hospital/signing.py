"""Standard Webhooks 1.0, read by the hospital itself: the portal's mistakes must not be its own."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping


def sign(secret: str, message_id: str, body: bytes, moment: int | None = None) -> dict[str, str]:
    """The three headers of a message."""
    seconds = int(time.time()) if moment is None else moment
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{_mac(secret, message_id, str(seconds), body)}",
    }


def genuine(secret: str, headers: Mapping[str, str], body: bytes, tolerance: float) -> bool:
    """Whether the portal signed this, so many seconds ago at most."""
    seconds = headers.get("webhook-timestamp", "")
    if not seconds.isdigit() or abs(time.time() - int(seconds)) > tolerance:
        return False
    expected = _mac(secret, headers.get("webhook-id", ""), seconds, body)
    return hmac.compare_digest(headers.get("webhook-signature", ""), f"v1,{expected}")


def _mac(secret: str, message_id: str, seconds: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()

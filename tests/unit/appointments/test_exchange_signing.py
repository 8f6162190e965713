"""Signed messages: what is signed, and what is not taken."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from appointments.hospital.signing import headers, make_secret, verify
from core.errors import Denied

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
BODY = b'{"call":"lock"}'
# The example of the Standard Webhooks specification.
KNOWN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_signature_of_the_specification() -> None:
    body = b'{"test": 2432232314}'
    moment = datetime.fromtimestamp(1614265330, UTC)
    given = headers(KNOWN, "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, body)
    assert given["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_both_sides_agree() -> None:
    secret = make_secret()
    given = headers(secret, "m1", NOW, BODY)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b"m1." + given["webhook-timestamp"].encode() + b"." + BODY
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert given["webhook-signature"] == f"v1,{expected}"
    verify(secret, given, BODY, NOW)
    verify(secret, given, BODY, NOW + timedelta(minutes=5))
    changed = {**given, "webhook-signature": "v1,xxxx " + given["webhook-signature"]}
    verify(secret, changed, BODY, NOW)


@pytest.mark.parametrize(
    ("change", "body", "minutes"),
    [
        ({}, b"{}", 0),
        ({"webhook-id": "m2"}, BODY, 0),
        ({"webhook-id": ""}, BODY, 0),
        ({"webhook-id": "m" * 101}, BODY, 0),
        ({"webhook-timestamp": "1"}, BODY, 0),
        ({"webhook-timestamp": "soon"}, BODY, 0),
        ({"webhook-timestamp": "\u0661\u0662"}, BODY, 0),
        ({"webhook-signature": ""}, BODY, 0),
        ({"webhook-signature": "v2,"}, BODY, 0),
        ({"webhook-signature": "v1,\u4e2d"}, BODY, 0),
        ({}, BODY, 6),
        ({}, BODY, -6),
    ],
)
def test_what_is_not_taken(change: dict[str, str], body: bytes, minutes: int) -> None:
    given = headers(KNOWN, "m1", NOW, BODY) | change
    with pytest.raises(Denied) as refused:
        verify(KNOWN, given, body, NOW + timedelta(minutes=minutes))
    assert refused.value.code == "bad_signature"
    other = headers(make_secret(), "m1", NOW, BODY)
    with pytest.raises(Denied):
        verify(KNOWN, other, BODY, NOW)

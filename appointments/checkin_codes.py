"""The code by which a booking is checked in: its id and a seal, nothing of the person.

Capital letters and digits only, which a scanner types alike on every keyboard and which a QR code
holds most closely.
"""

import hmac
from base64 import b32decode, b32encode
from uuid import UUID

from core.crypto import blind_index
from core.errors import Invalid
from core.messages import N_

PREFIX = "KQ"
SEAL_BYTES = 10
# Of the id and the seal together, which base32 writes without padding up to this length.
_LENGTH = 42
_PADDING = "=" * (-_LENGTH % 8)


def make_code(booking_id: UUID) -> str:
    """The code of a booking, always the same."""
    return PREFIX + b32encode(booking_id.bytes + _seal(booking_id)).decode().rstrip("=")


def read_code(text: str) -> UUID:
    """Whose code it is; spaces and small letters are forgiven. Raises Invalid ``bad_code``."""
    body = "".join(text.split()).upper().removeprefix(PREFIX)
    try:
        sealed = b32decode(body + _PADDING)
        booking_id = UUID(bytes=sealed[:16])
    except ValueError:
        raise _bad() from None
    if not hmac.compare_digest(sealed[16:], _seal(booking_id)):
        raise _bad()
    return booking_id


def _seal(booking_id: UUID) -> bytes:
    return blind_index(str(booking_id), "check-in-code")[:SEAL_BYTES]


def _bad() -> Invalid:
    return Invalid("bad_code", N_("这不是本平台的报到码。请核对后再扫，或按姓名在名单里报到。"))

"""The code that a patient shows to check in: which booking, and our mark that we made it. Pure.

Nothing of the person is in it. Whoever reads one still asks what became of the booking.
"""

import hmac
from base64 import b32decode, b32encode
from binascii import Error
from io import BytesIO
from uuid import UUID

import segno

from core.crypto import blind_index

# Letters of a QR code's dense alphabet; the digit is for a later form of code.
PREFIX = "KQ1"
ID_BYTES, MARK_BYTES = 16, 14


def make_code(booking_id: UUID) -> str:
    """The code of a booking: always the same one, 51 capital letters and digits."""
    return PREFIX + b32encode(booking_id.bytes + _mark(booking_id.bytes)).decode().rstrip("=")


def read_code(text: str) -> UUID | None:
    """The booking whose code this is; None for anything that we did not make. Spaces and small
    letters are forgiven.
    """
    code = "".join(text.split()).upper()
    if not code.startswith(PREFIX) or not code.isascii():
        return None
    body = code.removeprefix(PREFIX)
    try:
        sealed = b32decode(body + "=" * (-len(body) % 8))
    except Error:
        return None
    booking, mark = sealed[:ID_BYTES], sealed[ID_BYTES:]
    return UUID(bytes=booking) if hmac.compare_digest(mark, _mark(booking)) else None


def picture(code: str) -> bytes:
    """The code as a QR code, an SVG document."""
    out = BytesIO()
    segno.make(code, error="m").save(out, kind="svg", scale=5, border=2, dark="#000", light="#fff")
    return out.getvalue()


def _mark(booking: bytes) -> bytes:
    return blind_index(booking.hex(), "check-in")[:MARK_BYTES]

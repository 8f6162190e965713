"""The code that a patient brings to the desk, as a picture and for typing."""

from uuid import UUID

import segno

from appointments.checkin_codes import make_code

GROUP = 4


def code_picture(booking_id: UUID) -> str:
    """The code as a QR picture, for an image whose address holds it whole."""
    return segno.make(make_code(booking_id), error="m").svg_data_uri(scale=5, border=2)


def spaced_code(booking_id: UUID) -> str:
    """The code in groups, for typing."""
    code = make_code(booking_id)
    return " ".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))

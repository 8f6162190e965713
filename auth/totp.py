"""Codes of authenticator applications (RFC 6238): pure, except for the secret's chance."""

import hmac
from datetime import datetime
from io import BytesIO

import pyotp
import segno

STEP_SECONDS = 30
# A code is taken one step early or late: clocks differ, and people type slowly (RFC 6238, 5.2).
WINDOW = 1


def make_secret() -> str:
    """A new secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def address(secret: str, issuer: str, name: str) -> str:
    """The otpauth address that an application reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def picture(address: str) -> bytes:
    """The address as a QR code, an SVG document."""
    out = BytesIO()
    code = segno.make(address, error="m")
    code.save(out, kind="svg", scale=5, border=2, dark="#000", light="#fff")
    return out.getvalue()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step near ``now`` whose code this is, else None."""
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP_SECONDS
    fitting = [
        step
        for step in range(current - WINDOW, current + WINDOW + 1)
        if hmac.compare_digest(totp.generate_otp(step), code)
    ]
    return max(fitting, default=None)


def spelled(secret: str) -> str:
    """The secret in groups of four, to be typed where no picture can be read."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))

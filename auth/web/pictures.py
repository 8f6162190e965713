"""The QR code of an authenticator application's secret, an image of our own origin."""

from urllib.parse import urlsplit

from flask import Response

from auth import totp
from auth.schemas import TotpSecret
from core.settings import settings


def issuer() -> str:
    """What the application calls us."""
    return urlsplit(settings().public_url).hostname or ""


def picture(secret: TotpSecret) -> Response:
    """The secret's address as SVG."""
    return Response(totp.picture(secret.address), mimetype="image/svg+xml")

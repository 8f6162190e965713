"""The words of a link that leads to a team: a doctor's card, an invitation, a share. Pure.

A link holds the kind and number of what was issued and our mark that we issued it, nothing of any
person. Whether it still holds (expired, revoked, refused) is for whoever keeps the thing to say.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from core.crypto import blind_index

ID_BYTES, MARK_BYTES = 16, 16
# Kind, number and mark, without padding.
LENGTH = 1 + 43


class LinkKind(StrEnum):
    """What a link was issued for; the letter that it begins with."""

    CARD = "c"
    INVITATION = "i"
    SHARE = "s"


class Link(NamedTuple):
    """What a link that we issued stands for."""

    kind: LinkKind
    id: UUID


def make_link(kind: LinkKind, issued_id: UUID) -> str:
    """The word of a thing that was issued: always the same one, 44 letters, digits, - and _."""
    sealed = issued_id.bytes + _mark(kind, issued_id)
    return kind + urlsafe_b64encode(sealed).decode().rstrip("=")


def read_link(text: str) -> Link | None:
    """What the word stands for; None for anything that we did not make, letter by letter."""
    if len(text) != LENGTH or not text.isascii() or text[0] not in set(LinkKind):
        return None
    try:
        sealed = urlsafe_b64decode(text[1:] + "=")
    except (binascii.Error, ValueError):
        return None
    kind, issued_id = LinkKind(text[0]), UUID(bytes=sealed[:ID_BYTES])
    return Link(kind, issued_id) if hmac.compare_digest(make_link(kind, issued_id), text) else None


def _mark(kind: LinkKind, issued_id: UUID) -> bytes:
    return blind_index(f"{kind}{issued_id.hex}", "family-doctor link")[:MARK_BYTES]

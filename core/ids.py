"""Identifiers: UUID version 7 (RFC 9562), so that keys sort by the time they were made."""

import secrets
from uuid import UUID

from core import clock


def new_id() -> UUID:
    """A new UUIDv7."""
    milliseconds = int(clock.now().timestamp() * 1000)
    value = (milliseconds << 80) | secrets.randbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)

"""Rows as the log spells them: what is hashed of an event, and what is signed of a head."""

from datetime import UTC, datetime
from typing import Any

from audit.models import Head
from audit.verifier import VERSION, Statement, canonical


def event_record(event: Any) -> dict[str, object]:
    """An event as it is hashed; ``event`` is a row of the audit. Raise ``version`` with any change
    here: what was logged before must still come out as it was. Version 1 did not say whether an
    action was looked at or done.
    """
    told = {"version": 1} if event.looked is None else {"version": 2, "looked": event.looked}
    return told | {
        "id": str(event.id),
        "at": moment(event.at),
        "account_id": _id(event.account_id),
        "acting_for": _id(event.acting_for),
        "action": event.action,
        "resource_type": event.resource_type,
        "resource_id": event.resource_id,
        "person_id": _id(event.person_id),
        "outcome": event.outcome,
        "policies": list(event.policies),
        "channel": event.channel,
        "address": event.address,
        "request_id": event.request_id,
    }


def head_statement(head: Head) -> Statement:
    """What is signed of a head."""
    return {
        "version": VERSION,
        "number": head.number,
        "size": head.size,
        "root": head.root.hex(),
        "time": moment(head.at),
        "previous": head.previous.hex() if head.previous else None,
        "kid": head.kid,
    }


def head_line(head: Head) -> bytes:
    """A head as exports and copies hold it, with its newline."""
    line = {"head": head_statement(head), "signature": head.signature.hex()}
    return canonical(line) + b"\n"


def moment(value: datetime) -> str:
    """2026-11-26T08:30:00.000000Z."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _id(value: object) -> str | None:
    return None if value is None else str(value)

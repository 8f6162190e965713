"""A visit as a calendar file (RFC 5545). Pure: the words come in the reader's language."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

# Octets of a line, without its end (RFC 5545, 3.1).
LINE = 75
STAMP = "%Y%m%dT%H%M%SZ"
# When the calendar itself reminds: as the portal does.
ALARMS = (timedelta(days=1), timedelta(hours=2))


class Visit(NamedTuple):
    """What the calendar shows; ``until`` ends the slot, ``changed_at`` is when it was booked."""

    id: UUID
    starts_at: datetime
    until: datetime
    changed_at: datetime
    summary: str
    place: str
    text: str


def calendar(visit: Visit) -> bytes:
    """The file. Times are UTC, which every calendar shows in its own zone, so no table of zones is
    needed; a visit saved again replaces itself by its UID.
    """
    return "".join(f"{line}\r\n" for each in _lines(visit) for line in folded(each)).encode()


def escaped(text: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,")):
        text = text.replace(plain, written)
    return "\\n".join(text.splitlines())


def folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 octets, each after the first begun by a space; no character
    is cut.
    """
    piece, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > LINE:
            yield piece
            piece, size = " ", 1
        piece += letter
        size += width
    yield piece


def _lines(visit: Visit) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Kangqiao//Appointments//ZH")
    yield from ("CALSCALE:GREGORIAN", "METHOD:PUBLISH", "BEGIN:VEVENT")
    yield f"UID:{visit.id}"
    yield f"DTSTAMP:{_stamp(visit.changed_at)}"
    yield f"DTSTART:{_stamp(visit.starts_at)}"
    yield f"DTEND:{_stamp(visit.until)}"
    yield f"SUMMARY:{escaped(visit.summary)}"
    yield f"LOCATION:{escaped(visit.place)}"
    yield f"DESCRIPTION:{escaped(visit.text)}"
    yield "STATUS:CONFIRMED"
    for before in ALARMS:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{escaped(visit.summary)}")
        yield f"TRIGGER:-PT{int(before.total_seconds()) // 3600}H"
        yield "END:VALARM"
    yield from ("END:VEVENT", "END:VCALENDAR")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(STAMP)

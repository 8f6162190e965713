"""What is done to events, leaves, heads or copies behind the portal is found and named."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit.copies import COUNT, FileCopies
from audit.queries.log import copied
from audit.queries.verification import SEALED_WITHIN, verify_log
from audit.services.log import refill, seal
from core import clock
from tests.factories.audit import Copies, note_event, note_events

EVENT_OF = "id = (SELECT event_id FROM audit_leaf WHERE seq = {})"
# What is done, and what has to be said about it.
TAMPERINGS = {
    "an event is edited": (
        "UPDATE core_audit_event SET outcome = 'denied' WHERE " + EVENT_OF.format(3),
        ["leaf 3: event", "is not as it was logged"],
    ),
    "an event is moved in time": (
        "UPDATE core_audit_event SET at = at - interval '1 day' WHERE " + EVENT_OF.format(4),
        ["leaf 4: event", "deleted or moved"],
    ),
    "an event is deleted": (
        "DELETE FROM core_audit_event WHERE " + EVENT_OF.format(5),
        ["leaf 5: event", "was deleted"],
    ),
    "an event is edited and its leaf to match": (
        "WITH edited AS (UPDATE core_audit_event SET address = '' WHERE "
        + EVENT_OF.format(2)
        + ") UPDATE audit_leaf SET hash = sha256('x') WHERE seq = 2",
        ["head 1: leaves 0 to 2 are not what it signed"],
    ),
    "an event and its leaf are deleted": (
        "WITH gone AS (DELETE FROM core_audit_event WHERE "
        + EVENT_OF.format(1)
        + ") DELETE FROM audit_leaf WHERE seq = 1",
        ["leaves 1 to 1: missing", "head 1: leaves 0 to 2 are not what it signed"],
    ),
    "a leaf alone is deleted": (
        "DELETE FROM audit_leaf WHERE seq = 6",
        ["leaves 6 to 6: missing", "or its leaf was removed"],
    ),
    "leaves are reordered": (
        "UPDATE audit_leaf SET hash = CASE seq WHEN 3 THEN other.four ELSE other.three END"
        " FROM (SELECT (SELECT hash FROM audit_leaf WHERE seq = 3) AS three,"
        " (SELECT hash FROM audit_leaf WHERE seq = 4) AS four) AS other WHERE seq IN (3, 4)",
        ["leaf 3: event", "leaf 4: event", "head 2: leaves 3 to 5 are not what it signed"],
    ),
    "the end of the log is cut off": (
        "WITH heads AS (DELETE FROM audit_head WHERE number > 2),"
        " leaves AS (DELETE FROM audit_leaf WHERE seq > 5)"
        " DELETE FROM core_audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE seq > 5)",
        ["head 3: copied, but no longer in the database"],
    ),
    "the last heads are cut off": (
        "DELETE FROM audit_head WHERE number > 2",
        ["head 3: copied, but no longer in the database", "1 leaves stand behind the last head"],
    ),
    "the last leaves are cut off": (
        "DELETE FROM audit_leaf WHERE seq > 5",
        ["leaves 6 to 6: missing", "head 3: leaves 6 to 6 are not what it signed"],
    ),
    "a head in the middle is deleted": (
        "DELETE FROM audit_head WHERE number = 2",
        ["heads 2 to 2: missing", "head 2: copied, but no longer in the database"],
    ),
    "a head's root is edited": (
        "UPDATE audit_head SET root = sha256('x') WHERE number = 2",
        ["head 2: its signature does not hold", "head 2: its frontier", "head 2: not as it was"],
    ),
    "a head's size is edited": (
        "UPDATE audit_head SET size = 99 WHERE number = 2",
        ["head 2: its signature does not hold"],
    ),
    "a head's time is edited": (
        "UPDATE audit_head SET at = at + interval '1 second' WHERE number = 3",
        ["head 3: its signature does not hold", "head 3: not as it was copied"],
    ),
    "a frontier is edited": (
        "UPDATE audit_head SET frontier = sha256('x') WHERE number = 3",
        ["head 3: its frontier does not give its root"],
    ),
    "the keys are exchanged": (
        "UPDATE audit_key SET public_key = ''",
        ["head 1: its signature does not hold", "copy 1: not a head as it was signed"],
    ),
    "an event is deleted while it waits": (
        "DELETE FROM core_audit_event WHERE id = (SELECT event_id FROM core_audit_unsequenced)",
        ["deleted before it came into the log"],
    ),
}


@pytest.fixture
def log(session: Session) -> Copies:
    """Seven events under three heads, and one that waits."""
    copies = Copies()
    note_events(7)
    seal(copies, batch=3)
    note_event()
    return copies


def findings(session: Session, copies: Copies) -> list[str]:
    return verify_log(session, copies.lines()).findings


def test_an_untouched_log_is_verified(session: Session, log: Copies) -> None:
    assert findings(session, log) == []


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_named(session: Session, log: Copies, name: str) -> None:
    statement, said = TAMPERINGS[name]
    session.execute(text(statement))
    found = findings(session, log)
    for part in said:
        assert any(part in finding for finding in found), found


COPY_TAMPERINGS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "edited": (
        lambda kept: [kept[0].replace(b'"size":3', b'"size":4'), *kept[1:]],
        "copy 1: not a head as it was signed",
    ),
    "broken": (lambda kept: [*kept, b"{\n"], "copy 4: not a head as it was signed"),
    "deleted": (lambda kept: [kept[0], kept[2]], "head 2: not in the second place"),
    "cut off": (lambda kept: kept[:-1], "head 3: not in the second place"),
}


@pytest.mark.parametrize("name", COPY_TAMPERINGS)
def test_tampering_with_the_copies_is_found(session: Session, log: Copies, name: str) -> None:
    tamper, said = COPY_TAMPERINGS[name]
    log.kept = tamper(log.kept)
    with clock.shifted(SEALED_WITHIN / 2):
        assert said in findings(session, log)


def test_a_head_signed_anew_with_the_stolen_key_differs_from_its_copy(
    session: Session, log: Copies
) -> None:
    """Who has the database and the key can sign another past, but not change what was copied."""
    session.execute(text("DELETE FROM audit_head WHERE number = 3"))
    session.execute(text("DELETE FROM audit_leaf WHERE seq = 6"))
    session.execute(text("DELETE FROM core_audit_unsequenced"))
    session.commit()
    forged = Copies()
    forged.kept = log.kept[:2]
    seal(forged)
    assert "head 3: not as it was copied" in findings(session, log)


def test_a_worker_that_stands_still_is_noticed(session: Session, log: Copies) -> None:
    with clock.shifted(SEALED_WITHIN + timedelta(minutes=1)):
        assert "1 events wait for the log too long: does the worker run?" in findings(session, log)


def told(session: Session, place: FileCopies) -> list[str]:
    """What `audit verify` says at once, without waiting for a copy to be overdue."""
    once = max(copied(session), place.highest())
    findings = verify_log(session, list(place.lines()), once).findings
    session.commit()
    return findings


def cut_the_last_head(session: Session, place: Path) -> None:
    """From the database with its leaves and events, and its line from the copy."""
    last = "(SELECT max(number) FROM audit_head)"
    leaves = f"seq >= (SELECT size FROM audit_head WHERE number = {last} - 1)"
    events = f"(SELECT event_id FROM audit_leaf WHERE {leaves})"
    session.execute(text(f"DELETE FROM core_audit_event WHERE id IN {events}"))
    session.execute(text(f"DELETE FROM audit_leaf WHERE {leaves}"))
    session.execute(text(f"DELETE FROM audit_head WHERE number = {last}"))
    session.commit()
    (file,) = place.glob("heads-*")
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def test_a_second_place_that_is_gone_is_not_made_anew_in_silence(
    session: Session, tmp_path: Path
) -> None:
    place = FileCopies(tmp_path)
    for _ in range(3):
        note_event()
        seal(place)
    assert told(session, place) == []
    for file in tmp_path.iterdir():
        file.unlink()
    seal(place)
    lost = [f"head {number}: not in the second place" for number in (1, 2, 3)]
    assert told(session, place) == lost
    assert refill(place) == 3
    assert told(session, place) == []


@pytest.mark.parametrize("forgets", ["nothing", "the database", "the second place"])
def test_what_is_cut_off_at_both_places_is_found(
    session: Session, tmp_path: Path, forgets: str
) -> None:
    place = FileCopies(tmp_path)
    for _ in range(2):
        note_event()
        seal(place)
    cut_the_last_head(session, tmp_path)
    if forgets == "the database":
        session.execute(text("DELETE FROM audit_copied"))
        session.commit()
    if forgets == "the second place":
        (tmp_path / COUNT).unlink()
    assert told(session, place) == ["heads 2 to 2: copied once, but gone from the database"]
    note_event()
    seal(place)
    assert told(session, place) == ["head 2: not in the second place"]

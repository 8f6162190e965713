"""The one appender: every committed event gets its place, whenever it was committed."""

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from audit.copies import FileCopies
from audit.models import Head, Key, Leaf
from audit.queries.verification import Verification, verify_log
from audit.services.keys import rotate_key
from audit.services.log import APPENDER, seal
from core import audit, clock
from core.database import transaction
from core.models import AuditEvent, UnsequencedEvent
from core.partitions import make_partitions, make_partitions_ahead
from tests.factories.audit import Copies, note_event, note_events


def checked(session: Session, copies: Copies) -> Verification:
    return verify_log(session, copies.lines())


def test_events_get_their_places_in_batches_and_a_head_each(session: Session) -> None:
    copies = Copies()
    note_events(7)
    assert seal(copies, batch=3) == 7
    assert session.scalars(select(Leaf.seq).order_by(Leaf.seq)).all() == list(range(7))
    heads = session.scalars(select(Head).order_by(Head.number)).all()
    assert [(head.number, head.size) for head in heads] == [(1, 3), (2, 6), (3, 7)]
    assert session.scalar(select(func.count()).select_from(UnsequencedEvent)) == 0
    assert len(copies.kept) == 3
    assert checked(session, copies) == Verification(leaves=7, heads=3, copies=3)


def test_a_minute_without_events_is_signed_too(session: Session) -> None:
    copies = Copies()
    note_events(2)
    seal(copies)
    assert seal(copies) == 0
    sizes = session.scalars(select(Head.size).order_by(Head.number)).all()
    assert sizes == [2, 2]
    assert checked(session, copies).findings == []


def test_an_event_that_commits_late_still_gets_its_place(committed_database: Engine) -> None:
    copies = Copies()
    row = audit.row(None, "auth:sign-in", "Account", "late")
    with transaction() as slow:
        audit.note(slow, row)
        audit.write_pending(slow)
        note_event()
        assert seal(copies) == 1
    assert seal(copies) == 1
    with transaction() as session:
        query = (
            select(AuditEvent.resource_id)
            .join(Leaf, Leaf.event_id == AuditEvent.id)
            .order_by(Leaf.seq.desc())
        )
        assert session.scalars(query).first() == "late"
        assert checked(session, copies).findings == []


def test_of_several_appenders_one_appends(committed_database: Engine) -> None:
    copies = Copies()
    note_events(40)
    appenders = [Thread(target=seal, args=(copies, 5)) for _ in range(4)]
    for thread in appenders:
        thread.start()
    for thread in appenders:
        thread.join()
    seal(copies)
    with transaction() as session:
        result = checked(session, copies)
    assert (result.leaves, result.findings) == (40, [])


def test_while_another_process_appends_nothing_is_done(committed_database: Engine) -> None:
    note_events(1)
    with committed_database.connect() as other:
        other.execute(text(f"SELECT pg_advisory_xact_lock({APPENDER})"))
        assert seal(Copies()) == 0
    assert seal(Copies()) == 1


def test_a_rotated_key_signs_from_then_on_and_the_old_one_cannot(session: Session) -> None:
    copies = Copies()
    note_events(1)
    seal(copies)
    with transaction() as work:
        rotate_key(work)
    note_events(1)
    seal(copies)
    kids = session.scalars(select(Head.kid).order_by(Head.number)).all()
    assert len(set(kids)) == 2
    retired = session.scalars(select(Key).where(Key.retired_at.is_not(None))).one()
    assert (retired.kid, retired.private_key) == (kids[0], None)
    assert checked(session, copies).findings == []


def test_the_private_key_is_not_readable_in_the_database(session: Session) -> None:
    seal(Copies())
    key = session.scalars(select(Key)).one()
    stored = session.execute(text("SELECT private_key FROM audit_key")).scalar_one()
    assert bytes.fromhex(key.private_key or "") not in bytes(stored)


def test_copies_are_lines_that_are_only_added(session: Session, tmp_path: Path) -> None:
    copies = FileCopies(tmp_path / "heads")
    assert copies.last_number() == 0
    note_events(2)
    seal(copies, batch=1)
    with clock.shifted(timedelta(days=40)):
        seal(copies)
    assert len(list((tmp_path / "heads").glob("heads-*"))) == 2
    assert copies.last_number() == 4
    assert verify_log(session, copies.lines()).findings == []


def test_a_line_torn_by_a_crash_is_written_again(session: Session, tmp_path: Path) -> None:
    copies = FileCopies(tmp_path)
    seal(copies)
    (file,) = tmp_path.glob("heads-*")
    with file.open("ab") as torn:
        torn.write(file.read_bytes()[:-30])
    assert copies.last_number() == 1
    seal(copies)
    assert copies.last_number() == 2
    assert verify_log(session, copies.lines()).findings == ["copy 2: not a head as it was signed"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO core_audit_event SELECT gen_random_uuid(), now(),"
        " NULL, NULL, 'a', 'b', 'c', NULL, 'allowed', '{}', '', '', ''"
    ],
)
def test_an_event_past_the_audit_is_found(session: Session, statement: str) -> None:
    copies = Copies()
    note_events(2)
    seal(copies)
    session.execute(text(statement))
    (finding,) = checked(session, copies).findings
    assert "never came through the audit" in finding


def test_months_are_made_ahead_across_the_year(session: Session) -> None:
    make_partitions_ahead()
    make_partitions(session, clock.now().date().replace(year=2040, month=11, day=30), 3)
    names = "SELECT relname FROM pg_class WHERE relname ~ '^core_audit_event_20(40|41)[0-9]{2}$'"
    made = session.scalars(text(f"{names} ORDER BY 1")).all()
    assert made == [f"core_audit_event_{month}" for month in (204011, 204012, 204101, 204102)]

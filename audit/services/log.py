"""The one appender of the log: gives committed events their places, and signs the head over them.

What is written with one transaction is a batch of leaves and its head, so that a crash leaves
either both or none, and the next batch goes on from the newest head.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.orm import Session

from audit.copies import HeadCopies
from audit.models import Head, Leaf
from audit.records import event_record, head_line, head_statement
from audit.services.keys import signing_key
from audit.verifier import canonical, digest, signed_text
from core import clock
from core.database import committing_each, transaction
from core.merkle import Frontier, leaf_hash
from core.models import AuditEvent, UnsequencedEvent

BATCH = 2000
# Any number that no other advisory lock of the database has.
APPENDER = 0x61756469
EVENT = AuditEvent.__table__


def seal(copies: HeadCopies, batch: int = BATCH) -> int:
    """Take all events that wait into the log, sign a head, copy what was not copied yet.

    Returns how many events were taken; 0 where another process is at it.
    """
    with _alone() as alone:
        if not alone:
            return 0
        taken = 0
        while True:
            with transaction() as session:
                count = _append(session, batch)
            taken += count
            if count < batch:
                break
        _copy(copies)
        return taken


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this process is the only appender while the block runs."""
    with committing_each() as session:
        mine = bool(session.scalar(select(func.pg_try_advisory_lock(APPENDER))))
        try:
            yield mine
        finally:
            if mine:
                session.scalar(select(func.pg_advisory_unlock(APPENDER)))


def _append(session: Session, batch: int) -> int:
    """One batch and its head; without events the head alone says that nothing was lost since."""
    events = _waiting(session, batch)
    before = session.scalar(select(Head).order_by(Head.number.desc()).limit(1))
    tree = Frontier.unpack(before.size, before.frontier) if before else Frontier()
    leaves = []
    for event in events:
        hashed = leaf_hash(canonical(event_record(event)))
        leaves.append({"seq": tree.size, "event_id": event.id, "at": event.at, "hash": hashed})
        tree.append(hashed)
    if leaves:
        session.execute(insert(Leaf), leaves)
        taken = [event.id for event in events]
        session.execute(delete(UnsequencedEvent).where(UnsequencedEvent.event_id.in_(taken)))
    session.add(_signed_head(session, before, tree))
    return len(leaves)


def _waiting(session: Session, batch: int) -> list[Row[Any]]:
    """The oldest events that wait. One whose event is gone goes on waiting, for the verification
    to find it.
    """
    query = (
        select(EVENT)
        .join(
            UnsequencedEvent,
            (UnsequencedEvent.event_id == EVENT.c.id) & (UnsequencedEvent.at == EVENT.c.at),
        )
        .order_by(UnsequencedEvent.event_id)
        .limit(batch)
    )
    return list(session.execute(query))


def _signed_head(session: Session, before: Head | None, tree: Frontier) -> Head:
    kid, private = signing_key(session)
    head = Head(
        number=before.number + 1 if before else 1,
        size=tree.size,
        root=tree.root(),
        frontier=tree.packed(),
        at=clock.now(),
        previous=digest(head_statement(before)) if before else None,
        kid=kid,
    )
    head.signature = private.sign(signed_text("head", head_statement(head)))
    return head


def _copy(copies: HeadCopies) -> None:
    """Outside any transaction: the second place may be slow, or away."""
    last = copies.last_number()
    while lines := _lines_after(last):
        copies.add(lines)
        last += len(lines)


def _lines_after(number: int) -> list[bytes]:
    with transaction() as session:
        query = select(Head).where(Head.number > number).order_by(Head.number).limit(BATCH)
        return [head_line(head) for head in session.scalars(query)]

"""The one appender of the log: gives committed events their places, and signs the head over them.

What is written with one transaction is a batch of leaves and its head, so that a crash leaves
either both or none, and the next batch goes on from the newest head.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.orm import Session

from audit.copies import HeadCopies
from audit.models import Copied, Head, Leaf
from audit.queries.log import copied
from audit.records import event_record, head_line, head_statement
from audit.services.keys import signing_key
from audit.verifier import canonical, digest, signed_text
from core import clock
from core.database import committing_each, transaction
from core.merkle import Frontier, leaf_hash
from core.models import AuditEvent, UnsequencedEvent

log = structlog.get_logger()
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


def refill(copies: HeadCopies) -> int:
    """Copy anew what the second place lost; for operators who have seen why. Returns how many."""
    kept = {int(json.loads(line)["head"]["number"]) for line in copies.lines() if _is_whole(line)}
    number = filled = 0
    while heads := _heads_after(number):
        number = heads[-1][0]
        if lost := [line for each, line in heads if each not in kept]:
            copies.add(lost)
            filled += len(lost)
    _say_copied(number)
    return filled


def _copy(copies: HeadCopies) -> None:
    """Outside any transaction: the second place may be slow, or away. What it had once and has no
    longer is told, never made good in silence.
    """
    last = copies.last_number()
    with transaction() as session:
        once = max(copied(session), copies.highest())
    if last < once:
        log.error("audit.copies.lost", last=last, once=once)
    last = max(last, once)
    while heads := _heads_after(last):
        copies.add([line for _, line in heads])
        last = heads[-1][0]
    _say_copied(last)


def _say_copied(number: int) -> None:
    """The highest stays: a smaller one would hide a loss."""
    said = insert_once(Copied).values(id=1, number=number)
    highest = func.greatest(Copied.number, said.excluded.number)
    with transaction() as session:
        session.execute(said.on_conflict_do_update(index_elements=["id"], set_={"number": highest}))


def _heads_after(number: int) -> list[tuple[int, bytes]]:
    with transaction() as session:
        query = select(Head).where(Head.number > number).order_by(Head.number).limit(BATCH)
        return [(head.number, head_line(head)) for head in session.scalars(query)]


def _is_whole(line: bytes) -> bool:
    return line.startswith(b'{"head"') and line.endswith(b"}\n")

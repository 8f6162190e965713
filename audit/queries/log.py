"""Reads of the log as a whole: exports, public keys, the newest head."""

from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from audit.models import Copied, Head, Key, Leaf
from audit.records import event_record, head_line, moment
from audit.schemas import HeadView
from audit.verifier import VERSION, Keys, Statement, canonical, read_keys, signed_text
from core import clock
from core.errors import NotFound
from core.merkle import Frontier
from core.messages import N_
from core.models import AuditEvent

CHUNK = 2000
EVENT = AuditEvent.__table__


def public_keys(session: Session) -> str:
    """All public keys that ever signed, as PEM, the oldest first."""
    return "".join(session.scalars(select(Key.public_key).order_by(Key.created_at)))


def known_keys(session: Session) -> Keys:
    """The same, to verify with."""
    pem = public_keys(session)
    return read_keys(pem.encode()) if pem else {}


def copied(session: Session) -> int:
    """The number of the last head that came to the second place, as the database says; 0 before."""
    return session.scalar(select(Copied.number)) or 0


def latest_head(session: Session) -> HeadView:
    """The newest signed head. Raises NotFound before the first."""
    head = session.scalar(select(Head).order_by(Head.number.desc()).limit(1))
    if head is None:
        raise nothing_sealed()
    return head_view(head, public_keys(session))


def head_view(head: Head, keys: str) -> HeadView:
    """A head as others keep it, with the keys to verify it."""
    return HeadView(
        number=head.number,
        size=head.size,
        root=head.root.hex(),
        time=head.at,
        previous=head.previous.hex() if head.previous else None,
        kid=head.kid,
        signature=head.signature.hex(),
        public_keys=keys,
    )


def export_lines(
    session: Session, since: date, until: date, key: tuple[str, Ed25519PrivateKey]
) -> Iterator[bytes]:
    """What was sealed on the days from ``since`` to ``until`` (in the region), as
    ``audit.verifier`` reads it. Raises NotFound where nothing was.
    """
    begins, ends = clock.at(since, 0), clock.at(until + timedelta(days=1), 0)
    before, last = _around(session, begins, ends)
    tree = Frontier.unpack(before.size, before.frontier) if before else Frontier()
    statement: Statement = {
        "version": VERSION,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "from_head": before.number if before else 1,
        "to_head": last.number,
        "from_leaf": tree.size,
        "to_leaf": last.size,
        "frontier": [each.hex() for each in tree.hashes],
        "time": moment(clock.now()),
        "kid": key[0],
    }
    signature = key[1].sign(signed_text("export", statement))
    yield canonical({"export": statement, "signature": signature.hex()}) + b"\n"
    yield from _body(session, statement)


def sealed_leaves(
    session: Session, begin: int, end: int
) -> Generator[tuple[Row[Any], dict[str, object] | None]]:
    """The leaves from ``begin`` up to ``end`` with their events; None for one that is gone."""
    query = (
        select(Leaf.seq, Leaf.event_id, Leaf.hash, EVENT)
        .outerjoin(EVENT, (EVENT.c.id == Leaf.event_id) & (EVENT.c.at == Leaf.at))
        .where(Leaf.seq >= begin, Leaf.seq < end)
        .order_by(Leaf.seq)
    )
    with session.execute(query.execution_options(yield_per=CHUNK)) as rows:
        for row in rows:
            yield row, None if row.id is None else event_record(row)


def nothing_sealed() -> NotFound:
    """The refusal before the first head of the days asked for."""
    return NotFound("nothing_sealed", N_("这段时间里还没有封存的记录。"))


def _around(session: Session, begins: datetime, ends: datetime) -> tuple[Head | None, Head]:
    """The last head before the days, and the last one of them."""
    newest = select(Head).order_by(Head.number.desc()).limit(1)
    before = session.scalar(newest.where(Head.at < begins))
    last = session.scalar(newest.where(Head.at < ends))
    if last is None or (before is not None and last.number == before.number):
        raise nothing_sealed()
    return before, last


def _body(session: Session, statement: Statement) -> Iterator[bytes]:
    """The heads in their order, each behind the events that came with it."""
    leaves = sealed_leaves(session, statement["from_leaf"], statement["to_leaf"])
    heads = select(Head).where(
        Head.number >= statement["from_head"], Head.number <= statement["to_head"]
    )
    written = statement["from_leaf"]
    ordered = heads.order_by(Head.number).execution_options(yield_per=CHUNK)
    with closing(leaves), session.scalars(ordered) as signed:
        for head in signed:
            for row, record in islice(leaves, head.size - written):
                yield canonical({"event": record, "leaf": row.seq}) + b"\n"
            written = head.size
            yield head_line(head)

"""Everything held against everything: events, leaves, heads, and the heads' copies elsewhere."""

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice, repeat
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit.models import Head, Leaf
from audit.queries.log import CHUNK, known_keys, sealed_leaves
from audit.records import head_line, head_statement
from audit.verifier import Keys, canonical, digest, signature_holds
from core import clock
from core.merkle import EMPTY_ROOT, Frontier, leaf_hash
from core.models import AuditEvent, UnsequencedEvent

# A head is copied right after it is signed; one that is older than this has to be there.
COPIED_WITHIN = timedelta(minutes=5)
# An event waits for the next minute; longer means that the worker stands still.
SEALED_WITHIN = timedelta(minutes=15)

Findings: TypeAlias = Iterator[str]
# A leaf's hash, and what was found about it.
Leafed: TypeAlias = tuple[bytes, list[str]]


@dataclass
class Verification:
    """What was looked at, and what was found wrong."""

    leaves: int = 0
    heads: int = 0
    copies: int = 0
    findings: list[str] = field(default_factory=list)


def verify_log(session: Session, copies: Iterable[bytes], once: int = 0) -> Verification:
    """Compare all that there is; nothing is trusted but the published keys and the copies.

    The copies are read first: what is there was in the database before. And ``once`` was known
    before them: the last head that either place says was copied.
    """
    check = _Check(session, known_keys(session), once)
    check.result.findings += check.read_copies(copies)
    check.result.findings += check.follow_heads()
    check.result.findings += check.look_outside_the_log()
    return check.result


class _Check:
    """One verification; each step tells what it found."""

    def __init__(self, session: Session, keys: Keys, once: int) -> None:
        self._session = session
        self._keys = keys
        self._once = once
        self._copied: dict[int, bytes] = {}
        self.result = Verification()

    def read_copies(self, lines: Iterable[bytes]) -> Findings:
        """Each copy's signature, and that no two tell different things of one head."""
        for line in lines:
            self.result.copies += 1
            number = self._number_of_copy(line)
            if number is None:
                yield f"copy {self.result.copies}: not a head as it was signed"
            elif self._copied.setdefault(number, _print(line)) != _print(line):
                yield f"head {number}: two copies of it differ"

    def follow_heads(self) -> Findings:
        """Signatures, order, and the tree under each head, leaf by leaf."""
        last = self._session.scalar(select(Head).order_by(Head.number.desc()).limit(1))
        ordered = (
            select(Head)
            .where(Head.number <= (last.number if last else 0))
            .order_by(Head.number)
            .execution_options(yield_per=CHUNK)
        )
        with (
            closing(self._leaves(last.size if last else 0)) as leaves,
            self._session.scalars(ordered) as heads,
        ):
            yield from self._follow(heads, leaves)
        if self._once > (highest := last.number if last else 0):
            yield f"heads {highest + 1} to {self._once}: copied once, but gone from the database"
        yield from (
            f"head {number}: copied, but no longer in the database" for number in self._copied
        )

    def look_outside_the_log(self) -> Findings:
        """Events that have no place in the log, and places without their head or event."""
        covered = select(func.coalesce(func.max(Head.size), 0)).scalar_subquery()
        loose = select(func.count()).select_from(Leaf).where(Leaf.seq >= covered)
        if count := self._session.scalar(loose):
            yield f"{count} leaves stand behind the last head: heads were cut off"
        logged = select(Leaf.seq).where(Leaf.event_id == AuditEvent.id, Leaf.at == AuditEvent.at)
        waiting = select(UnsequencedEvent.at).where(UnsequencedEvent.event_id == AuditEvent.id)
        strange = select(AuditEvent.id).where(~logged.exists(), ~waiting.exists())
        for event_id in self._session.scalars(strange):
            yield f"event {event_id}: never came through the audit, or its leaf was removed"
        event = select(AuditEvent.id).where(
            AuditEvent.id == UnsequencedEvent.event_id, AuditEvent.at == UnsequencedEvent.at
        )
        for event_id in self._session.scalars(
            select(UnsequencedEvent.event_id).where(~event.exists())
        ):
            yield f"event {event_id}: deleted before it came into the log"
        late = select(func.count()).select_from(UnsequencedEvent)
        overdue = late.where(UnsequencedEvent.at < clock.now() - SEALED_WITHIN)
        if count := self._session.scalar(overdue):
            yield f"{count} events wait for the log too long: does the worker run?"

    def _follow(self, heads: Iterable[Head], leaves: Iterator[Leafed]) -> Findings:
        tree = Frontier()
        before: Head | None = None
        for head in heads:
            self.result.heads += 1
            yield from self._check_head(head, before)
            for hashed, findings in islice(leaves, max(0, head.size - tree.size)):
                yield from findings
                tree.append(hashed)
            if tree.size != head.size or tree.root() != head.root:
                begin, end = before.size if before else 0, head.size - 1
                yield f"head {head.number}: leaves {begin} to {end} are not what it signed"
            # What the head signed is where the next one began, whatever was found so far.
            tree = _signed_tree(head) or tree
            before = head

    def _number_of_copy(self, line: bytes) -> int | None:
        try:
            copy = json.loads(line)
            statement, signature = copy["head"], bytes.fromhex(copy["signature"])
            written = canonical({"head": statement, "signature": signature.hex()}) + b"\n"
            holds = signature_holds("head", statement, signature, self._keys)
            return int(statement["number"]) if holds and line == written else None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def _check_head(self, head: Head, before: Head | None) -> Findings:
        number, statement = head.number, head_statement(head)
        if not signature_holds("head", statement, head.signature, self._keys):
            yield f"head {number}: its signature does not hold"
        expected = before.number + 1 if before else 1
        if number != expected:
            yield f"heads {expected} to {number - 1}: missing"
        elif head.previous != (digest(head_statement(before)) if before else None):
            yield f"head {number}: does not follow the one before it"
        if before is not None and (head.size < before.size or head.at < before.at):
            yield f"head {number}: older or smaller than the one before it"
        if _signed_tree(head) is None:
            yield f"head {number}: its frontier does not give its root"
        copy = self._copied.pop(number, None)
        overdue = head.at < clock.now() - COPIED_WITHIN
        if copy is None and (number <= self._once or overdue):
            yield f"head {number}: not in the second place"
        if copy is not None and copy != _print(head_line(head)):
            yield f"head {number}: not as it was copied"

    def _leaves(self, end: int) -> Generator[Leafed]:
        """The hash and the findings of each leaf up to ``end``, a gap filled with what is none."""
        seq = 0
        for row, record in sealed_leaves(self._session, 0, end):
            if seq < row.seq:
                yield EMPTY_ROOT, [f"leaves {seq} to {row.seq - 1}: missing"]
                yield from repeat((EMPTY_ROOT, []), row.seq - seq - 1)
                seq = row.seq
            self.result.leaves += 1
            if record is None:
                yield row.hash, [f"leaf {seq}: event {row.event_id} was deleted or moved in time"]
            elif leaf_hash(canonical(record)) != row.hash:
                yield row.hash, [f"leaf {seq}: event {row.event_id} is not as it was logged"]
            else:
                yield row.hash, []
            seq += 1
        if seq < end:
            yield EMPTY_ROOT, [f"leaves {seq} to {end - 1}: missing"]


def _signed_tree(head: Head) -> Frontier | None:
    """The tree at this head, if its frontier gives the signed root."""
    try:
        tree = Frontier.unpack(head.size, head.frontier)
    except ValueError:
        return None
    return tree if tree.root() == head.root else None


def _print(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()

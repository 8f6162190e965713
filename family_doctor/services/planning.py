"""Planning contracts by the norms, many at once: their facts are read with a handful of statements,
the plan is made by ``family_doctor.planning``, and what differs is written.

Whoever plans, records or moves a contract holds its row, so that none sees half of another's work.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BindParameter, Table, bindparam, or_, select, update
from sqlalchemy import Row as Result
from sqlalchemy.dialects.postgresql import Insert, distinct_on, insert
from sqlalchemy.orm import Session

from core import clock
from core.database import by_column, given_rows
from core.ids import new_id
from family_doctor.models import CareEvent, Contract, FollowUp, Obligation, Planning
from family_doctor.obligations import Window, pack_window
from family_doctor.planning import (
    LastResult,
    Owed,
    PackSlot,
    Person,
    Row,
    Term,
    plan_norms,
    reconcile,
)
from family_doctor.queries.norms import find_norms
from family_doctor.schemas import EventKind, ExcuseReason, Norm, Origin
from family_doctor.states import IN_FORCE
from residents.public import GroupMembership
from residents.public import Person as Resident
from service_packs.public import GrantedTerm, allow_items, granted_terms, item_names

BATCH = 1000
OBLIGATION = cast("Table", Obligation.__table__)
ROWS = select(
    *(
        OBLIGATION.c[name]
        for name in (
            "id", "contract_id", "entitlement_id", "kind", "slot", "norm_code", "item_code",
            "sequence", "times", "opens_on", "remind_from", "due_on", "late_after", "done_at",
            "excused_at", "excuse_reason",
        )
    )
).where(OBLIGATION.c.contract_id.in_(bindparam("contracts", expanding=True)))  # fmt: skip
STILL_OWED = (OBLIGATION.c.id == bindparam("row"), OBLIGATION.c.done_at.is_(None))
DATES: dict[str, BindParameter[Any]] = {name: bindparam(f"new_{name}") for name in Window._fields}
MOVE = (
    update(OBLIGATION)
    .where(*STILL_OWED, OBLIGATION.c.excused_at.is_(None))
    .values(**DATES, norm_code=bindparam("new_norm"))
)
EXCUSE = (
    update(OBLIGATION)
    .where(*STILL_OWED, OBLIGATION.c.excused_at.is_(None))
    .values(excused_at=bindparam("at"), excuse_reason=bindparam("reason"))
)
REVIVE = (
    update(OBLIGATION)
    .where(*STILL_OWED)
    .values(**DATES, norm_code=bindparam("new_norm"), excused_at=None, excuse_reason=None)
)
NEW = (
    "id", "contract_id", "entitlement_id", "person_id", "team_id", "division_code", "kind", "slot",
    "norm_code", "item_code", "item_name", "item_name_en", "sequence", "times",
    *Window._fields,
)  # fmt: skip
ADD = (
    insert(OBLIGATION)
    .from_select(NEW, select(*given_rows(OBLIGATION, *NEW).c), include_defaults=False)
    .on_conflict_do_nothing()
)
PLANNING = cast("Table", Planning.__table__)


def _mark() -> Insert:
    planned = select(
        *given_rows(PLANNING, "contract_id").c,
        bindparam("day", type_=PLANNING.c.planned_on.type),
        bindparam("norms", type_=PLANNING.c.version.type),
    )
    mark = insert(PLANNING).from_select(["contract_id", "planned_on", "version"], planned)
    return mark.on_conflict_do_update(
        index_elements=[PLANNING.c.contract_id],
        set_={"planned_on": mark.excluded.planned_on, "version": mark.excluded.version},
    )


MARK = _mark()


class _Facts(NamedTuple):
    """What is known of a batch, by contract or person."""

    rows: dict[UUID, list[Any]]
    groups: dict[UUID, dict[str, Any]]
    events: dict[UUID, dict[EventKind, Any]]
    results: dict[UUID, dict[str, LastResult]]
    terms: dict[UUID, GrantedTerm]
    held: dict[UUID, UUID]
    names: dict[str, tuple[str, str]]


class _Writes:
    """What a batch changes, by statement."""

    def __init__(self) -> None:
        self.new: list[dict[str, Any]] = []
        self.moved: list[dict[str, Any]] = []
        self.excused: list[dict[str, Any]] = []
        self.revived: list[dict[str, Any]] = []
        self.allowed: list[tuple[UUID, str, int]] = []

    def __len__(self) -> int:
        return len(self.new) + len(self.moved) + len(self.excused) + len(self.revived)


def plan_batch(session: Session, limit: int = BATCH) -> int:
    """Plan at most ``limit`` contracts in force that were not planned today by the norms in force;
    returns how many were. Those that somebody else holds are left for the next time.
    """
    version, norms = find_norms(session)
    if not norms:
        return 0
    contracts = session.execute(
        _contracts()
        .outerjoin(Planning, Planning.contract_id == Contract.id)
        .where(
            or_(
                Planning.contract_id.is_(None),
                Planning.planned_on < clock.today(),
                Planning.version != version,
            )
        )
        .order_by(Contract.id)
        .limit(limit)
        .with_for_update(of=Contract, key_share=True, skip_locked=True)
    ).all()
    _plan(session, contracts, version, norms)
    return len(contracts)


def plan_all(session: Session) -> int:
    """Plan all that waits for it, in the caller's transaction; returns how many contracts."""
    done = 0
    while planned := plan_batch(session):
        done += planned
    return done


def replan(session: Session, person_ids: Collection[UUID]) -> int:
    """Plan these people's contracts in force anew; returns how many obligations changed."""
    version, norms = find_norms(session)
    if not norms or not person_ids:
        return 0
    contracts = session.execute(
        _contracts()
        .where(Contract.person_id.in_(person_ids))
        .order_by(Contract.id)
        .with_for_update(of=Contract, key_share=True)
    ).all()
    return _plan(session, contracts, version, norms)


def _contracts() -> Any:
    return (
        select(
            Contract.id,
            Contract.person_id,
            Contract.team_id,
            Contract.division_code,
            Contract.starts_on,
            Contract.ends_on,
            Resident.birth_date,
        )
        .join(Resident, Resident.id == Contract.person_id)
        .where(Contract.state.in_(IN_FORCE))
    )


def _plan(
    session: Session, contracts: Sequence[Result[Any]], version: str, norms: Sequence[Norm]
) -> int:
    if not contracts:
        return 0
    facts = _read(session, contracts)
    writes = _Writes()
    for contract in contracts:
        _plan_one(contract, facts, norms, writes)
    _write(session, writes)
    today = clock.today()
    session.execute(
        MARK,
        {"contract_id": [contract.id for contract in contracts], "day": today, "norms": version},
    )
    return len(writes)


def _read(session: Session, contracts: Sequence[Result[Any]]) -> _Facts:
    people = {contract.person_id for contract in contracts}
    rows: dict[UUID, list[Any]] = defaultdict(list)
    for row in session.execute(ROWS, {"contracts": [contract.id for contract in contracts]}):
        rows[row.contract_id].append(row)
    groups: dict[UUID, dict[str, Any]] = defaultdict(dict)
    memberships = select(
        GroupMembership.person_id, GroupMembership.group_code, GroupMembership.since
    ).where(GroupMembership.person_id.in_(people))
    for person_id, code, since in session.execute(memberships):
        groups[person_id][code] = since
    events: dict[UUID, dict[EventKind, Any]] = defaultdict(dict)
    happened = (
        select(CareEvent.person_id, CareEvent.kind, CareEvent.happens_on)
        .where(CareEvent.person_id.in_(people), CareEvent.withdrawn_at.is_(None))
        .order_by(CareEvent.recorded_at, CareEvent.id)
    )
    for person_id, kind, happens_on in session.execute(happened):
        events[person_id][EventKind(kind)] = happens_on
    terms = {each.id: each for each in granted_terms(session, people)}
    results = _results(session, people)
    held = {each.source_id: each.id for each in terms.values()}
    return _Facts(rows, groups, events, results, terms, held, item_names(session))


def _results(session: Session, people: set[UUID]) -> dict[UUID, dict[str, LastResult]]:
    newest = (
        select(FollowUp.person_id, FollowUp.item_code, FollowUp.performed_at, FollowUp.next_on)
        .ext(distinct_on(FollowUp.person_id, FollowUp.item_code))
        .where(FollowUp.person_id.in_(people))
        .order_by(
            FollowUp.person_id, FollowUp.item_code, FollowUp.performed_at.desc(), FollowUp.id.desc()
        )
    )
    results: dict[UUID, dict[str, LastResult]] = defaultdict(dict)
    for person_id, item_code, at, next_on in session.execute(newest):
        results[person_id][item_code] = LastResult(clock.local(at).date(), next_on)
    return results


def _plan_one(contract: Any, facts: _Facts, norms: Sequence[Norm], writes: _Writes) -> None:
    rows = facts.rows[contract.id]
    own = [_row(row) for row in rows if row.kind == Origin.NORM]
    promised = {row.id: row for row in rows if row.kind == Origin.PACK}
    packs = [_pack_slot(row, facts.terms) for row in promised.values()]
    person = Person(
        contract.birth_date,
        facts.groups[contract.person_id],
        facts.events[contract.person_id],
        facts.results[contract.person_id],
    )
    mine = [norm for norm in norms if norm.group in person.groups]
    planned = plan_norms(mine, person, Term(contract.starts_on, contract.ends_on), packs, own)
    today = clock.today()
    for row_id, (window, norm_code) in planned.packs.items():
        row = promised[row_id]
        if _may_move(row, today) and (_window(row), row.norm_code) != (window, norm_code):
            writes.moved.append(_moved(row_id, window, norm_code))
    changes = reconcile(own, planned.norms, today)
    writes.moved += [_moved(*each) for each in changes.moved]
    writes.revived += [
        _moved(row_id, owed.window, owed.norm_code) for row_id, owed in changes.revived
    ]
    now = clock.now()
    writes.excused += [
        {"row": row_id, "at": now, "reason": reason} for row_id, reason in changes.excused
    ]
    if not (changes.new or changes.revived):
        return
    held = facts.held.get(contract.id)
    if held is None:
        return
    writes.new += _new_rows(contract, held, changes.new, planned.norms, facts.names)
    writes.allowed += _allowed(held, rows, planned.norms)


def _allowed(held: UUID, rows: Sequence[Any], owed: Sequence[Owed]) -> list[tuple[UUID, str, int]]:
    """How often each service that a norm alone owes may be used of the contract's own pack."""
    slots: dict[str, set[str]] = defaultdict(set)
    for each in owed:
        slots[each.item_code].add(each.slot)
    for row in rows:
        if row.item_code not in slots:
            continue
        if row.kind == Origin.NORM and (row.excused_at is None or row.done_at is not None):
            slots[row.item_code].add(row.slot)
        elif row.kind == Origin.PACK and row.entitlement_id == held:
            slots[row.item_code].add(f"pack {row.sequence}")
    return [(held, code, len(names)) for code, names in slots.items()]


def _new_rows(
    contract: Any,
    held: UUID,
    new: Sequence[Owed],
    owed: Sequence[Owed],
    names: dict[str, tuple[str, str]],
) -> list[dict[str, Any]]:
    places: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = defaultdict(int)
    for each in owed:
        if each.slot.startswith("r"):  # one that a result asked for counts for itself
            continue
        counts[each.item_code] += 1
        places[each.item_code, each.slot] = counts[each.item_code]
    return [
        {
            "id": new_id(),
            "contract_id": contract.id,
            "entitlement_id": held,
            "person_id": contract.person_id,
            "team_id": contract.team_id,
            "division_code": contract.division_code,
            "kind": Origin.NORM,
            "slot": each.slot,
            "norm_code": each.norm_code,
            "item_code": each.item_code,
            "item_name": names[each.item_code][0],
            "item_name_en": names[each.item_code][1],
            "sequence": places.get((each.item_code, each.slot), 1),
            "times": counts[each.item_code] if (each.item_code, each.slot) in places else 1,
            **each.window._asdict(),
        }
        for each in new
    ]


def _write(session: Session, writes: _Writes) -> None:
    if writes.new:
        session.execute(ADD, by_column(NEW, writes.new))
    for statement, values in (
        (MOVE, writes.moved),
        (EXCUSE, writes.excused),
        (REVIVE, writes.revived),
    ):
        if values:
            session.execute(statement, values)
    allow_items(session, writes.allowed)


def _moved(row_id: UUID, window: Window, norm_code: str | None) -> dict[str, Any]:
    dates = {f"new_{name}": day for name, day in window._asdict().items()}
    return {"row": row_id, "new_norm": norm_code, **dates}


def _window(row: Any) -> Window:
    return Window(row.opens_on, row.remind_from, row.due_on, row.late_after)


def _may_move(row: Any, today: Any) -> bool:
    """Done, excused and missed ones stay."""
    return row.done_at is None and row.excused_at is None and row.late_after >= today


def _row(row: Any) -> Row:
    return Row(
        row.id,
        row.item_code,
        row.slot,
        _window(row),
        clock.local(row.done_at).date() if row.done_at else None,
        ExcuseReason(row.excuse_reason) if row.excuse_reason else None,
        row.excused_at is not None,
    )


def _pack_slot(row: Any, terms: dict[UUID, GrantedTerm]) -> PackSlot:
    """A promise on the days that its pack gives it; under an ended grant on those it has."""
    term = terms.get(row.entitlement_id)
    window = (
        pack_window(term.starts_on, term.ends_on, row.sequence, row.times) if term else _window(row)
    )
    done_on = clock.local(row.done_at).date() if row.done_at else None
    return PackSlot(row.id, row.item_code, window, done_on)

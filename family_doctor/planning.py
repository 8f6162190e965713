"""From people, norms and packs to dated obligations. Pure: the same facts give the same plan.

A norm's slots lie on a grid of the whole term (or of a birth, a pregnancy, an event), so that each
keeps its name and dates however often it is planned anew. A service that a pack promises too is
owed once: the pack's own takes the dates of the norm.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeAlias, assert_never
from uuid import UUID

from family_doctor.obligations import REMIND_DAYS, Window, spread
from family_doctor.schemas.norms import (
    AfterEvent,
    ChildMonths,
    EventKind,
    Interval,
    Norm,
    PerYear,
    PregnancyWeeks,
    Windows,
)
from family_doctor.schemas.obligations import ExcuseReason

PREGNANCY = timedelta(days=280)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
YEAR = 365
# What the planner itself excuses, and may bring back.
FOUND = frozenset((ExcuseReason.GROUP_LOST, ExcuseReason.NORM_CHANGED, ExcuseReason.SUPERSEDED))


class Term(NamedTuple):
    """A contract's days, both included."""

    starts_on: date
    ends_on: date

    @property
    def years(self) -> int:
        """Whole years, at least one."""
        return max(1, round(((self.ends_on - self.starts_on).days + 1) / YEAR))


class LastResult(NamedTuple):
    """The newest follow-up of a service, and by when it wants the next."""

    on: date
    next_on: date | None


class Person(NamedTuple):
    """What a plan hangs on: groups with the day each was gained, events, results by item."""

    birth_date: date
    groups: Mapping[str, date]
    events: Mapping[EventKind, date]
    results: Mapping[str, LastResult]


class PackSlot(NamedTuple):
    """A promise of a pack, by its row, with the days that the pack itself gives it."""

    id: UUID
    item_code: str
    window: Window
    done_on: date | None


class Owed(NamedTuple):
    """A slot of a norm."""

    item_code: str
    slot: str
    norm_code: str
    window: Window


class Planned(NamedTuple):
    """What is owed: by norms alone, and of packs the days and the norm that they keep too."""

    norms: list[Owed]
    packs: dict[UUID, tuple[Window, str | None]]


class Row(NamedTuple):
    """An obligation of a norm as it stands."""

    id: UUID
    item_code: str
    slot: str
    window: Window
    done_on: date | None
    excuse: ExcuseReason | None
    excused: bool


class Changes(NamedTuple):
    """What has to be done to the rows of a contract."""

    new: list[Owed]
    moved: list[tuple[UUID, Window, str | None]]
    excused: list[tuple[UUID, ExcuseReason]]
    revived: list[tuple[UUID, Owed]]


Dated: TypeAlias = Iterator[tuple[str, date, date]]


def plan_norms(
    norms: Sequence[Norm],
    person: Person,
    term: Term,
    packs: Sequence[PackSlot],
    rows: Sequence[Row],
) -> Planned:
    """What a person is owed within the term. Of several norms of one service the fullest counts."""
    owed: dict[str, list[Owed]] = {}
    for norm in sorted(norms, key=lambda each: each.code):
        slots = slots_of(norm, person, term)
        if len(slots) > len(owed.get(norm.item, [])):
            owed[norm.item] = slots
    of_item: defaultdict[str, list[PackSlot]] = defaultdict(list)
    for each in sorted(packs, key=lambda each: (each.window.due_on, each.id)):
        of_item[each.item_code].append(each)
    windows: dict[UUID, tuple[Window, str | None]] = {
        each.id: (each.window, None) for each in packs
    }
    left: list[Owed] = []
    for item_code, slots in owed.items():
        kept, alone = _match(slots, of_item[item_code])
        windows |= kept
        left += alone
    by_code = {norm.code: norm for norm in norms}
    for item_code, slots in owed.items():
        extra = _sooner(by_code[slots[0].norm_code], person, term, slots, of_item[item_code], rows)
        left += [extra] if extra else []
    return Planned(sorted(left, key=lambda each: (each.window.due_on, each.item_code)), windows)


def slots_of(norm: Norm, person: Person, term: Term) -> list[Owed]:
    """The slots of one norm within the term, from the day that the group was gained."""
    since = person.groups.get(norm.group)
    if since is None:
        return []
    start = max(since, term.starts_on)
    return [
        Owed(norm.item, slot, norm.code, _window(norm.windows, opens, due, start, term.ends_on))
        for slot, opens, due in _dates(norm, person, term, since)
        if start <= due <= term.ends_on
    ]


def reconcile(rows: Sequence[Row], owed: Sequence[Owed], today: date) -> Changes:
    """What makes the rows of norms say what is owed. Done ones and missed ones stay as they are;
    nothing is made that is late already; what the team excused stays excused.
    """
    wanted = {(each.item_code, each.slot): each for each in owed}
    known = {(row.item_code, row.slot) for row in rows}
    items = {each.item_code for each in owed}
    changes = Changes([], [], [], [])
    for key, each in wanted.items():
        if key not in known and each.window.late_after >= today:
            changes.new.append(each)
    for row in rows:
        want = wanted.get((row.item_code, row.slot))
        if row.done_on is not None:
            continue
        if row.excused:
            if want and row.excuse in FOUND and want.window.late_after >= today:
                changes.revived.append((row.id, want))
        elif row.window.late_after < today:
            continue
        elif want is None:
            changes.excused.append((row.id, _reason(row, items)))
        elif want.window != row.window:
            changes.moved.append((row.id, want.window, want.norm_code))
    return changes


def _reason(row: Row, items: set[str]) -> ExcuseReason:
    """An early follow-up was overtaken; a service of no norm any more was of a group now lost."""
    if row.slot.startswith("r"):
        return ExcuseReason.SUPERSEDED
    return ExcuseReason.NORM_CHANGED if row.item_code in items else ExcuseReason.GROUP_LOST


def _match(
    slots: Sequence[Owed], packs: Sequence[PackSlot]
) -> tuple[dict[UUID, tuple[Window, str | None]], list[Owed]]:
    """Each slot with the pack's nearest promise that is still free; and the slots left alone."""
    free = list(packs)
    kept: dict[UUID, tuple[Window, str | None]] = {}
    alone = []
    for slot in slots:
        if not free:
            alone.append(slot)
            continue
        nearest = min(free, key=lambda each: abs((each.window.due_on - slot.window.due_on).days))
        free.remove(nearest)
        kept[nearest.id] = slot.window, slot.norm_code
    return kept, alone


def _sooner(
    norm: Norm,
    person: Person,
    term: Term,
    slots: Sequence[Owed],
    packs: Sequence[PackSlot],
    rows: Sequence[Row],
) -> Owed | None:
    """The follow-up that the last result asks for before the norm's own rhythm, unless one of the
    norm's falls into that time or was done since. A result from before the term asks too.
    """
    last = person.results.get(norm.item)
    if last is None or last.next_on is None:
        return None
    asked = (last.next_on - last.on).days
    # By weeks, months or an event there is no even rhythm that it could be sooner than.
    even = isinstance(norm.cadence, PerYear) and YEAR // norm.cadence.times
    within = last.on < term.ends_on and last.next_on >= term.starts_on
    if (even and asked * 2 > even) or not within:
        return None
    done = {row.slot: row.done_on for row in rows if row.item_code == norm.item}
    slot = f"r{last.on}"
    since = [on for name, on in done.items() if name != slot] + [each.done_on for each in packs]
    if any(on is not None and on > last.on for on in since):
        return None
    kept, alone = _match(slots, packs)
    open_dates = [each.window.due_on for each in alone if done.get(each.slot) is None]
    open_dates += [
        kept[each.id][0].due_on for each in packs if each.id in kept and not each.done_on
    ]
    if any(last.on < day <= last.next_on for day in open_dates):
        return None
    due = min(last.next_on, term.ends_on)
    window = _window(norm.windows, last.on + DAY, due, term.starts_on, term.ends_on)
    return Owed(norm.item, slot, norm.code, window)


def _window(windows: Windows, opens: date, due: date, start: date, end: date) -> Window:
    """The dates around ``due``, nothing before ``start`` or after ``end``."""
    if windows.open_days is not None:
        opens = due - timedelta(days=windows.open_days)
    opens = min(max(opens, start), due)
    remind = max(opens, due - timedelta(days=windows.remind_days))
    return Window(opens, remind, due, min(due + timedelta(days=windows.grace_days), end))


def _dates(norm: Norm, person: Person, term: Term, since: date) -> Dated:
    """Name, first day and due day of all slots that a norm has at all."""
    cadence = norm.cadence
    match cadence:
        case PerYear():
            yield from _per_year(cadence, term)
        case ChildMonths():
            yield from _running(
                (f"m{months:g}", _at_age(person.birth_date, months)) for months in cadence.months
            )
        case PregnancyWeeks():
            expected = person.events.get(EventKind.EXPECTED_BIRTH)
            if expected is not None:
                yield from _weeks(cadence, expected)
        case AfterEvent():
            happened = person.events.get(cadence.event)
            if happened is not None:
                first = happened + timedelta(days=cadence.from_days)
                due = happened + timedelta(days=cadence.within_days)
                yield f"{cadence.event}@{happened}", first, due
        case Interval():
            origin = person.events.get(cadence.event) if cadence.event else since
            if origin is not None:
                yield from _running(
                    (f"d{day}@{origin}", origin + timedelta(days=day)) for day in _steps(cadence)
                )
        case _:
            assert_never(cadence)


def _per_year(cadence: PerYear, term: Term) -> Dated:
    times = cadence.times * term.years
    for sequence in range(1, times + 1):
        opens, due = spread(term.starts_on, term.ends_on, sequence, times)
        yield f"y{sequence}-{times}", opens, due


def _weeks(cadence: PregnancyWeeks, expected: date) -> Dated:
    begun = expected - PREGNANCY
    for first, last in cadence.weeks:
        opens, due = begun + first * WEEK, begun + last * WEEK + WEEK - DAY
        yield f"w{first}-{last}@{expected.year}", opens, due


def _steps(cadence: Interval) -> Iterator[int]:
    day = 0
    for phase in cadence.phases:
        while day + phase.every_days <= phase.until_day:
            day += phase.every_days
            yield day


def _running(dues: Iterable[tuple[str, date]]) -> Dated:
    """Each opens on the day after the one before it was due; the first a week before."""
    opens: date | None = None
    for name, due in dues:
        yield name, opens or due - timedelta(days=REMIND_DAYS), due
        opens = due + DAY


def _at_age(born: date, months: float) -> date:
    """The day of so many months of age, the last of the month where it has no such day; parts of a
    month are counted in weeks.
    """
    whole, part = divmod(months, 1)
    index = born.year * 12 + born.month - 1 + int(whole)
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - DAY).day
    return date(year, month + 1, min(born.day, last)) + WEEK * round(part * 4)

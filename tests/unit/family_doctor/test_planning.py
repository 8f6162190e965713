"""The planner: how many, where, in order, and the same when planned anew."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import new_id
from family_doctor.obligations import Window, pack_window, term_end
from family_doctor.planning import (
    LastResult,
    Owed,
    PackSlot,
    Person,
    Row,
    Term,
    plan_norms,
    reconcile,
    slots_of,
)
from family_doctor.schemas import EventKind, ExcuseReason, Norm
from tests.factories.follow_ups import norm, norm_set

NORMS = norm_set().norms
STARTS = st.dates(date(2025, 1, 1), date(2030, 12, 31))
TERMS = st.builds(
    lambda start, years: Term(start, term_end(start, years)), STARTS, st.integers(1, 3)
)


@st.composite
def people(draw: st.DrawFn) -> tuple[Person, Term]:
    term = draw(TERMS)
    around = st.dates(term.starts_on - timedelta(days=400), term.ends_on + timedelta(days=100))
    groups = draw(st.dictionaries(st.sampled_from(sorted({n.group for n in NORMS})), around))
    events = draw(st.dictionaries(st.sampled_from(list(EventKind)), around))
    results = draw(
        st.dictionaries(
            st.sampled_from(["F01", "F02", "F09"]),
            st.builds(
                lambda on, days: LastResult(on, on + timedelta(days=days) if days else None),
                around,
                st.sampled_from([0, 14, 90]),
            ),
        )
    )
    born = draw(st.dates(term.starts_on - timedelta(days=2000), term.ends_on))
    return Person(born, groups, events, results), term


@st.composite
def packs(draw: st.DrawFn, term: Term) -> list[PackSlot]:
    slots = []
    for item, times in draw(
        st.dictionaries(st.sampled_from(["F01", "F08", "S07"]), st.integers(1, 12))
    ).items():
        for sequence in range(1, times + 1):
            window = pack_window(term.starts_on, term.ends_on, sequence, times)
            slots.append(PackSlot(new_id(), item, window, None))
    return slots


def mine(person: Person) -> list[Norm]:
    return [each for each in NORMS if each.group in person.groups]


@given(people())
def test_windows_are_ordered_and_inside_the_term(given_: tuple[Person, Term]) -> None:
    person, term = given_
    for each in plan_norms(mine(person), person, term, [], []).norms:
        opens, remind, due, late = each.window
        assert term.starts_on <= opens <= remind <= due <= late <= term.ends_on


@given(TERMS, st.sampled_from([n for n in NORMS if n.cadence.kind == "per_year"]))
def test_so_many_a_year_for_one_who_was_in_the_group_before(term: Term, each: Norm) -> None:
    person = Person(date(1950, 1, 1), {each.group: term.starts_on}, {}, {})
    slots = slots_of(each, person, term)
    assert each.cadence.kind == "per_year"
    assert len(slots) == each.cadence.times * term.years
    dues = [slot.window.due_on for slot in slots]
    assert dues == sorted(dues)
    assert dues[-1] == term.ends_on


@given(st.data(), people())
def test_norm_and_pack_are_counted_once(data: st.DataObject, given_: tuple[Person, Term]) -> None:
    person, term = given_
    person = person._replace(results={})
    promised = data.draw(packs(term))
    planned = plan_norms(mine(person), person, term, promised, [])
    for item in {each.item_code for each in promised} | {n.item for n in mine(person)}:
        fullest = max(
            (len(slots_of(n, person, term)) for n in mine(person) if n.item == item), default=0
        )
        own = [each for each in promised if each.item_code == item]
        alone = [each for each in planned.norms if each.item_code == item]
        assert len(own) + len(alone) == max(len(own), fullest)
        kept = [code for row, (_, code) in planned.packs.items() if row in {p.id for p in own}]
        assert sum(code is not None for code in kept) == min(len(own), fullest)


@given(people(), st.integers(-400, 1200))
def test_planned_anew_nothing_changes(given_: tuple[Person, Term], after: int) -> None:
    person, term = given_
    today = term.starts_on + timedelta(days=after)
    owed = plan_norms(mine(person), person, term, [], []).norms
    rows = _applied([], owed, today)
    again = plan_norms(mine(person), person, term, [], rows).norms
    assert again == owed
    changes = reconcile(rows, again, today)
    assert not any(changes)


@given(people(), people(), st.integers(0, 1200))
def test_done_and_missed_ones_stay_whatever_changes(
    before: tuple[Person, Term], after: tuple[Person, Term], days: int
) -> None:
    person, term = before
    today = term.starts_on + timedelta(days=days)
    owed = plan_norms(mine(person), person, term, [], []).norms
    rows = [
        _row(each, done_on=each.window.due_on if number % 2 else None)
        for number, each in enumerate(owed)
    ]
    changed = after[0]
    changes = reconcile(rows, plan_norms(mine(changed), changed, term, [], rows).norms, today)
    settled = {row.id for row in rows if row.done_on or row.window.late_after < today}
    touched = [each[0] for each in (*changes.moved, *changes.excused, *changes.revived)]
    assert not settled & set(touched)
    assert all(each.window.late_after >= today for each in changes.new)


def test_a_group_lost_excuses_and_gained_again_brings_back() -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    person = Person(date(1950, 1, 1), {"04": date(2020, 1, 1)}, {}, {})
    today = date(2026, 5, 1)
    owed = plan_norms(mine(person), person, term, [], []).norms
    rows = _applied([], owed, date(2026, 1, 1))
    lost = reconcile(rows, [], today)
    missed = [row for row in rows if row.window.late_after < today]
    assert missed
    assert {reason for _, reason in lost.excused} == {ExcuseReason.GROUP_LOST}
    assert len(lost.excused) == len(rows) - len(missed)
    gone = {row_id for row_id, _ in lost.excused}
    rows = [
        row._replace(excused=True, excuse=ExcuseReason.GROUP_LOST) if row.id in gone else row
        for row in rows
    ]
    assert not any(reconcile(rows, [], today))
    back = reconcile(rows, owed, today)
    assert {row_id for row_id, _ in back.revived} == gone
    refused = [row._replace(excuse=ExcuseReason.REFUSED) if row.excused else row for row in rows]
    assert not any(reconcile(refused, owed, today))


def test_an_uncontrolled_result_asks_for_a_visit_within_a_fortnight() -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    on = date(2026, 1, 10)
    person = Person(
        date(1950, 1, 1), {"04": date(2020, 1, 1)}, {}, {"F01": LastResult(on, date(2026, 1, 24))}
    )
    owed = plan_norms([norm("04-F01")], person, term, [], []).norms
    extra = [each for each in owed if each.slot == "r2026-01-10"]
    assert [each.window.due_on for each in extra] == [date(2026, 1, 24)]
    assert len(owed) == 5
    # A regular one that falls into the fortnight is enough; a controlled result asks for nothing.
    late = person._replace(results={"F01": LastResult(date(2026, 3, 25), date(2026, 4, 8))})
    assert len(plan_norms([norm("04-F01")], late, term, [], []).norms) == 4
    calm = person._replace(results={"F01": LastResult(on, date(2026, 4, 10))})
    assert len(plan_norms([norm("04-F01")], calm, term, [], []).norms) == 4


def test_a_result_of_the_contract_before_asks_under_the_next_one() -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    last = LastResult(date(2025, 12, 28), date(2026, 1, 11))
    person = Person(date(1950, 1, 1), {"04": date(2020, 1, 1)}, {}, {"F01": last})
    owed = plan_norms([norm("04-F01")], person, term, [], []).norms
    window = next(each.window for each in owed if each.slot == "r2025-12-28")
    assert (window.opens_on, window.due_on) == (date(2026, 1, 1), date(2026, 1, 11))
    long_ago = person._replace(results={"F01": LastResult(date(2025, 11, 1), date(2025, 11, 15))})
    assert len(plan_norms([norm("04-F01")], long_ago, term, [], []).norms) == 4


def test_a_later_visit_overtakes_what_the_result_asked_for() -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    groups = {"04": date(2020, 1, 1)}
    first = LastResult(date(2026, 1, 10), date(2026, 1, 24))
    person = Person(date(1950, 1, 1), groups, {}, {"F01": first})
    rows = _applied([], plan_norms([norm("04-F01")], person, term, [], []).norms, first.on)
    later = person._replace(results={"F01": LastResult(date(2026, 1, 20), date(2026, 4, 20))})
    owed = plan_norms([norm("04-F01")], later, term, [], rows).norms
    changes = reconcile(rows, owed, date(2026, 1, 20))
    assert [reason for _, reason in changes.excused] == [ExcuseReason.SUPERSEDED]


@pytest.mark.parametrize(
    ("born", "dues"),
    [
        (date(2026, 1, 31), ["2026-02-28", "2026-04-30", "2026-07-31", "2026-09-30"]),
        (date(2024, 12, 29), ["2026-06-29", "2026-12-29"]),
    ],
)
def test_children_are_seen_at_their_ages(born: date, dues: list[str]) -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    person = Person(born, {"02": born}, {}, {})
    owed = slots_of(norm("02-F08"), person, term)
    assert [each.window.due_on.isoformat() for each in owed] == dues


def test_a_pregnancy_has_five_windows_and_moves_with_the_expected_day() -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    person = Person(
        date(1995, 1, 1),
        {"01": date(2026, 1, 1)},
        {EventKind.EXPECTED_BIRTH: date(2026, 10, 8)},
        {},
    )
    owed = slots_of(norm("01-F04"), person, term)
    assert len(owed) == 5
    assert owed[0].window.opens_on == date(2026, 1, 1)
    assert owed[0].window.due_on == date(2026, 4, 1)  # the last day of week 12
    for one, following in pairwise(owed):
        assert one.window.due_on < following.window.opens_on
    rows = _applied([], owed, term.starts_on)
    week_later = person._replace(events={EventKind.EXPECTED_BIRTH: date(2026, 10, 15)})
    moved = reconcile(rows, slots_of(norm("01-F04"), week_later, term), term.starts_on)
    assert len(moved.moved) == 5
    assert not moved.new


def test_tuberculosis_is_visited_within_three_days_then_by_phase() -> None:
    term = Term(date(2026, 1, 1), date(2026, 12, 31))
    told = date(2026, 2, 1)
    person = Person(date(1970, 1, 1), {"07": told}, {EventKind.TB_NOTICE: told}, {})
    dues = [(each.window.due_on - told).days for each in slots_of(norm("07-F10"), person, term)]
    assert dues == [3, 13, 23, 33, 43, 53, 83, 113, 143, 173]


def _row(each: Owed, done_on: date | None = None) -> Row:
    window = Window(*each.window)
    return Row(new_id(), each.item_code, each.slot, window, done_on, None, excused=False)


def _applied(rows: list[Row], owed: list[Owed], today: date) -> list[Row]:
    return rows + [_row(each) for each in reconcile(rows, owed, today).new]

"""Dated promises: as many as the pack gives, all within the term, evenly spread."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from family_doctor.obligations import plan, progress_on, state_on, term_end
from family_doctor.schemas import ObligationState, ObligationView

STARTS = st.dates(date(2024, 1, 1), date(2032, 12, 31))
ITEMS = st.lists(st.integers(1, 500), min_size=1, max_size=4).map(
    lambda times: [(f"T{n}", f"项目{n}", f"Item {n}", each) for n, each in enumerate(times)]
)
DONE_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Standing:
    opens_on: date
    late_after: date
    done_at: datetime | None = None
    excused_at: datetime | None = None


@given(STARTS, st.integers(1, 3))
def test_a_term_is_whole_years(starts_on: date, years: int) -> None:
    ends_on = term_end(starts_on, years)
    assert 365 * years - 1 <= (ends_on - starts_on).days <= 366 * years - 1
    assert term_end(ends_on + timedelta(days=1), years) > ends_on


def test_a_term_from_a_leap_day() -> None:
    assert term_end(date(2028, 2, 29), 1) == date(2029, 2, 28)


@given(ITEMS, STARTS, st.integers(1, 3))
def test_the_plan_agrees_with_pack_and_term(
    items: list[tuple[str, str, str, int]], starts_on: date, years: int
) -> None:
    ends_on = term_end(starts_on, years)
    promises = plan(items, starts_on, ends_on, years)
    for code, _, _, times in items:
        own = [promise for promise in promises if promise.item_code == code]
        assert [promise.sequence for promise in own] == list(range(1, times * years + 1))
        assert all(promise.times == times * years for promise in own)
        assert own[0].opens_on == starts_on
        assert own[-1].due_on == ends_on
        assert all(starts_on <= each.opens_on <= each.due_on <= ends_on for each in own)
        dues = [promise.due_on for promise in own]
        assert dues == sorted(dues)


def test_four_a_year_leave_no_gap() -> None:
    windows = plan([("F01", "随访", "Follow-up", 4)], date(2026, 1, 1), date(2026, 12, 31), 1)
    for one, following in pairwise(windows):
        assert following.opens_on == one.due_on + timedelta(days=1)


def test_how_an_obligation_stands() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    assert state_on(Standing(first, last), date(2026, 2, 28)) is ObligationState.UPCOMING
    assert state_on(Standing(first, last), first) is ObligationState.OPEN
    assert state_on(Standing(first, last), last) is ObligationState.OPEN
    assert state_on(Standing(first, last), date(2026, 4, 1)) is ObligationState.OVERDUE
    assert state_on(Standing(first, last, DONE_AT), date(2026, 4, 1)) is ObligationState.DONE
    excused = Standing(first, last, None, DONE_AT)
    assert state_on(excused, date(2026, 4, 1)) is ObligationState.EXCUSED


def view(state: ObligationState, due_on: date) -> ObligationView:
    return ObligationView(
        id=UUID(int=1),
        contract_id=UUID(int=2),
        item_code="T",
        item_name="项目",
        item_name_en="Item",
        sequence=1,
        times=1,
        opens_on=due_on,
        due_on=due_on,
        done_at=None,
        state=state,
    )


def test_progress_counts_what_was_due_and_what_was_done_early() -> None:
    day = date(2026, 6, 15)
    progress = progress_on(
        [
            view(ObligationState.DONE, date(2026, 12, 31)),
            view(ObligationState.OVERDUE, date(2026, 6, 1)),
            view(ObligationState.OPEN, day),
            view(ObligationState.OPEN, date(2026, 6, 20)),
            view(ObligationState.UPCOMING, date(2026, 9, 1)),
            view(ObligationState.EXCUSED, date(2026, 9, 1)),
        ],
        day,
    )
    assert (progress.done, progress.due, progress.overdue, progress.total) == (1, 3, 1, 5)

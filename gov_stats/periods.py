"""Months, the periods that figures are made for."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from core import clock

PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
MONTHS_SHOWN = 12


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month; written YYYY-MM, which also sorts as text."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From YYYY-MM. Raises ValueError."""
        first = date.fromisoformat(f"{text}-01")
        return cls(first.year, first.month)

    @classmethod
    def current(cls) -> Self:
        """The month of today in the region."""
        today = clock.today()
        return cls(today.year, today.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.next_first_day - timedelta(days=1)

    @property
    def next_first_day(self) -> date:
        """The first day after it."""
        return self.back(-1).first_day

    @property
    def day_of_stock(self) -> date:
        """The day that what stands (contracts) is counted on: the last, or today while it runs."""
        return min(self.last_day, clock.today())

    def back(self, months: int) -> "Month":
        """The month so many months earlier."""
        year, index = divmod(self.year * 12 + self.number - 1 - months, 12)
        return Month(year, index + 1)


def months_shown() -> list[Month]:
    """The last twelve months, the current one last."""
    current = Month.current()
    return [current.back(months) for months in reversed(range(MONTHS_SHOWN))]

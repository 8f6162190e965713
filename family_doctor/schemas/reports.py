"""Work reports: figures of a period, each with the rows behind it, and the points they give."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from core.searching import SearchQuery
from family_doctor.schemas.base import View
from family_doctor.schemas.points import PointLine


class ReportAction(StrEnum):
    """What may be asked of reports."""

    READ = "family_doctor:read-report"
    REMAKE = "family_doctor:remake-report"


class ReportKind(StrEnum):
    """How long a report's period is."""

    WEEK = "week"
    MONTH = "month"


class Counted(StrEnum):
    """What the rows behind a figure are."""

    CONTRACT = "contract"
    SERVICE = "service"
    DISPUTE = "dispute"
    FOLLOW_UP = "follow_up"
    OBLIGATION = "obligation"


class FigureCode(StrEnum):
    """What a report counts. A member's report has no disputes and emergencies: who answered for
    the team is not known of them.
    """

    SIGNED = "signed"
    RENEWED = "renewed"
    ENDED = "ended"
    SERVICES = "services"
    FOLLOW_UPS = "follow_ups"
    IN_TIME = "in_time"
    LATE = "late"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    RATED = "rated"
    ANSWERED = "answered"
    DISPUTES_ANSWERED = "disputes_answered"
    EMERGENCIES = "emergencies"
    DUE = "due"
    KEPT = "kept"
    KEPT_CONFIRMED = "kept_confirmed"


# Four stars and five are satisfied; fewer answers than so many show nothing but their number.
SATISFIED, LEAST_ANSWERS = 4, 5


class FigureValue(BaseModel):
    """How many; ``seconds`` is the mean from question to answer where the figure has one, ``items``
    the count of each kind of service, or of each number of stars where enough have answered.
    """

    count: int = 0
    seconds: int | None = None
    items: dict[str, int] = {}


Figures = dict[FigureCode, FigureValue]


def share(figures: Figures, part: FigureCode, *whole: FigureCode) -> float | None:
    """A figure over the sum of others; None where that is nothing."""
    total = sum(figures[code].count for code in whole if code in figures)
    return figures[part].count / total if total and part in figures else None


class ReportBase(View):
    """Whose report, of which period; without ``staff_id`` it is the whole team's."""

    id: UUID
    kind: ReportKind
    starts_on: date
    ends_on: date
    team_id: UUID
    team_name: str
    staff_id: UUID | None
    staff_name: str
    edition: int
    made_at: datetime
    superseded_at: datetime | None
    total: int
    figures: Figures

    @property
    def served_index(self) -> float | None:
        """What was kept of what fell due, by the end of the period."""
        return share(self.figures, FigureCode.KEPT, FigureCode.DUE)

    @property
    def in_time_share(self) -> float | None:
        """Follow-ups that were in time."""
        return share(self.figures, FigureCode.IN_TIME, FigureCode.FOLLOW_UPS)

    @property
    def answers(self) -> int:
        """How many services residents rated in the period."""
        return self.figures[FigureCode.RATED].count if FigureCode.RATED in self.figures else 0

    @property
    def satisfaction(self) -> float | None:
        """The share of the answers with four stars or five; None where fewer than ``LEAST_ANSWERS``
        were given, as it would tell who said what.
        """
        stars = self._stars()
        happy = sum(count for star, count in stars.items() if star >= SATISFIED)
        return happy / sum(stars.values()) if stars else None

    @property
    def mean_stars(self) -> float | None:
        """The mean of the stars (1 to 5), hidden as the share is."""
        stars = self._stars()
        total = sum(star * count for star, count in stars.items())
        return round(total / sum(stars.values()), 1) if stars else None

    def _stars(self) -> dict[int, int]:
        rated = self.figures.get(FigureCode.RATED, FigureValue())
        return {int(star): count for star, count in rated.items.items()}

    @property
    def confirmation(self) -> float | None:
        """The residents' confirmations over all that they said of services in the period."""
        whole = (FigureCode.CONFIRMED, FigureCode.DISPUTED)
        return share(self.figures, FigureCode.CONFIRMED, *whole)


class ReportEntry(ReportBase):
    """A line of a list of reports."""


class Edition(View):
    """Another edition of the same report."""

    id: UUID
    edition: int
    made_at: datetime


class Change(View):
    """A figure that differs from the edition before; ``code`` is ``points`` for the points."""

    code: str
    before: int
    after: int


class SchemeUsed(View):
    """The version by which a report's points were given."""

    id: UUID
    number: int
    institution_id: UUID | None
    example: bool


class ReportView(ReportBase):
    """A report with all that stands in it. ``trend`` are the last periods up to this one, oldest
    first, each in its newest edition; ``members`` are the reports of the team's members;
    ``changes`` says what this edition corrected, ``said`` what residents wrote beside their stars,
    of a whole team where enough have answered.
    """

    rules: int
    scheme_id: UUID | None
    points: tuple[PointLine, ...]
    scheme: SchemeUsed | None = None
    trend: tuple[ReportEntry, ...] = ()
    members: tuple[ReportEntry, ...] = ()
    editions: tuple[Edition, ...] = ()
    changes: tuple[Change, ...] = ()
    said: tuple[str, ...] = ()


class Remade(View):
    """What became of making a report again: the newest edition, and whether it is a new one."""

    report_id: UUID
    edition: int
    changed: bool


class CountedRow(View):
    """One of the things that a figure counted. ``gone`` is one that was withdrawn since; it was
    counted all the same. ``seconds`` is from question to answer; ``state`` and ``name`` say more in
    the words of the thing. The person's name is masked for who does not look after them.
    """

    id: UUID
    position: int
    counted: Counted
    gone: bool = False
    person_name: str = ""
    at: datetime | None = None
    due_on: date | None = None
    name: str = ""
    name_en: str = ""
    by: str = ""
    state: str = ""
    seconds: int | None = None
    contract_id: UUID | None = None


class ReportSearch(SearchQuery):
    """Which reports: of weeks or months, of one team, of members or of whole teams."""

    kind: ReportKind = ReportKind.WEEK
    team_id: UUID | None = None
    members: bool = False

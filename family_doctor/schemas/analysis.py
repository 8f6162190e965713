"""The business analysis of managers: what is asked, and the tables that answer."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.searching import SearchQuery
from directory.schemas import DivisionView
from family_doctor.schemas.base import View
from family_doctor.schemas.contracts import Channel, EndReason
from family_doctor.states import State

Quarter = Annotated[str, Field(pattern=r"^20[0-9]{2}-Q[1-4]$")]
PlaceCode = Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3})?$")]
Name = Annotated[str, Field(max_length=60)]
Code = Annotated[str, Field(max_length=40)]


class AnalysisAction(StrEnum):
    """What may be asked of a unit's contracts as a whole; LIST is to see the people."""

    READ = "family_doctor:read-analysis"
    EXPORT = "family_doctor:export-analysis"
    LIST = "family_doctor:list-analysed"


class AnalysisTab(StrEnum):
    """The analyses."""

    CONTRACTS = "contracts"
    SERVICES = "services"
    ENDINGS = "endings"
    RESIDENTS = "residents"
    PROVIDERS = "providers"


class Measure(StrEnum):
    """What is counted. Stocks stand on the period's last day or today: IN_FORCE, REGISTERED
    (people as they are now), COMING (in force, ending within 60 days). The others happened within
    the period; ENDED counts renewals and changes too, DUE and KEPT are services.
    """

    IN_FORCE = "in_force"
    BEGAN = "began"
    ENDED = "ended"
    COMING = "coming"
    DUE = "due"
    KEPT = "kept"
    REGISTERED = "registered"


class TableCode(StrEnum):
    """What a table parts its counts by."""

    PLACES = "places"
    CHANNELS = "channels"
    PACKS = "packs"
    GROUPS = "groups"
    ITEMS = "items"
    REASONS = "reasons"
    AGES = "ages"
    PROVIDERS = "providers"


class AnalysisQuery(BaseModel):
    """Whose contracts, where and when; what is left out means the actor's own highest unit and the
    quarter that runs. Days and a village may be named by those who may see the people: others see
    whole quarters, as two almost equal periods would tell what one person did.
    """

    model_config = ConfigDict(frozen=True)

    tab: AnalysisTab = AnalysisTab.CONTRACTS
    institution_id: UUID | None = None
    team_id: UUID | None = None
    division: PlaceCode | None = None
    village: Name | None = None
    quarter: Quarter | None = None
    start: date | None = None
    end: date | None = None


class PeopleQuery(AnalysisQuery, SearchQuery):
    """The contracts behind a figure, of one part of it where that is named. Behind who is
    registered there are none.
    """

    figure: Literal[
        Measure.IN_FORCE,
        Measure.BEGAN,
        Measure.ENDED,
        Measure.COMING,
        Measure.DUE,
        Measure.KEPT,
    ] = Measure.IN_FORCE
    channel: Channel | None = None
    pack: Code | None = None
    reason: EndReason | None = None
    group: Code | None = None
    item: Code | None = None


class Period(View):
    """Both days included."""

    start: date
    end: date


class ScopeKind(StrEnum):
    """Whose contracts are counted."""

    DIVISION = "division"
    INSTITUTION = "institution"
    TEAM = "team"


class ScopeView(View):
    """A unit that is analysed. ``people``: the actor may see the people behind its figures, and
    nothing is hidden.
    """

    kind: ScopeKind
    id: str
    name: str
    people: bool
    example: bool = False

    @property
    def from_above(self) -> bool:
        """Whether an institution or team is seen by who is responsible for a division above it: as
        figures, and not cut by place.
        """
        return self.kind is not ScopeKind.DIVISION and not self.people


class Counts(View):
    """A measure now and in the period before; None is hidden."""

    now: int | None
    before: int | None


class AnalysisRow(View):
    """A part of a whole, with a count for each measure of its table. ``key`` is the code of what
    it is a part by: a way, group, pack, item, reason, age from–to, division, village or unit.
    """

    key: str
    name: str
    name_en: str
    counts: tuple[Counts, ...]
    village: bool = False


class AnalysisTable(View):
    """Counts parted by one thing. In ``GROUPS`` one person may be in several rows."""

    code: TableCode
    measures: tuple[Measure, ...]
    rows: tuple[AnalysisRow, ...]

    def counts(self, key: str, measure: Measure) -> Counts:
        """The counts of a row; nothing was counted where there is none."""
        column = self.measures.index(measure)
        row = next((row for row in self.rows if row.key == key), None)
        return row.counts[column] if row else Counts(now=0, before=0)


class Analysis(View):
    """An analysis of a unit in a place. ``path`` are the places above that the actor may read, the
    highest first; ``parent`` is the institution of a team. ``figures`` are of the place as a whole.
    """

    tab: AnalysisTab
    scope: ScopeView
    scopes: tuple[ScopeView, ...]
    place: DivisionView
    village: str | None
    path: tuple[DivisionView, ...]
    parent: ScopeView | None
    period: Period
    before: Period
    quarter: str | None
    figures: dict[Measure, Counts]
    tables: tuple[AnalysisTable, ...]

    def table(self, code: TableCode) -> AnalysisTable | None:
        """The table, where this analysis has it."""
        return next((table for table in self.tables if table.code == code), None)


class AnalysedPerson(View):
    """A contract behind a figure; of a service also which, when due and when done."""

    contract_id: UUID
    name: str
    village_name: str
    team_name: str
    pack_name: str
    pack_name_en: str
    channel: Channel
    state: State
    starts_on: date | None
    ends_on: date | None
    ended_on: date | None
    end_reason: EndReason | None
    item_name: str = ""
    item_name_en: str = ""
    due_on: date | None = None
    done_on: date | None = None

"""The panel: which residents of a team are asked for, how they stand, and filters that are kept."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from core.paging import Page
from family_doctor.schemas.base import Command, View
from family_doctor.schemas.team import PanelEntry, PanelSearch

Age = Annotated[int, Field(ge=0, le=120)]
FilterName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
Text = Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")]
# How many filters one keeps for a team.
MOST_FILTERS = 20


class PanelAction(StrEnum):
    """What may be asked of kept filters."""

    KEEP = "family_doctor:keep-filters"
    READ = "family_doctor:read-filter"
    CHANGE = "family_doctor:change-filter"
    SHARE = "family_doctor:share-filter"


class Standing(StrEnum):
    """How a resident stands: something due within the days of the work list, something late, the
    last follow-up out of control or an emergency, no contact for as long as the rule says, signed
    in the last 30 days, the contract near its end.
    """

    DUE = "due"
    LATE = "late"
    AT_RISK = "at_risk"
    SILENT = "silent"
    NEW = "new"
    ENDING = "ending"


class PanelSort(StrEnum):
    """What comes first: by name, what is due soonest, whose contract ends soonest, the oldest."""

    NAME = "name"
    DUE = "due"
    END = "end"
    AGE = "age"


class PanelFilters(BaseModel):
    """Which residents, in which order; what is not given is not asked. ``village`` is the whole
    name, ages are in years and included.
    """

    standing: Standing | None = None
    group: Annotated[str | None, Field(pattern=r"^[0-9]{2}$")] = None
    village: Text | None = None
    pack: Text | None = None
    sex: Literal["male", "female"] | None = None
    age_from: Age | None = None
    age_to: Age | None = None
    sort: PanelSort = PanelSort.NAME

    def asked(self) -> dict[str, Any]:
        """What is given, by the field's name, as it is kept and put into an address."""
        values = self.model_dump(mode="json", include={*PanelFilters.model_fields})
        usual = {"sort": PanelSort.NAME.value}
        return {
            name: value
            for name, value in values.items()
            if value is not None and value != usual.get(name)
        }


class PanelQuery(PanelFilters, PanelSearch):
    """A page of a team's residents."""


class PanelRow(PanelEntry):
    """A resident on the panel; ``next_due`` is the earliest day of what is late or due soon."""

    due: bool
    late: bool
    at_risk: bool
    silent: bool
    new: bool
    ending: bool
    next_due: date | None


class Choice(View):
    """A value of a filter and how many residents it would show, all other filters kept. The empty
    value is all of them.
    """

    value: str
    label: str = ""
    label_en: str = ""
    count: int


class PanelPage(Page[PanelRow]):
    """A page of the panel; ``choices`` by the name of the filter."""

    choices: dict[str, tuple[Choice, ...]]


class SaveFilter(Command, PanelFilters):
    """Keep a filter under a name; what was searched for is not kept, as that names people."""

    team_id: UUID
    name: FilterName
    shared: bool = False


class ChangeFilter(Command):
    """Another name for a kept filter, and whether the team sees it."""

    name: FilterName
    shared: bool = False


class SavedFilterView(View):
    """A kept filter; ``own`` ones can be renamed and deleted."""

    id: UUID
    team_id: UUID
    name: str
    shared: bool
    own: bool
    filters: PanelFilters


class OfPanel(BaseModel):
    """The panel of a team; without one, of the first that the actor works in."""

    team_id: UUID | None = None


class SavedFilters(BaseModel):
    """The filters that one may use for a team: one's own, then the shared ones, by name."""

    items: list[SavedFilterView]

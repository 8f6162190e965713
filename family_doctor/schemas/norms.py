"""The norms of follow-up as data: what each population group is owed, when, and what a result asks.

The words of a region's pack and of the tables; sources and estimates are kept with every norm.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Code = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Days = Annotated[int, Field(ge=0, le=1100)]


class Document(BaseModel):
    """A part of the pack's document; a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EventKind(StrEnum):
    """What happens to a person and starts a norm: the day a child is expected, a birth, leaving a
    hospital, being told of a tuberculosis patient.
    """

    EXPECTED_BIRTH = "expected_birth"
    BIRTH = "birth"
    DISCHARGE = "discharge"
    TB_NOTICE = "tb_notice"


class PerYear(Document):
    """So often a year, spread evenly over the term."""

    kind: Literal["per_year"]
    times: Annotated[int, Field(ge=1, le=366)]


class ChildMonths(Document):
    """At these ages, in months from the birth date; a quarter is a week."""

    kind: Literal["child_months"]
    months: tuple[Annotated[float, Field(ge=0, le=216)], ...]


class PregnancyWeeks(Document):
    """Within these weeks of pregnancy, first and last included, reckoned from the expected day."""

    kind: Literal["pregnancy_weeks"]
    weeks: tuple[tuple[int, int], ...]


class AfterEvent(Document):
    """Once, within so many hours or days of an event; not before ``from_days``."""

    kind: Literal["after_event"]
    event: EventKind
    days: Days = 0
    hours: Annotated[int, Field(ge=0, le=720)] = 0
    from_days: Days = 0

    @property
    def within_days(self) -> int:
        """The last day, counted from the event's; hours are rounded up to whole days."""
        return self.days + -(-self.hours // 24)


class Phase(Document):
    """Every so many days until that day."""

    until_day: Days
    every_days: Annotated[int, Field(ge=1, le=366)]


class Interval(Document):
    """At intervals that change with the time since an event, else since the group was gained."""

    kind: Literal["interval"]
    event: EventKind | None = None
    phases: tuple[Phase, ...]


Cadence = Annotated[
    PerYear | ChildMonths | PregnancyWeeks | AfterEvent | Interval, Field(discriminator="kind")
]


class Windows(Document):
    """Days around the due day: open before it (None: since the one before), reminded before it,
    late only after so many days of grace.
    """

    open_days: Days | None = None
    remind_days: Days = 7
    grace_days: Days = 0


class Test(Document):
    """A condition on one field of the form; bounds are included. ``from_age`` and ``below_age``
    (years) narrow down whom it is asked of.
    """

    field: Code
    at_least: float | None = None
    at_most: float | None = None
    any_of: tuple[str, ...] = ()
    true: bool = False
    from_age: int | None = None
    below_age: int | None = None

    @model_validator(mode="after")
    def _ask_something(self) -> Self:
        if self.at_least is None and self.at_most is None and not self.any_of and not self.true:
            raise ValueError(f"the test of {self.field} asks nothing")
        return self


class Emergency(Document):
    """What sends a person to hospital at once."""

    test: Test
    name: str
    name_en: str


class ResultRule(Document):
    """The first rule of which any test holds names the result."""

    result: Code
    any: tuple[Test, ...]


class Assessment(Document):
    """What the values of a form say: emergencies, the result, and in how many days it asks for the
    next follow-up. ``repeated`` results twice running suggest a referral, ``referred`` at once.
    """

    emergencies: tuple[Emergency, ...] = ()
    advice: str = ""
    advice_en: str = ""
    results: tuple[ResultRule, ...] = ()
    otherwise: Code
    next_days: Mapping[str, Days]
    emergency_days: Days = 14
    repeated: tuple[str, ...] = ()
    referred: tuple[str, ...] = ()


class Norm(Document):
    """What people of a group are owed of one service."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{3,20}$")]
    group: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    item: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
    who: str
    who_en: str
    cadence: Cadence
    windows: Windows = Windows()
    form: Code | None = None
    assessment: Assessment | None = None
    estimate: bool
    provenance: str


class Screening(Document):
    """When records speak for a label: on so many different ``days`` within ``within_days`` a form
    on which any of the tests holds, or a record of one of these services, of whoever is at least
    ``from_age`` (years). Proposed to a doctor, never set by itself.
    """

    group: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    any: tuple[Test, ...] = ()
    items: tuple[str, ...] = ()
    days: Annotated[int, Field(ge=1, le=12)]
    within_days: Annotated[int, Field(ge=1, le=1100)]
    from_age: int | None = None
    said: str
    said_en: str
    estimate: bool
    provenance: str

    @model_validator(mode="after")
    def _look_at_something(self) -> Self:
        if not self.any and not self.items:
            raise ValueError(f"the screening for {self.group} looks at nothing")
        return self


class Reminding(Document):
    """Hours of the wall clock: residents are reminded between two, teams from one on."""

    from_hour: Annotated[int, Field(ge=0, le=23)]
    until_hour: Annotated[int, Field(ge=1, le=24)]
    team_hour: Annotated[int, Field(ge=0, le=23)]


class NormSet(Document):
    """``norms.json``: all norms of a region in one version."""

    version: str
    document: str
    estimate: bool
    provenance: str
    reminding: Reminding
    norms: tuple[Norm, ...]
    screening: tuple[Screening, ...] = ()


class NormView(Norm):
    """A norm as administrators see it, with the names of group and service."""

    group_name: str
    group_name_en: str
    item_name: str
    item_name_en: str


class NormsView(BaseModel):
    """The norms in force."""

    model_config = ConfigDict(frozen=True)

    version: str
    document: str
    estimate: bool
    provenance: str
    loaded_on: date
    norms: tuple[NormView, ...]


Values = Mapping[str, Any]

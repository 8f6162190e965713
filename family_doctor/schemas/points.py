"""Performance points: what each thing is worth, by a scheme that an administrator sets."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from family_doctor.schemas.base import Command, View

Points = Annotated[int, Field(ge=0, le=1000)]


class PointAction(StrEnum):
    """What may be asked of the schemes."""

    READ = "family_doctor:read-points"
    CHANGE = "family_doctor:change-points"


class PointOf(StrEnum):
    """What points are given or taken for. Values are kept in reports."""

    SIGNED = "signed"
    RENEWED = "renewed"
    ITEM = "item"
    SERVICE = "service"
    IN_TIME = "in_time"
    LATE = "late"
    DISPUTED = "disputed"


class SchemeValues(BaseModel):
    """Points for each: a contract signed or renewed, a service of a kind in ``items`` and of any
    other kind (``service``), and more for a follow-up in time. ``late`` and ``disputed`` are taken
    away, for each service done late and each that a resident disputed. Whole points.
    """

    signed: Points = 0
    renewed: Points = 0
    service: Points = 0
    in_time: Points = 0
    late: Points = 0
    disputed: Points = 0
    items: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")], Points], Field(max_length=300)
    ] = {}


class PointLine(View):
    """A line of the calculation: ``count`` things at ``each`` points; taken away where negative.
    ``item_code`` says of which kind of service where the scheme names that kind.
    """

    of: PointOf
    item_code: str = ""
    count: int
    each: int
    sum: int


class SchemeView(View):
    """A version of a scheme; without an institution it is the region's. ``in_force`` is the one
    that reports made for today's period go by.
    """

    id: UUID
    institution_id: UUID | None
    institution_name: str
    number: int
    valid_from: date
    values: SchemeValues
    example: bool
    made_at: datetime
    made_by_name: str
    in_force: bool = False


class SchemeList(BaseModel):
    """The versions that the asker may see, the region's first, newest first."""

    items: list[SchemeView]


class MakeScheme(Command, SchemeValues):
    """A new version, of an institution or without one of the region. It holds from a day on that is
    not past: reports that were made stay as they are.
    """

    institution_id: UUID | None = None
    valid_from: date


class PreviewScheme(Command, SchemeValues):
    """What last month would have been by these values; nothing is kept."""

    institution_id: UUID | None = None


class PreviewLine(View):
    """A team's points of a month: as its report has them, and by the values asked about."""

    team_id: UUID
    team_name: str
    total: int
    proposed: int


class Preview(View):
    """The newest month that reports were made of; without ``starts_on`` there is none."""

    starts_on: date | None = None
    lines: tuple[PreviewLine, ...] = ()

"""How a promised service looks."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from family_doctor.schemas.base import View


class ObligationState(StrEnum):
    """How a promised service stands on a day: ``open`` means it may be served now."""

    UPCOMING = "upcoming"
    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"
    EXCUSED = "excused"


class ObligationView(View):
    """A promised service: the ``sequence``-th of ``times`` within the term, due by ``due_on``."""

    id: UUID
    contract_id: UUID
    item_code: str
    item_name: str
    item_name_en: str
    sequence: int
    times: int
    opens_on: date
    due_on: date
    done_at: datetime | None
    state: ObligationState


class Progress(View):
    """What was promised and kept: ``due`` counts what was to be done by today or is done already;
    excused services count nowhere.
    """

    done: int = 0
    due: int = 0
    overdue: int = 0
    total: int = 0

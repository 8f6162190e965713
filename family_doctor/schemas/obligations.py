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


class Origin(StrEnum):
    """What an obligation comes from: a pack, the norm of a group, or a plan of the team."""

    PACK = "pack"
    NORM = "norm"
    PLAN = "plan"


class ExcuseReason(StrEnum):
    """Why something is not owed any more: said by the team, or found by the planner."""

    REFUSED = "refused"
    IN_HOSPITAL = "in_hospital"
    AWAY = "away"
    OTHER = "other"
    GROUP_LOST = "group_lost"
    NORM_CHANGED = "norm_changed"
    SUPERSEDED = "superseded"
    PLAN_ENDED = "plan_ended"


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
    kind: Origin = Origin.PACK
    remind_from: date | None = None
    late_after: date | None = None
    norm_code: str | None = None
    plan_id: UUID | None = None
    excuse_reason: ExcuseReason | None = None
    excuse_note: str | None = None
    excused_until: date | None = None
    # Whether it is recorded with a form of follow-up; said where one's own page wants it.
    has_form: bool = False


class Progress(View):
    """What was promised and kept: ``due`` counts what was to be done by today or is done already;
    excused services count nowhere.
    """

    done: int = 0
    due: int = 0
    overdue: int = 0
    total: int = 0

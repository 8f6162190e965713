"""Recording a follow-up, and how it is shown."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.paging import PageQuery
from family_doctor.schemas.base import Command, View
from family_doctor.schemas.forms import FormDefinition

FieldName = Annotated[str, Field(max_length=40)]


class RecordFollowUp(Command):
    """A follow-up on a service that the person is entitled to. ``values`` are those of the form, by
    the names of its fields (GET /follow-up-forms); unusual ones want ``confirmed``.
    """

    person_id: UUID
    item_code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
    performed_at: datetime | None = None
    values: dict[FieldName, Any]
    confirmed: bool = False
    next_on: date | None = None


class Conclusion(View):
    """What the rules say of a form's values."""

    result: str
    emergencies: tuple[tuple[str, str], ...] = ()
    advice: str = ""
    advice_en: str = ""
    referral: bool = False
    next_on: date | None = None

    @property
    def emergency(self) -> bool:
        """Whether the person must go to hospital at once."""
        return bool(self.emergencies)


class FollowUpSearch(PageQuery):
    """One's own follow-ups, or of somebody whose records one may see."""

    person_id: UUID | None = None


class ResidentFollowUp(View):
    """A follow-up as its resident sees it: the result, what was measured, when next."""

    id: UUID
    service_record_id: UUID
    person_id: UUID
    item_code: str
    form_code: str
    performed_at: datetime
    result: str
    emergency: bool
    referral: bool
    next_on: date | None


class UrgentFollowUp(View):
    """An emergency that nobody of the team has seen to yet."""

    id: UUID
    name: str
    performed_at: datetime


class ShortFollowUp(View):
    """A follow-up as a line of a resident's page: the result, and what was measured, as (label,
    English label, value, unit).
    """

    id: UUID
    item_name: str
    item_name_en: str
    performed_at: datetime
    result: str
    emergency: bool
    next_on: date | None
    readings: tuple[tuple[str, str, str, str], ...]


class FollowUpView(ResidentFollowUp):
    """A follow-up with all its values, in the words of the form it was recorded with."""

    team_id: UUID
    form: FormDefinition
    values: dict[str, Any]
    computed: str
    result_reason: str | None
    result_by: str | None
    emergencies: tuple[tuple[str, str], ...]
    advice: str
    advice_en: str

"""The lists of those who plan what is offered."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Template, TemplateException
from appointments.queries.planning import list_exceptions, list_templates
from appointments.queries.schedule import schedule_of
from appointments.schemas import ExceptionQuery, SupplyAction, TemplateSearch
from core import clock
from core.access import Actor
from directory.models import Department, Institution
from directory.schemas import InstitutionView
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import NAME, Region


def planned(session: Session, region: Region) -> list[Listing]:
    """What desks and administrators see of what is offered."""
    templates, exceptions = {}, {}
    for clinic in session.scalars(select(Department)).all():
        hospital = session.get_one(Institution, clinic.institution_id)
        if hospital not in region.hospitals:
            continue
        place = schedule_of(InstitutionView.model_validate(hospital))
        template = Template(
            institution_id=hospital.id, department_id=clinic.id, clinic_name=NAME, kind="general",
            weekday=1, half_day="morning", capacity=1, fee_fen=0,
        )  # fmt: skip
        session.add(template)
        session.flush()
        templates[template.id] = place
        differs = TemplateException(
            institution_id=hospital.id, template_id=template.id, date=clock.today()
        )
        session.add(differs)
        session.flush()
        exceptions[differs.id] = place

    def of_departments(actor: Actor) -> Iterator[UUID]:
        for clinic in session.scalars(select(Department)).all():
            search = TemplateSearch(department_id=clinic.id)
            found = pages(lambda page: list_templates(session, actor, page), search)
            yield from (row.id for row in found)

    def of_hospitals(actor: Actor) -> Iterator[UUID]:
        for hospital in region.hospitals:
            query = ExceptionQuery(institution_id=hospital.id)
            found = pages(lambda page: list_exceptions(session, actor, page), query)
            yield from (row.id for row in found)

    return [
        Listing("weekly clinics", of_departments, templates, SupplyAction.READ_SCHEDULE),
        Listing("days that differ", of_hospitals, exceptions, SupplyAction.READ_SCHEDULE),
    ]

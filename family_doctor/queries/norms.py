"""Reads of norms and forms."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from directory.public import unit_path
from family_doctor.models import CareEvent, FormVersion, NormRow, NormVersion
from family_doctor.schemas import (
    EventView,
    FormDefinition,
    Norm,
    NormsView,
    NormView,
    PlanAction,
    Reminding,
    Screening,
)
from service_packs.public import item_names, list_groups

NEWEST = select(NormVersion).order_by(NormVersion.loaded_at.desc()).limit(1)


def find_norms(session: Session) -> tuple[str, list[Norm]]:
    """The version in force and its norms; none where the region has none."""
    query = (
        select(NormRow.version, NormRow.document)
        .where(
            NormRow.version
            == select(NormVersion.version)
            .order_by(NormVersion.loaded_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        .order_by(NormRow.code)
    )
    rows = session.execute(query).all()
    norms = [Norm.model_validate(row.document) for row in rows]
    return (rows[0].version if rows else "", norms)


def find_norm(session: Session, code: str | None) -> Norm | None:
    """A norm in force by its code."""
    return next((norm for norm in find_norms(session)[1] if norm.code == code), None)


def find_reminding(session: Session) -> Reminding | None:
    """The hours of reminding; none where the region has no norms."""
    version = session.scalars(NEWEST).one_or_none()
    return Reminding.model_validate(version.reminding) if version else None


def find_screening(session: Session) -> list[Screening]:
    """When records speak for a label of a group that is known here."""
    version = session.scalars(NEWEST).one_or_none()
    if version is None or not version.screening:
        return []
    known = {group.code for group in list_groups(session)}
    rules = [Screening.model_validate(each) for each in version.screening]
    return [rule for rule in rules if rule.group in known]


def show_norms(session: Session, actor: Actor) -> NormsView | None:
    """The norms in force with their sources, for whoever administers a unit in which they apply.
    Raises Denied.
    """
    unit = min(actor.units(Role.ADMINISTRATOR), default="")
    units = unit_path(session, unit) if unit else ()
    require(session, actor, PlanAction.READ_NORMS, Resource("Norms", unit, units=units))
    version = session.scalars(NEWEST).one_or_none()
    if version is None:
        return None
    groups = {group.code: group for group in list_groups(session)}
    names = item_names(session)
    return NormsView(
        version=version.version,
        document=version.document,
        estimate=version.estimate,
        provenance=version.provenance,
        loaded_on=clock.local(version.loaded_at).date(),
        norms=tuple(
            NormView(
                **norm.model_dump(),
                group_name=groups[norm.group].name,
                group_name_en=groups[norm.group].name_en,
                item_name=names[norm.item][0],
                item_name_en=names[norm.item][1],
            )
            for norm in find_norms(session)[1]
        ),
    )


def get_form(session: Session, code: str, version: int | None = None) -> FormDefinition:
    """A form in the given version, or its newest. Raises NotFound."""
    query = select(FormVersion.document).where(FormVersion.code == code)
    if version is not None:
        query = query.where(FormVersion.version == version)
    document: dict[str, Any] | None = session.scalar(
        query.order_by(FormVersion.version.desc()).limit(1)
    )
    if document is None:
        raise NotFound()
    return FormDefinition.model_validate(document)


def list_forms(session: Session) -> list[FormDefinition]:
    """All forms in their newest version, by code."""
    query = (
        select(FormVersion.document)
        .ext(distinct_on(FormVersion.code))
        .order_by(FormVersion.code, FormVersion.version.desc())
    )
    return [FormDefinition.model_validate(document) for document in session.scalars(query)]


def events_of(session: Session, person_id: UUID) -> list[EventView]:
    """What happened to a person, newest first. The caller has asked the policy."""
    query = (
        select(CareEvent)
        .where(CareEvent.person_id == person_id, CareEvent.withdrawn_at.is_(None))
        .order_by(CareEvent.happens_on.desc(), CareEvent.id)
    )
    return [EventView.model_validate(row) for row in session.scalars(query)]

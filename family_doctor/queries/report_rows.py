"""The rows behind a figure of a report: exactly the things that were counted, one each."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, false, func, literal, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, decide
from core.errors import NotFound
from core.masking import masked_name
from core.paging import Page, read_page
from core.searching import SearchQuery
from directory.public import division_path
from family_doctor.figures import OF
from family_doctor.models import (
    Contract,
    ContractTransition,
    Dispute,
    FollowUp,
    Obligation,
    Report,
    ReportRows,
)
from family_doctor.queries.reports import load_report
from family_doctor.schemas import (
    Action,
    Counted,
    CountedRow,
    FigureCode,
    ReportAction,
)
from family_doctor.states import State
from residents.public import Person, is_of
from service_packs.public import ServiceRecord, item_names

Found = dict[UUID, dict[str, Any]]
PERSON = Person.name.label("person_name")


def list_counted(
    session: Session, actor: Actor, report_id: UUID, figure: str, page: SearchQuery
) -> Page[CountedRow]:
    """What a figure of a report counted, in the order of time; what was withdrawn since is there
    too, and says so. Whoever may not see the residents' names finds nothing by them.

    Raises NotFound or Denied.
    """
    report = load_report(session, actor, report_id, ReportAction.READ)
    if figure not in report.figures:
        raise NotFound()
    code = FigureCode(figure)
    counted = (
        select(
            func.unnest(ReportRows.ids, type_=Uuid()).label("id"),
            func.generate_subscripts(ReportRows.ids, 1).label("position"),
        )
        .where(ReportRows.report_id == report_id, ReportRows.code == code)
        .subquery()
    )
    query = select(counted)
    shows = shows_names(actor, report)
    if page.search:
        of_person = COUNTED[OF[code]]
        theirs = is_of(of_person.person_id, page.search) if shows else false()
        query = query.join(of_person, of_person.id == counted.c.id).where(theirs)
    rows, following = read_page(session, query, [counted.c.position], page)
    found = LOOKS[OF[code]](session, {row.id for row in rows}, code)
    items = [
        _row(row.id, row.position, OF[code], found.get(row.id), shows_names=shows) for row in rows
    ]
    return Page(items=items, next_cursor=following)


def shows_names(actor: Actor, report: Report) -> bool:
    """Whether the actor works with the team's residents; an administrator does not."""
    units = (str(report.team_id), str(report.institution_id), *division_path(report.division_code))
    panel = Resource("Panel", str(report.team_id), None, units)
    return decide(actor, Action.READ_PANEL, panel)[0]


def _row(
    row_id: UUID,
    position: int,
    counted: Counted,
    values: dict[str, Any] | None,
    *,
    shows_names: bool,
) -> CountedRow:
    if values is None:
        return CountedRow(id=row_id, position=position, counted=counted, gone=True)
    shown = {key: value for key, value in values.items() if key in CountedRow.model_fields}
    if not shows_names:
        shown |= {"contract_id": None, "person_name": masked_name(values["person_name"])}
    return CountedRow(position=position, counted=counted, **shown)


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> Found:
    return {row.id: dict(row._mapping) for row in session.execute(query)}


def _contracts(session: Session, ids: Collection[UUID], code: FigureCode) -> Found:
    answered = (
        select(ContractTransition.at)
        .where(
            ContractTransition.contract_id == Contract.id,
            ContractTransition.from_state == State.APPLIED,
        )
        .limit(1)
        .scalar_subquery()
    )
    at = {FigureCode.ENDED: Contract.ended_at, FigureCode.ANSWERED: answered}.get(
        code, Contract.signed_at
    )
    ended = code is FigureCode.ENDED
    query: Select[*tuple[Any, ...]] = (
        select(
            Contract.id,
            Contract.id.label("contract_id"),
            PERSON,
            Contract.pack_name.label("name"),
            Contract.pack_name_en.label("name_en"),
            at.label("at"),
            (Contract.end_reason if ended else Contract.kind).label("state"),
            Contract.applied_at,
        )
        .join(Person, Person.id == Contract.person_id)
        .where(Contract.id.in_(ids))
    )
    found = _read(session, query)
    if code is FigureCode.ANSWERED:
        for each in found.values():
            each["seconds"] = int((each["at"] - each["applied_at"]).total_seconds())
    return found


def _services(session: Session, ids: Collection[UUID], code: FigureCode) -> Found:
    at = {
        FigureCode.CONFIRMED: ServiceRecord.confirmed_at,
        FigureCode.DISPUTED: ServiceRecord.disputed_at,
    }.get(code, ServiceRecord.performed_at)
    query = (
        select(
            ServiceRecord.id,
            PERSON,
            ServiceRecord.item_code,
            ServiceRecord.staff_name.label("by"),
            ServiceRecord.state,
            at.label("at"),
            Obligation.due_on,
            Obligation.contract_id,
        )
        .join(Person, Person.id == ServiceRecord.person_id)
        .outerjoin(Obligation, Obligation.service_record_id == ServiceRecord.id)
        .where(ServiceRecord.id.in_(ids))
    )
    found = _read(session, query)
    names = item_names(session, {each["item_code"] for each in found.values()})
    for each in found.values():
        each["name"], each["name_en"] = names[each["item_code"]]
    return found


def _disputes(session: Session, ids: Collection[UUID], code: FigureCode) -> Found:
    del code  # a dispute is counted once
    query = (
        select(
            Dispute.id,
            PERSON,
            Dispute.contract_id,
            Dispute.subject.label("state"),
            Dispute.answered_at.label("at"),
            func.extract("epoch", Dispute.answered_at - Dispute.opened_at).label("lasted"),
        )
        .join(Person, Person.id == Dispute.person_id)
        .where(Dispute.id.in_(ids))
    )
    return _timed(_read(session, query))


def _emergencies(session: Session, ids: Collection[UUID], code: FigureCode) -> Found:
    del code  # an emergency is counted once
    query = (
        select(
            FollowUp.id,
            PERSON,
            FollowUp.item_code,
            FollowUp.seen_at.label("at"),
            FollowUp.seen_by.label("by"),
            func.extract("epoch", FollowUp.seen_at - FollowUp.performed_at).label("lasted"),
            literal("").label("state"),
        )
        .join(Person, Person.id == FollowUp.person_id)
        .where(FollowUp.id.in_(ids))
    )
    found = _timed(_read(session, query))
    names = item_names(session, {each["item_code"] for each in found.values()})
    for each in found.values():
        each["name"], each["name_en"] = names[each["item_code"]]
    return found


def _timed(found: Found) -> Found:
    for each in found.values():
        each["seconds"] = None if each["lasted"] is None else int(each["lasted"])
    return found


def _obligations(session: Session, ids: Collection[UUID], code: FigureCode) -> Found:
    del code  # the same row is due, kept and confirmed
    query = (
        select(
            Obligation.id,
            PERSON,
            Obligation.contract_id,
            Obligation.item_name.label("name"),
            Obligation.item_name_en.label("name_en"),
            Obligation.due_on,
            Obligation.done_at.label("at"),
        )
        .join(Person, Person.id == Obligation.person_id)
        .where(Obligation.id.in_(ids))
    )
    return _read(session, query)


COUNTED: dict[Counted, Any] = {
    Counted.CONTRACT: Contract,
    Counted.SERVICE: ServiceRecord,
    Counted.DISPUTE: Dispute,
    Counted.FOLLOW_UP: FollowUp,
    Counted.OBLIGATION: Obligation,
}
LOOKS: dict[Counted, Callable[[Session, Collection[UUID], FigureCode], Found]] = {
    Counted.CONTRACT: _contracts,
    Counted.SERVICE: _services,
    Counted.DISPUTE: _disputes,
    Counted.FOLLOW_UP: _emergencies,
    Counted.OBLIGATION: _obligations,
}

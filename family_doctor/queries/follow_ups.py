"""Reads of follow-ups."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, PageQuery, read_page
from family_doctor.follow_ups import age_on, assess
from family_doctor.models import Contract, FollowUp
from family_doctor.queries.contracts import contract_resource
from family_doctor.queries.norms import find_norm, find_norms, get_form
from family_doctor.schemas import (
    FollowUpSearch,
    FollowUpView,
    FormDefinition,
    Norm,
    PlanAction,
    ResidentFollowUp,
)
from family_doctor.states import IN_FORCE
from residents.public import Person, acting, people_by_id, representatives_of
from residents.schemas import Scope

SHORT = (
    FollowUp.id,
    FollowUp.service_record_id,
    FollowUp.person_id,
    FollowUp.item_code,
    FollowUp.form_code,
    FollowUp.performed_at,
    FollowUp.result,
    FollowUp.emergency,
    FollowUp.referral,
    FollowUp.next_on,
)

NEWEST = (FollowUp.performed_at.expression, FollowUp.id.expression)


def contract_to_serve(session: Session, actor: Actor, person_id: UUID) -> Contract:
    """The contract in force of a person whom the actor's team serves, held until the transaction
    ends. Raises NotFound or Denied.
    """
    contract = session.scalar(
        select(Contract)
        .where(Contract.person_id == person_id, Contract.state.in_(IN_FORCE))
        .with_for_update(key_share=True)
    )
    if contract is None:
        raise NotFound()
    require(session, actor, PlanAction.SERVE, contract_resource(contract))
    return contract


def find_contract(session: Session, person_id: UUID) -> Contract | None:
    """The contract in force of a person. The caller asks the policy."""
    return session.scalar(
        select(Contract).where(Contract.person_id == person_id, Contract.state.in_(IN_FORCE))
    )


def form_of_item(session: Session, item_code: str) -> tuple[Norm, FormDefinition]:
    """The norm that gives a service a form, and the form. Raises NotFound where it has none."""
    for norm in find_norms(session)[1]:
        if norm.item == item_code and norm.form and norm.assessment:
            return norm, get_form(session, norm.form)
    raise NotFound()


def follow_up_resource(row: Any) -> Resource:
    """A follow-up as the policy sees it: the resident's, in the team that recorded it."""
    return Resource("FollowUp", str(row.id), row.person_id, (str(row.team_id),))


def require_seeing(session: Session, actor: Actor, person_id: UUID) -> None:
    """Let the actor see what is planned for a person and what was found: themself, or somebody
    whose records they may see. Raises Denied.
    """
    kin = _seers(session, actor, person_id)
    found = Resource("FollowUp", "own", person_id, more={"kin": kin})
    require(session, acting(actor, person_id, kin), PlanAction.READ_FOLLOW_UP, found)


def _seers(session: Session, actor: Actor, person_id: UUID) -> list[str]:
    if actor.person_id in (None, person_id):
        return []
    return sorted(map(str, representatives_of(session, person_id, Scope.SEE_RECORDS)))


def get_follow_up(session: Session, actor: Actor, follow_up_id: UUID) -> FollowUpView:
    """A follow-up with its values. Raises NotFound or Denied."""
    row = session.get(FollowUp, follow_up_id)
    if row is None:
        raise NotFound()
    kin = _seers(session, actor, row.person_id)
    resource = replace(follow_up_resource(row), more={"kin": kin})
    require(session, acting(actor, row.person_id, kin), PlanAction.READ_FOLLOW_UP, resource)
    return view_follow_up(session, row)


def view_follow_up(session: Session, row: FollowUp) -> FollowUpView:
    """A row in the words of its form and norm. The caller has asked the policy."""
    values = json.loads(row.document)
    norm = find_norm(session, row.norm_code)
    emergencies: tuple[tuple[str, str], ...] = ()
    advice = advice_en = ""
    if row.emergency and norm and norm.assessment:
        born = people_by_id(session, {row.person_id})[row.person_id].birth_date
        on = row.performed_at.date()
        said = assess(norm.assessment, values, age_on(born, on), None, on)
        emergencies, advice, advice_en = said.emergencies, said.advice, said.advice_en
    return FollowUpView(
        **{column.key: getattr(row, column.key) for column in SHORT},
        team_id=row.team_id,
        form=get_form(session, row.form_code, row.form_version),
        values=values,
        computed=row.computed,
        result_reason=row.result_reason,
        result_by=row.result_by,
        emergencies=emergencies,
        advice=advice,
        advice_en=advice_en,
    )


def list_own_follow_ups(
    session: Session, actor: Actor, search: FollowUpSearch
) -> Page[ResidentFollowUp]:
    """The actor's own follow-ups, or a person's whose records they may see, newest first. Raises
    Denied.
    """
    person_id = search.person_id or actor.person_id
    if person_id is None:
        return Page(items=[])
    require_seeing(session, actor, person_id)
    return _page(session, _short().where(FollowUp.person_id == person_id), search)


def follow_ups_of(session: Session, person_id: UUID, page: PageQuery) -> Page[ResidentFollowUp]:
    """A person's follow-ups, newest first. The caller has asked the policy."""
    return _page(session, _short().where(FollowUp.person_id == person_id), page)


def _short() -> Select[*tuple[Any, ...]]:
    return select(*SHORT, *NEWEST)


def _page(
    session: Session, query: Select[*tuple[Any, ...]], page: PageQuery
) -> Page[ResidentFollowUp]:
    rows, following = read_page(session, query, NEWEST, page, descending=True)
    return Page(items=[ResidentFollowUp.model_validate(r) for r in rows], next_cursor=following)


def age_of(session: Session, person_id: UUID, on: Any) -> int:
    """Years of age of a person on a day. The caller has asked the policy."""
    born = session.scalars(select(Person.birth_date).where(Person.id == person_id)).one()
    return age_on(born, on)

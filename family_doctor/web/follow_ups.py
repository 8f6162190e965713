"""The form of a follow-up for the team, and its result for both sides."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from sqlalchemy.orm import Session

from core import clock
from core.access import Role, decide
from core.database import transaction
from core.errors import Conflict, Invalid
from core.messages import N_
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.names import named
from core.web.writes import write
from family_doctor.follow_ups import bmi
from family_doctor.models import Contract
from family_doctor.queries.contracts import contract_resource, read_contract
from family_doctor.queries.follow_ups import find_contract, form_of_item, get_follow_up
from family_doctor.schemas import (
    Action,
    FieldKind,
    FollowUpView,
    FormDefinition,
    FormField,
    PlanAction,
    Reclassify,
    RecordFollowUp,
)
from family_doctor.services import follow_ups as services
from family_doctor.web import care_words, wording
from residents.public import people_by_id
from service_packs.public import item_names

TEAM = (Role.LEADER, Role.MEMBER)
# Fields of the page that are none of the form's.
OWN = ("performed_at", "next_on", "confirmed")
pages = Blueprint("family_doctor_follow_ups", __name__, url_prefix="/family-doctor")


@pages.context_processor
def name_things() -> dict[str, object]:
    """Give the templates the words and the day."""
    return {"wording": wording, "words": care_words, "today": clock.today()}


@pages.get("/panel/<uuid:contract_id>/follow-ups/<item_code>")
@open_to(*TEAM)
def new(contract_id: UUID, item_code: str) -> ResponseReturnValue:
    """An empty form for a service."""
    return _form_page(contract_id, item_code, blank(RecordFollowUp), {})


@pages.post("/panel/<uuid:contract_id>/follow-ups/<item_code>")
@open_to(*TEAM)
def create(contract_id: UUID, item_code: str) -> ResponseReturnValue:
    """Record it; what was typed stays until it is right."""
    form = blank(RecordFollowUp)
    with transaction() as session:
        contract = read_contract(session, current_actor(), Action.READ_CONTRACT, contract_id)
        _, definition = form_of_item(session, item_code)
        person_id = contract.person_id
    typed = _typed(definition)
    form.values = {name: value for name, value in request.form.items() if name in OWN}
    try:
        command = RecordFollowUp.model_validate(
            {
                "person_id": person_id,
                "item_code": item_code,
                "values": typed,
                **{name: value for name, value in form.values.items() if value},
            }
        )
    except ValidationError as error:
        names = {str(problem["loc"][0]) for problem in error.errors()}
        form.errors = dict.fromkeys(names, gettext(N_("请填写正确的日期。")))
        form.status = 422
        return _form_page(contract_id, item_code, form, typed)
    try:
        recorded = write(
            FollowUpView,
            lambda session: services.record_follow_up(session, current_actor(), command),
        )
    except (Invalid, Conflict) as error:
        form.fail(error)
        return _form_page(
            contract_id, item_code, form, typed, unusual=error.code == "unusual_values"
        )
    flash(gettext("随访已登记，居民会收到结果。"), "warn" if recorded.emergency else "good")
    return redirect(url_for("family_doctor_follow_ups.show", follow_up_id=recorded.id))


@pages.get("/follow-ups/<uuid:follow_up_id>")
@open_to(SIGNED_IN)
def show(follow_up_id: UUID) -> ResponseReturnValue:
    """The result: in plain words for the resident, with the next step for the team."""
    return _result_page(follow_up_id, blank(Reclassify))


@pages.post("/follow-ups/<uuid:follow_up_id>/class")
@open_to(*TEAM)
def reclassify(follow_up_id: UUID) -> ResponseReturnValue:
    """The doctor's own class."""
    form = read_form(Reclassify)
    command = form.command
    if command is None:
        return _result_page(follow_up_id, form)
    try:
        write(
            FollowUpView,
            lambda session: services.reclassify(session, current_actor(), follow_up_id, command),
        )
    except (Invalid, Conflict) as error:
        form.fail(error)
        return _result_page(follow_up_id, form)
    flash(gettext("分级已更正，下次随访的日期已按新的分级安排。"), "good")
    return redirect(url_for("family_doctor_follow_ups.show", follow_up_id=follow_up_id))


@pages.post("/follow-ups/<uuid:follow_up_id>/seen")
@open_to(*TEAM)
def seen(follow_up_id: UUID) -> ResponseReturnValue:
    """The emergency is in hand."""
    write(
        FollowUpView,
        lambda session: services.see_to_emergency(session, current_actor(), follow_up_id),
    )
    flash(gettext("已记下有人处理，今日页面不再提醒。"), "good")
    return redirect(url_for("family_doctor_follow_ups.show", follow_up_id=follow_up_id))


def _typed(definition: FormDefinition) -> dict[str, Any]:
    """What was typed, by the fields of the form."""
    many = (FieldKind.CHOICES,)
    return {
        field.name: (
            request.form.getlist(field.name)
            if field.kind in many
            else request.form.get(field.name, "").strip()
        )
        for field in definition.fields
    }


def _form_page(
    contract_id: UUID,
    item_code: str,
    form: Form[RecordFollowUp],
    typed: Mapping[str, Any],
    *,
    unusual: bool = False,
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        contract: Contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
        _, definition = form_of_item(session, item_code)
        person = people_by_id(session, {contract.person_id})[contract.person_id]
    form.values |= {name: value if isinstance(value, str) else "" for name, value in typed.items()}
    page = render_template(
        "family_doctor/care/follow_up_form.html",
        contract_id=contract_id,
        item_code=item_code,
        person=person,
        definition=definition,
        form=form,
        typed=typed,
        unusual=unusual,
    )
    return page, form.status


def _result_page(follow_up_id: UUID, form: Form[Reclassify]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        found = get_follow_up(session, actor, follow_up_id)
        own = actor.person_id == found.person_id
        person = people_by_id(session, {found.person_id})[found.person_id]
        contract = None if own else _serving(session, found)
        names = item_names(session)[found.item_code]
        norm = form_of_item(session, found.item_code)[0]
    page = render_template(
        "family_doctor/care/follow_up.html",
        found=found,
        own=own,
        person=person,
        contract=contract,
        item=named(*names),
        results=list(norm.assessment.next_days) if norm.assessment else [],
        bmi=bmi(found.values),
        show=_shown,
        form=form,
    )
    return page, form.status


def _serving(session: Session, found: FollowUpView) -> Contract | None:
    """The contract in force that lets the actor act on the result, if there is one."""
    contract = find_contract(session, found.person_id)
    if contract is None:
        return None
    allowed, _ = decide(current_actor(), PlanAction.SERVE, contract_resource(contract))
    return contract if allowed else None


def _shown(field: FormField, value: Any) -> str:
    """A value in the reader's words."""
    labels = {option.code: named(option.label, option.label_en) for option in field.choices}
    if field.kind is FieldKind.FLAG:
        return gettext("有")
    if isinstance(value, list):
        return "；".join(str(labels.get(each, each)) for each in value)
    shown = labels.get(value, str(value))
    return f"{shown} {named(field.unit)}".strip()

"""Long-term medicines and requests to renew them: the resident's pages and the team's."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Role, decide
from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.follow_ups import find_contract
from family_doctor.queries.medicines import (
    family_to_renew,
    find_prescription_rules,
    get_medicine,
    list_medicines,
    standing_of,
    team_medicines,
)
from family_doctor.queries.refills import (
    list_refills,
    load_refill,
    named,
    refill_resource,
)
from family_doctor.queries.team import require_team, teams_worked_in
from family_doctor.schemas import (
    Action,
    AskRefill,
    DecideRefill,
    EnterMedicine,
    MedicineSearch,
    MedicineView,
    PrescriptionAction,
    RefillSearch,
    RefillView,
)
from family_doctor.schemas.base import Command
from family_doctor.schemas.prescriptions import GIVEN, UNANSWERED
from family_doctor.services import medicines as medicine_services
from family_doctor.services import refills as services
from family_doctor.services.doctors import PRESCRIBERS, is_one_of
from family_doctor.web import care_words, refill_words, wording
from residents.public import name_of_other, people_by_id

TEAM = (Role.LEADER, Role.MEMBER)
pages = Blueprint("family_doctor_prescriptions", __name__, url_prefix="/family-doctor")


@pages.context_processor
def name_states() -> dict[str, object]:
    """Give the templates the words, the day and the moment."""
    return {
        "wording": wording,
        "words": refill_words,
        "results": care_words,
        "today": clock.today(),
        "now": clock.now(),
    }


@pages.get("/medicines")
@open_to(SIGNED_IN)
def medicines() -> ResponseReturnValue:
    """What I, or one of my family, take for long, and whether it can be renewed now."""
    search = read_query(MedicineSearch)
    actor = current_actor()
    if actor.person_id is None:
        here = url_for(".medicines", person_id=search.person_id)
        return redirect(url_for("residents.verify", next=here), 303)
    with transaction() as session:
        found = list_medicines(session, actor, search.person_id)
        family = family_to_renew(session, actor)
        acting_for = name_of_other(session, actor, search.person_id)
    used = [each for each in found.items if each.ended_at is None]
    return render_template(
        "family_doctor/refills/medicines.html",
        search=search,
        # What can be asked for now comes first.
        medicines=sorted(used, key=lambda each: bool(each.hurdles)),
        ended=[each for each in found.items if each.ended_at is not None],
        family=family,
        acting_for=acting_for,
        institution_id=found.institution_id,
    )


@pages.get("/medicines/requests")
@open_to(SIGNED_IN)
def requests() -> ResponseReturnValue:
    """The requests of a person, newest first."""
    search, actor = read_query(RefillSearch, team_id=None), current_actor()
    with transaction() as session:
        found = list_refills(session, actor, search)
        acting_for = name_of_other(session, actor, search.person_id)
    return render_template(
        "family_doctor/refills/requests.html",
        search=search,
        acting_for=acting_for,
        found=found.items,
        pager=pager(found),
    )


@pages.get("/medicines/<uuid:medicine_id>/refill")
@open_to(SIGNED_IN)
def asking(medicine_id: UUID) -> ResponseReturnValue:
    """Ask for one medicine."""
    return _ask_page(medicine_id, blank(AskRefill), 200)


@pages.post("/medicines/<uuid:medicine_id>/refill")
@open_to(SIGNED_IN)
def ask(medicine_id: UUID) -> ResponseReturnValue:
    """Send it to the team."""
    form, actor = read_form(AskRefill), current_actor()
    made = attempt(
        form,
        RefillView,
        lambda session, command: services.ask_refill(session, actor, medicine_id, command),
    )
    if made is None:
        return _ask_page(medicine_id, form, form.status)
    flash(gettext("申请已送到团队，有答复会发消息告诉您。"), "good")
    return redirect(url_for(".show", refill_id=made.id), 303)


@pages.get("/refills/<uuid:refill_id>")
@open_to(SIGNED_IN)
def show(refill_id: UUID) -> ResponseReturnValue:
    """One request: the answer for the resident, the decision for the team."""
    return _refill_page(refill_id, blank(DecideRefill), 200)


@pages.post("/refills/<uuid:refill_id>/withdraw")
@open_to(SIGNED_IN)
def withdraw(refill_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    actor = current_actor()
    return carry_out(
        Command,
        RefillView,
        lambda session, _: services.withdraw_refill(session, actor, refill_id),
        gettext("申请已撤回。"),
        url_for(".show", refill_id=refill_id),
    )


@pages.post("/refills/<uuid:refill_id>/confirm")
@open_to(SIGNED_IN)
def confirm(refill_id: UUID) -> ResponseReturnValue:
    """The doctor's explanation of a long supply was read."""
    actor = current_actor()
    return carry_out(
        Command,
        RefillView,
        lambda session, _: services.confirm_refill(session, actor, refill_id),
        gettext("已记下您的确认。"),
        url_for(".show", refill_id=refill_id),
    )


@pages.get("/refills")
@open_to(*TEAM)
def of_team() -> ResponseReturnValue:
    """What residents of one's team ask for."""
    search = read_query(RefillSearch)
    with transaction() as session:
        teams = teams_worked_in(session, current_actor())
        team = require_team(session, current_actor(), teams, search.team_id)
        search = search.model_copy(update={"team_id": team.id, "person_id": None})
        found = list_refills(session, current_actor(), search)
    return render_template(
        "family_doctor/refills/team.html",
        team=team,
        teams=teams,
        search=search,
        found=found.items,
        pager=pager(found),
    )


@pages.post("/refills/<uuid:refill_id>/decide")
@open_to(*TEAM)
def settle(refill_id: UUID) -> ResponseReturnValue:
    """The doctor's answer."""
    form, actor = read_form(DecideRefill), current_actor()
    done = attempt(
        form,
        RefillView,
        lambda session, command: services.decide_refill(session, actor, refill_id, command),
    )
    if done is None:
        return _refill_page(refill_id, form, form.status)
    flash(gettext("答复已发给居民。"), "good")
    return redirect(url_for(".show", refill_id=refill_id), 303)


@pages.get("/panel/<uuid:contract_id>/medicines")
@open_to(*TEAM)
def of_resident(contract_id: UUID) -> ResponseReturnValue:
    """The list of what a resident takes for long, and the form to enter one."""
    return _resident_page(contract_id, blank(EnterMedicine), 200)


@pages.post("/panel/<uuid:contract_id>/medicines")
@open_to(*TEAM)
def enter(contract_id: UUID) -> ResponseReturnValue:
    """Enter one."""
    actor = current_actor()
    with transaction() as session:
        contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
        person_id = contract.person_id
    form = read_form(EnterMedicine, person_id=person_id)
    made = attempt(
        form,
        MedicineView,
        lambda session, command: medicine_services.enter_medicine(session, actor, command),
    )
    if made is None:
        return _resident_page(contract_id, form, form.status)
    flash(gettext("已登记，居民可以看到，符合规定时可以申请续方。"), "good")
    return redirect(url_for(".of_resident", contract_id=contract_id), 303)


@pages.post("/panel/<uuid:contract_id>/medicines/<uuid:medicine_id>/end")
@open_to(*TEAM)
def end(contract_id: UUID, medicine_id: UUID) -> ResponseReturnValue:
    """It is taken no more."""
    actor = current_actor()
    return carry_out(
        Command,
        MedicineView,
        lambda session, _: medicine_services.end_medicine(session, actor, medicine_id),
        gettext("已停用。"),
        url_for(".of_resident", contract_id=contract_id),
    )


def _ask_page(medicine_id: UUID, form: Form[AskRefill], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        rules = find_prescription_rules(session)
        medicine = get_medicine(session, actor, medicine_id, PrescriptionAction.ASK, rules)
        person = people_by_id(session, {medicine.person_id})[medicine.person_id]
    page = render_template(
        "family_doctor/refills/ask.html",
        acting_for=None if medicine.person_id == actor.person_id else person.name,
        medicine=medicine,
        person=person,
        own=medicine.person_id == actor.person_id,
        answer_days=rules.answer_days if rules else 0,
        form=form,
    )
    return page, status


def _refill_page(refill_id: UUID, form: Form[DecideRefill], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        asker, row = load_refill(session, actor, refill_id, PrescriptionAction.READ)
        refill = named(session, [row])[0]
        rules = find_prescription_rules(session)
        side = asker.acting_for == row.person_id or actor.person_id == row.person_id
        works = not side and decide(actor, PrescriptionAction.DECIDE, refill_resource(row))[0]
        doctor = works and is_one_of(session, actor, PRESCRIBERS)
        contract = find_contract(session, row.person_id) if works else None
        standing = standing_of(session, row.person_id, contract) if doctor else None
        acting_for = name_of_other(session, actor, row.person_id)
    drug = rules.drug(refill.class_code) if rules else None
    page = render_template(
        "family_doctor/refills/refill.html",
        refill=refill,
        drug=drug,
        own=actor.person_id == refill.person_id,
        resident_side=side,
        acting_for=acting_for,
        may_decide=doctor and refill.state in UNANSWERED,
        works=works,
        seen=[each for each in standing.seen if drug and each.item_code in drug.follow_ups]
        if standing
        else [],
        contract_id=contract.id if contract and contract.team_id == refill.team_id else None,
        most_days=rules.most_days if rules else refill.usual_days,
        waiting=refill.state in UNANSWERED,
        given=refill.state in GIVEN,
        form=form,
    )
    return page, status


def _resident_page(
    contract_id: UUID, form: Form[EnterMedicine], status: int
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
        rules = find_prescription_rules(session)
        found, may_keep = team_medicines(session, actor, contract, rules)
        doctor = may_keep and is_one_of(session, actor, PRESCRIBERS)
        person = people_by_id(session, {contract.person_id})[contract.person_id]
    page = render_template(
        "family_doctor/refills/resident.html",
        contract_id=contract_id,
        person=person,
        medicines=found,
        may_keep=doctor,
        classes=rules.classes if rules else (),
        most_days=rules.most_days if rules else 0,
        form=form,
    )
    return page, status

"""/residents/register and /residents/claims: staff register people by their papers, and see those
by which an account says who it is.
"""

from typing import TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from core.database import transaction
from core.errors import PortalError
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.writes import write
from directory.public import list_villages
from directory.schemas import VillageView
from residents.papers import verifier
from residents.queries.bindings import CHECK_ROLES, desk_institutions
from residents.queries.claims import get_claim, list_claims
from residents.queries.identifiers import may_read_numbers
from residents.schemas import (
    Alike,
    ClaimCase,
    ClaimSearch,
    ConfirmClaim,
    IdentifierKind,
    RefuseClaim,
    Registered,
    RegisterPerson,
    RegisterState,
)
from residents.services.claims import confirm_claim, refuse_claim
from residents.services.identity import check_id_number
from residents.services.papers import count_registration, register_at_desk
from residents.web import paper_words, wording
from residents.web.places import townships

pages = Blueprint("residents_papers", __name__, url_prefix="/residents")
REGISTERED = "residents_papers.register"
NONE_OF_THEM = "none"
C = TypeVar("C", bound=BaseModel)


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of kinds, states and sexes for the templates."""
    return {"words": paper_words, "wording": wording}


@pages.get("/register")
@open_to(*CHECK_ROLES)
def register() -> ResponseReturnValue:
    """The form of somebody whose paper lies on the desk."""
    return _register_page(blank(RegisterPerson), [])


@pages.post("/register")
@open_to(*CHECK_ROLES)
def submit_register() -> ResponseReturnValue:
    """Register them, or ask which of those known they are."""
    form = read_choice(RegisterPerson)
    if form.command is None:
        return _register_page(form, [])
    try:
        done = register_person(form.command)
    except PortalError as error:
        form.fail(error)
        return _register_page(form, [])
    if done.state is RegisterState.ASKED or done.person is None:
        form.status = 409
        return _register_page(form, done.alike)
    if done.state is RegisterState.REGISTERED:
        flash(gettext("%(name)s已登记。", name=done.person.name), "good")
    else:
        flash(gettext("%(name)s已经登记过，没有重复登记。", name=done.person.name), "info")
    return redirect(_next(done.person.id), 303)


@pages.get("/claims")
@open_to(*CHECK_ROLES)
def claims() -> ResponseReturnValue:
    """Accounts at one's institutions that say who they are by a paper."""
    search = read_query(ClaimSearch)
    with transaction() as session:
        found = list_claims(session, current_actor(), search)
    return render_template(
        "residents/papers/claims.html", found=found.items, search=search, pager=pager(found)
    )


@pages.get("/claims/<uuid:claim_id>")
@open_to(*CHECK_ROLES)
def claim(claim_id: UUID) -> ResponseReturnValue:
    """One claim, to hold the paper against."""
    return _claim_page(claim_id, blank(ConfirmClaim), blank(RefuseClaim))


@pages.post("/claims/<uuid:claim_id>/confirm")
@open_to(*CHECK_ROLES)
def confirm(claim_id: UUID) -> ResponseReturnValue:
    """The paper is right: the account is theirs."""
    form = read_choice(ConfirmClaim)
    command = form.command
    if command is None:
        return _claim_page(claim_id, form, blank(RefuseClaim))
    try:
        write(ClaimCase, lambda s: confirm_claim(s, current_actor(), claim_id, command))
    except PortalError as error:
        form.fail(error)
        return _claim_page(claim_id, form, blank(RefuseClaim))
    flash(gettext("已确认，这个账号现在可以签约和预约了。"), "good")
    return redirect(url_for("residents_papers.claims"), 303)


@pages.post("/claims/<uuid:claim_id>/refuse")
@open_to(*CHECK_ROLES)
def refuse(claim_id: UUID) -> ResponseReturnValue:
    """The paper does not show it."""
    form = read_form(RefuseClaim)
    command = form.command
    if command is None:
        return _claim_page(claim_id, blank(ConfirmClaim), form)
    try:
        write(ClaimCase, lambda s: refuse_claim(s, current_actor(), claim_id, command))
    except PortalError as error:
        form.fail(error)
        return _claim_page(claim_id, blank(ConfirmClaim), form)
    flash(gettext("已退回，申请人会看到原因。"), "good")
    return redirect(url_for("residents_papers.claims"), 303)


def register_person(command: RegisterPerson) -> Registered:
    """Count somebody looked up, ask the identity service of an ID card outside any transaction,
    then register. Raises PortalError.
    """
    actor = current_actor()
    is_card = command.kind is IdentifierKind.ID_CARD
    if is_card:
        check_id_number(command.number)
    with transaction() as session:
        count_registration(session, actor)
    verdict = verifier().verify(command.name, command.number) if is_card else None
    return write(Registered, lambda s: register_at_desk(s, actor, command, verdict))


def read_choice(command: type[C]) -> Form[C]:
    """The submitted form, in which one of the radios of ``same`` says that it is none of them."""
    form = read_form(command)
    if form.values.get("same") == NONE_OF_THEM:
        typed = dict(form.values)
        form = read_form(command, same=None, anew=True)
        form.values = typed
    return form


def alike_choices(alike: list[Alike] | tuple[Alike, ...]) -> list[tuple[str, str, str]]:
    """Those who look the same, for radios, and that it is none of them where that may be."""
    options = [
        (
            str(each.id),
            f"{each.name} {gettext(paper_words.KINDS[each.kind])} {each.paper}",
            gettext("就是这份证件") if each.same_paper else gettext("姓名、性别和出生日期相同"),
        )
        for each in alike
    ]
    if not any(each.same_paper for each in alike):
        options.append((NONE_OF_THEM, gettext("都不是，是另一个人"), ""))
    return options


def _next(person_id: UUID) -> str:
    """The person's numbers, for whoever sees them: not who only registers people at the desk."""
    with transaction() as session:
        if may_read_numbers(session, current_actor(), person_id):
            return url_for("residents_identifiers.show", person_id=person_id)
    return url_for(REGISTERED)


def _register_page(form: Form[RegisterPerson], alike: list[Alike]) -> ResponseReturnValue:
    actor = current_actor()
    villages: list[VillageView] = []
    with transaction() as session:
        institutions = desk_institutions(session, actor)
        if len(institutions) == 1:
            form.values.setdefault("institution_id", str(institutions[0].id))
            form.values.setdefault("division_code", institutions[0].division_code)
        if form.values.get("division_code"):
            villages = list_villages(session, form.values["division_code"])
        places = townships(session)
    page = render_template(
        "residents/papers/register.html",
        form=form,
        institutions=[(each.id, each.name) for each in institutions],
        papers=paper_words.paper_choices(with_card=True),
        sexes=[(sex, gettext(word)) for sex, word in wording.SEXES.items()],
        townships=places,
        villages=[(each.code, each.name) for each in villages],
        alike=alike_choices(alike) if alike else [],
    )
    return page, form.status


def _claim_page(
    claim_id: UUID, form: Form[ConfirmClaim], refusal: Form[RefuseClaim]
) -> ResponseReturnValue:
    with transaction() as session:
        case = get_claim(session, current_actor(), claim_id)
    page = render_template(
        "residents/papers/claim.html",
        case=case,
        form=form,
        refusal=refusal,
        alike=alike_choices(case.alike) if case.alike else [],
    )
    return page, max(form.status, refusal.status)

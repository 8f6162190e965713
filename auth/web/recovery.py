"""/auth/recovery: a lost phone, at an institution's desk; /auth/objection: the old contact's no."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth import ports
from auth.queries.recovery import (
    DESK_ROLES,
    READERS,
    get_recovery,
    list_recoveries,
    may_begin,
    own_institutions,
)
from auth.recovery import State
from auth.schemas import (
    BeginRecovery,
    Objection,
    Papers,
    PapersSeen,
    ProveNewPhone,
    RecoverySearch,
    RecoveryView,
)
from auth.services import codes as code_services
from auth.services import recovery as services
from auth.web.entering import FORM_BYTES, TRIES, WITHIN
from auth.web.identity import origin
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict, Invalid, PortalError, StepUpRequired
from core.messages import N_
from core.web.access import ANYONE, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.limits import By, body_at_most, limited
from core.web.pager import pager
from core.web.problems import translated

pages = Blueprint("recovery", __name__, url_prefix="/auth/recovery")
objections = Blueprint("objection", __name__, url_prefix="/auth/objection")

STATE_LABELS = {
    State.BEGUN: (N_("等第二人核对"), "warn"),
    State.WAITING: (N_("等待生效"), "info"),
    State.DONE: (N_("已生效"), "good"),
    State.CONTESTED: (N_("被阻止，等复核"), "bad"),
    State.REVIEWED: (N_("复核后等待生效"), "info"),
    State.OBJECTED: (N_("被原号码阻止"), "bad"),
    State.WITHDRAWN: (N_("已撤回"), "calm"),
    State.LAPSED: (N_("已过期"), "calm"),
}


@pages.get("/")
@open_to(*READERS)
def listing() -> ResponseReturnValue:
    """Recoveries at one's institutions."""
    search = read_query(RecoverySearch)
    with transaction() as session:
        found = list_recoveries(session, current_actor(), search)
    return render_template(
        "auth/recovery/list.html",
        found=found,
        search=search,
        pager=pager(found),
        states=STATE_LABELS,
        at_a_desk=current_actor().at_a_desk(*DESK_ROLES),
    )


@pages.get("/new")
@open_to(*DESK_ROLES)
def new() -> ResponseReturnValue:
    """The form of what stands on the papers, and the new phone."""
    return _new_page(blank(BeginRecovery), 200)


@pages.post("/new")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*DESK_ROLES)
def show_papers() -> ResponseReturnValue:
    """Check the papers, and send a code to the new phone."""
    form = read_form(BeginRecovery)
    command = form.command
    if command is None:
        return _new_page(form, 422)
    try:
        seen = see_papers(command)
    except StepUpRequired:
        raise
    except PortalError as error:
        return _new_page(form, form.fail(error))
    values = {
        "account_id": str(seen.account_id),
        "challenge_id": str(seen.challenge_id),
        "unit": command.unit,
        "phone": command.phone,
    }
    return _code_page(Form(values=values), 200)


@pages.post("/begin")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*DESK_ROLES)
def begin() -> ResponseReturnValue:
    """Open the case, as the new phone got the code."""
    form = read_form(ProveNewPhone)
    command = form.command
    if command is None:
        return _code_page(form, 422)
    try:
        case = prove_new_phone(command)
    except StepUpRequired:
        raise
    except PortalError as error:
        return _code_page(form, form.fail(error))
    flash(gettext("第一人核对已完成。请另一位同事用自己的账号核对同一份证件。"), "good")
    return redirect(url_for("recovery.show", case_id=case.id), 303)


@pages.get("/<uuid:case_id>")
@open_to(*READERS)
def show(case_id: UUID) -> ResponseReturnValue:
    """One recovery; the second member of staff enters the papers here."""
    return _case_page(case_id, blank(Papers), 200)


@pages.post("/<uuid:case_id>/confirm")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*DESK_ROLES)
def confirm(case_id: UUID) -> ResponseReturnValue:
    """The second member of staff saw the papers too."""
    form = read_form(Papers)
    command = form.command
    if command is None:
        return _case_page(case_id, form, 422)
    try:
        confirm_papers(case_id, command)
    except StepUpRequired:
        raise
    except PortalError as error:
        return _case_page(case_id, form, form.fail(error))
    flash(gettext("两人核对已完成。原手机号会收到通知，24 小时内没有人阻止就生效。"), "good")
    return redirect(url_for("recovery.show", case_id=case_id), 303)


@pages.post("/<uuid:case_id>/overrule")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(Role.SECURITY)
def overrule(case_id: UUID) -> ResponseReturnValue:
    """A security administrator saw the papers, and does not let the objection stand."""
    form = read_form(Papers)
    command = form.command
    if command is None:
        return _case_page(case_id, form, 422)
    try:
        overrule_objection(case_id, command)
    except StepUpRequired:
        raise
    except PortalError as error:
        return _case_page(case_id, form, form.fail(error))
    flash(gettext("复核已完成。原手机号会再收到通知，7 天后生效。"), "good")
    return redirect(url_for("recovery.show", case_id=case_id), 303)


@pages.post("/<uuid:case_id>/uphold")
@open_to(Role.SECURITY)
def uphold(case_id: UUID) -> ResponseReturnValue:
    """A security administrator lets the objection stand."""
    try:
        with transaction() as session:
            services.uphold(session, current_actor(), case_id)
    except Conflict as error:
        flash(translated(error.message), "bad")
    else:
        flash(gettext("已维持阻止，手机号不变。"), "good")
    return redirect(url_for("recovery.show", case_id=case_id), 303)


@pages.post("/<uuid:case_id>/withdraw")
@open_to(*DESK_ROLES)
def withdraw(case_id: UUID) -> ResponseReturnValue:
    """Call it off."""
    try:
        with transaction() as session:
            services.withdraw(session, current_actor(), case_id)
    except Conflict as error:
        flash(translated(error.message), "bad")
    else:
        flash(gettext("已撤回，手机号不变。"), "good")
    return redirect(url_for("recovery.show", case_id=case_id), 303)


@objections.get("")
@open_to(ANYONE)
def ask() -> ResponseReturnValue:
    """What the link in the message opens."""
    values = {"code": request.args.get("code", "")}
    return render_template("auth/recovery/objection.html", form=Form[Objection](values=values))


@objections.post("")
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def object_to() -> ResponseReturnValue:
    """Stop the recovery."""
    form = read_form(Objection)
    try:
        if form.command is None:
            raise Invalid("incomplete_link", services.UNKNOWN_LINK)
        with transaction() as session:
            services.object_to(session, form.command, origin())
    except PortalError as error:
        status = form.fail(error)
        return render_template("auth/recovery/objection.html", form=form), status
    return render_template("auth/recovery/objected.html")


def see_papers(command: BeginRecovery) -> PapersSeen:
    """Ask the real-name service between transactions, then send the code. Raises PortalError."""
    actor = current_actor()
    genuine = _genuine(actor, command, may_begin)
    with transaction() as session:
        seen, code = services.see_papers(session, actor, command, genuine, origin())
    ports.send_code(command.phone, code, seen.challenge_id)
    return seen


def prove_new_phone(command: ProveNewPhone) -> RecoveryView:
    """Take a try, then the code; a wrong code keeps the try. Raises PortalError."""
    with transaction() as session:
        if not code_services.count_try(session, command.challenge_id):
            raise code_services.wrong_code()
    with transaction() as session:
        return services.begin(session, current_actor(), command, origin())


def confirm_papers(case_id: UUID, command: Papers) -> RecoveryView:
    """As ``see_papers``, for the second member of staff."""
    actor = current_actor()
    genuine = _genuine(actor, command, lambda session, who: get_recovery(session, who, case_id))
    with transaction() as session:
        return services.confirm(session, actor, case_id, command, genuine)


def overrule_objection(case_id: UUID, command: Papers) -> RecoveryView:
    """As ``see_papers``, for the security administrator."""
    actor = current_actor()
    genuine = _genuine(actor, command, lambda session, who: get_recovery(session, who, case_id))
    with transaction() as session:
        return services.overrule(session, actor, case_id, command, genuine)


def _genuine(actor: Actor, papers: Papers, asked: Callable[..., object]) -> bool:
    """Whether the papers are right, asked of the outside only for who may ask."""
    with transaction() as session:
        asked(session, actor)
    with transaction() as session:
        services.count_papers(session, actor)
    return ports.identity_desk().genuine(papers.name, papers.id_number)


def _new_page(form: Form[BeginRecovery], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        may_begin(session, actor)
        units = own_institutions(session, actor)
    if len(units) == 1:
        form.values.setdefault("unit", units[0].code)
    page = render_template(
        "auth/recovery/new.html", form=form, units=[(unit.code, unit.name) for unit in units]
    )
    return page, status


def _code_page(form: Form[ProveNewPhone], status: int) -> ResponseReturnValue:
    return render_template("auth/recovery/code.html", form=form), status


def _case_page(case_id: UUID, form: Form[Papers], status: int) -> ResponseReturnValue:
    with transaction() as session:
        case = get_recovery(session, current_actor(), case_id)
    page = render_template(
        "auth/recovery/case.html",
        case=case,
        form=form,
        states=STATE_LABELS,
        at_a_desk=bool(set(DESK_ROLES) & set(current_actor().roles)),
    )
    return page, status

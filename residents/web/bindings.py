"""/me/bindings: asking to act for a child, a ward or an adult."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from core.access import Actor
from core.database import transaction
from core.errors import Conflict, PortalError
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.limits import By, limited
from core.web.problems import translated
from core.web.writes import write
from directory.public import serving_institutions
from residents.queries import find_home
from residents.queries.bindings import get_own_binding
from residents.schemas import (
    BindAdult,
    BindChild,
    BindingState,
    BindingView,
    BindWard,
    EnterCode,
    Evidence,
    Scope,
    Way,
)
from residents.services.adults import ask_for_adult, count_code, enter_code
from residents.services.bindings import (
    CHILD_PAPERS,
    ask_for_child,
    ask_for_ward,
    withdraw_binding,
)
from residents.services.consents import count_named
from residents.web import wording

pages = Blueprint("residents_bindings", __name__, url_prefix="/me/bindings")
# Entering codes, beside the tries of each.
TRIES, WITHIN = 30, timedelta(hours=1)
C = TypeVar("C", bound=BaseModel)
Ask = Callable[[Session, Actor, C], BindingView]
FAMILY = "residents.family"


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of scopes, evidence and states for the templates."""
    return {"wording": wording}


@pages.get("/new")
@open_to(SIGNED_IN)
def new() -> ResponseReturnValue:
    """The ways, to choose from."""
    return render_template("residents/bindings/new.html", verified=current_actor().verified)


@pages.get("/child")
@open_to(SIGNED_IN)
def child() -> ResponseReturnValue:
    """The form of a child."""
    return _child_page(blank(BindChild, scopes=Scope.BOOK, evidence=Evidence.BIRTH_CERTIFICATE))


@pages.post("/child")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def ask_child() -> ResponseReturnValue:
    """Ask to act for one's child."""
    return _asked(read_scoped(BindChild), ask_for_child, _child_page)


@pages.get("/ward")
@open_to(SIGNED_IN)
def ward() -> ResponseReturnValue:
    """The form of a ward."""
    return _ward_page(blank(BindWard, scopes=Scope.BOOK))


@pages.post("/ward")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def ask_ward() -> ResponseReturnValue:
    """Ask to act for one's ward."""
    return _asked(read_scoped(BindWard), ask_for_ward, _ward_page)


@pages.get("/adult")
@open_to(SIGNED_IN)
def adult() -> ResponseReturnValue:
    """The form of an adult who will read out a code."""
    return _adult_page(blank(BindAdult, scopes=Scope.BOOK))


@pages.post("/adult")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def ask_adult() -> ResponseReturnValue:
    """Have a code sent to them; the answer is the same whether or not they are known here."""
    return _asked(read_scoped(BindAdult), ask_for_adult, _adult_page)


@pages.get("/<uuid:binding_id>")
@open_to(SIGNED_IN)
def show(binding_id: UUID) -> ResponseReturnValue:
    """What became of a request; the code is entered here."""
    return _binding_page(binding_id, blank(EnterCode), 200)


@pages.post("/<uuid:binding_id>/code")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def submit_code(binding_id: UUID) -> ResponseReturnValue:
    """The code that the person read out."""
    form = read_form(EnterCode)
    if form.command is None:
        return _binding_page(binding_id, form, 422)
    try:
        view = confirm_by_code(binding_id, form.command)
    except PortalError as error:
        return _binding_page(binding_id, form, form.fail(error))
    flash(gettext("现在可以为%(name)s代办了，双方都会收到消息。", name=view.name), "good")
    return redirect(url_for(FAMILY))


@pages.post("/<uuid:binding_id>/withdraw")
@open_to(SIGNED_IN)
def withdraw(binding_id: UUID) -> ResponseReturnValue:
    """No longer wish it."""
    try:
        write(BindingView, lambda s: withdraw_binding(s, current_actor(), binding_id))
    except Conflict as error:
        flash(translated(error.message), "bad")
        return redirect(url_for("residents_bindings.show", binding_id=binding_id))
    flash(gettext("申请已撤回。"), "good")
    return redirect(url_for(FAMILY))


def ask(command: C, service: Ask[C]) -> BindingView:
    """Count somebody named by number, then keep the request. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        count_named(session, actor)
    return write(BindingView, lambda session: service(session, actor, command))


def confirm_by_code(binding_id: UUID, command: EnterCode) -> BindingView:
    """Take a try, then the code; a wrong code keeps the try. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        count_code(session, actor, binding_id)
    return write(BindingView, lambda session: enter_code(session, actor, binding_id, command))


def read_scoped(command: type[C]) -> Form[C]:
    """The submitted form, of which all chosen scopes are kept for showing it again."""
    form = read_form(command)
    form.values["scopes"] = " ".join(request.form.getlist("scopes"))
    return form


def _asked(
    form: Form[C], service: Ask[C], page: Callable[[Form[C]], ResponseReturnValue]
) -> ResponseReturnValue:
    if form.command is None:
        return page(form)
    try:
        view = ask(form.command, service)
    except PortalError as error:
        form.fail(error)
        return page(form)
    return redirect(url_for("residents_bindings.show", binding_id=view.id))


def _child_page(form: Form[BindChild]) -> ResponseReturnValue:
    papers = [(paper.value, gettext(wording.EVIDENCE[paper])) for paper in CHILD_PAPERS]
    sexes = [(sex, gettext(word)) for sex, word in wording.SEXES.items()]
    return _document_page("residents/bindings/child.html", form, papers=papers, sexes=sexes)


def _ward_page(form: Form[BindWard]) -> ResponseReturnValue:
    return _document_page("residents/bindings/ward.html", form)


def _document_page(template: str, form: Form[C], **values: object) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        institutions = serving_institutions(session)
        home = find_home(session, actor)
    near = next((each.id for each in institutions if each.division_code == home), None)
    if near:
        form.values.setdefault("institution_id", str(near))
    page = render_template(
        template,
        form=form,
        institutions=[(each.id, f"{each.division_name} · {each.name}") for each in institutions],
        verified=actor.verified,
        **values,
    )
    return page, form.status


def _adult_page(form: Form[BindAdult]) -> ResponseReturnValue:
    page = render_template(
        "residents/bindings/adult.html", form=form, verified=current_actor().verified
    )
    return page, form.status


def _binding_page(binding_id: UUID, form: Form[EnterCode], status: int) -> ResponseReturnValue:
    with transaction() as session:
        binding = get_own_binding(session, current_actor(), binding_id)
    waits = binding.state is BindingState.WAITING
    page = render_template(
        "residents/bindings/show.html",
        binding=binding,
        form=form,
        waits=waits,
        asks_code=waits and binding.way is Way.CODE,
    )
    return page, status

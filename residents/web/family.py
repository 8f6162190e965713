"""My family: for whom I may act, who may act for me."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import Conflict, PortalError
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank
from core.web.languages import gettext
from core.web.writes import write
from residents.queries import family_of, get_consent, household_adults, list_consents
from residents.queries.bindings import list_own_bindings
from residents.schemas import ChangeConsent, GiveConsent, RepresentationView, Scope
from residents.services.consents import (
    change_consent,
    count_named,
    end_consent,
    give_consent,
)
from residents.web import wording
from residents.web.bindings import read_scoped
from residents.web.pages import pages


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of scopes and bases for the templates."""
    return {"wording": wording}


@pages.get("/family")
@open_to(SIGNED_IN)
def family() -> ResponseReturnValue:
    """Both lists, and the way to let somebody act for me."""
    actor = current_actor()
    with transaction() as session:
        represented = family_of(session, actor, None)
        representatives = list_consents(session, actor)
        asked = list_own_bindings(session, actor)
    return render_template(
        "residents/family.html",
        represented=represented,
        representatives=representatives,
        asked=asked,
        verified=actor.verified,
    )


@pages.get("/family/new")
@open_to(SIGNED_IN)
def new_consent() -> ResponseReturnValue:
    """Choose somebody of the household, or name somebody."""
    return _new_page(blank(GiveConsent, scopes=Scope.BOOK), 200)


@pages.post("/family/new")
@open_to(SIGNED_IN)
def add_consent() -> ResponseReturnValue:
    """Let them act for me; the answer is the same whether or not they are known here."""
    form = read_scoped(GiveConsent)
    if form.command is None:
        return _new_page(form, 422)
    try:
        view = make_consent(form.command)
    except PortalError as error:
        return _new_page(form, form.fail(error))
    flash(gettext("已授权%(name)s为您代办，随时可以收回。", name=view.name), "good")
    return redirect(url_for("residents.family"))


@pages.get("/family/<uuid:representation_id>/change")
@open_to(SIGNED_IN)
def change(representation_id: UUID) -> ResponseReturnValue:
    """The form of what somebody may do for me."""
    with transaction() as session:
        held = get_consent(session, current_actor(), representation_id)
    values = {"scopes": " ".join(held.scopes), "until": held.until}
    return _change_page(held, blank(ChangeConsent, **values))


@pages.post("/family/<uuid:representation_id>/change")
@open_to(SIGNED_IN)
def save_change(representation_id: UUID) -> ResponseReturnValue:
    """Let them do more or less from now on."""
    actor = current_actor()
    form = read_scoped(ChangeConsent)
    command = form.command
    if command is not None:
        try:
            write(
                RepresentationView,
                lambda session: change_consent(session, actor, representation_id, command),
            )
        except Conflict as error:
            form.fail(error)
        else:
            flash(gettext("授权已更改，双方都会收到消息。"), "good")
            return redirect(url_for("residents.family"))
    with transaction() as session:
        held = get_consent(session, actor, representation_id)
    return _change_page(held, form)


@pages.post("/family/<uuid:representation_id>/end")
@open_to(SIGNED_IN)
def stop_consent(representation_id: UUID) -> ResponseReturnValue:
    """End a consent that I gave, or by which I act."""
    write(
        RepresentationView,
        lambda session: end_consent(session, current_actor(), representation_id),
    )
    flash(gettext("代办授权已结束，双方都会收到消息。"), "good")
    return redirect(url_for("residents.family"))


def make_consent(command: GiveConsent) -> RepresentationView:
    """Count somebody named by number, then keep the consent. Raises PortalError."""
    actor = current_actor()
    if command.member_id is None:
        with transaction() as session:
            count_named(session, actor)
    return write(RepresentationView, lambda session: give_consent(session, actor, command))


def _change_page(held: RepresentationView, form: Form[ChangeConsent]) -> ResponseReturnValue:
    return render_template("residents/change_consent.html", held=held, form=form), form.status


def _new_page(form: Form[GiveConsent], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        adults = household_adults(session, actor)
    page = render_template(
        "residents/new_consent.html", form=form, adults=adults, verified=actor.verified
    )
    return page, status

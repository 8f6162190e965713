"""My family: for whom I may act, who may act for me."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.writes import write
from residents.queries import family_of, household_adults, list_consents
from residents.schemas import GiveConsent, RepresentationView
from residents.services.consents import count_named, end_consent, give_consent
from residents.web.pages import pages


@pages.get("/family")
@open_to(SIGNED_IN)
def family() -> ResponseReturnValue:
    """Both lists, and the way to let somebody act for me."""
    actor = current_actor()
    with transaction() as session:
        represented = family_of(session, actor)
        representatives = list_consents(session, actor)
    return render_template(
        "residents/family.html",
        represented=represented,
        representatives=representatives,
        verified=actor.verified,
    )


@pages.get("/family/new")
@open_to(SIGNED_IN)
def new_consent() -> ResponseReturnValue:
    """Choose somebody of the household, or name somebody."""
    return _new_page(blank(GiveConsent), 200)


@pages.post("/family/new")
@open_to(SIGNED_IN)
def add_consent() -> ResponseReturnValue:
    """Let them act for me; the answer is the same whether or not they are known here."""
    form = read_form(GiveConsent)
    if form.command is None:
        return _new_page(form, 422)
    try:
        view = make_consent(form.command)
    except PortalError as error:
        return _new_page(form, form.fail(error))
    flash(gettext("已授权%(name)s为您代办预约挂号，随时可以收回。", name=view.name), "good")
    return redirect(url_for("residents.family"))


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


def _new_page(form: Form[GiveConsent], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        adults = household_adults(session, actor)
    page = render_template(
        "residents/new_consent.html", form=form, adults=adults, verified=actor.verified
    )
    return page, status

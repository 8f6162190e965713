"""/me/paper: whoever has no ID number says who they are by another paper, and shows it to staff."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.problems import translated
from core.web.writes import write
from directory.public import serving_institutions
from residents.queries.claims import list_own_claims
from residents.schemas import ClaimList, ClaimPaper
from residents.services.claims import claim_paper, withdraw_claim
from residents.services.identity import count_check
from residents.web import paper_words, wording
from residents.web.places import townships

pages = Blueprint("residents_own_paper", __name__, url_prefix="/me/paper")


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of kinds and states for the templates."""
    return {"words": paper_words}


@pages.get("/")
@open_to(SIGNED_IN)
def show() -> ResponseReturnValue:
    """What waits, and the form."""
    if current_actor().verified:
        return redirect(url_for("residents.me"))
    return _page(blank(ClaimPaper))


@pages.post("/")
@open_to(SIGNED_IN)
def submit() -> ResponseReturnValue:
    """Say who one is."""
    form = read_form(ClaimPaper)
    if form.command is None:
        return _page(form)
    try:
        say(form.command)
    except PortalError as error:
        form.fail(error)
        return _page(form)
    flash(gettext("已提交。请带证件原件到所选机构核对，核对后就能签约和预约。"), "good")
    return redirect(url_for("residents_own_paper.show"), 303)


@pages.post("/<uuid:claim_id>/withdraw")
@open_to(SIGNED_IN)
def withdraw(claim_id: UUID) -> ResponseReturnValue:
    """No longer say so."""
    try:
        write(ClaimList, lambda s: withdraw_claim(s, current_actor(), claim_id))
    except PortalError as error:
        flash(translated(error.message), "bad")
    else:
        flash(gettext("申请已撤回。"), "good")
    return redirect(url_for("residents_own_paper.show"), 303)


def say(command: ClaimPaper) -> ClaimList:
    """Count it with the checks of ID numbers, then keep it. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        count_check(session, actor)
    return write(ClaimList, lambda s: claim_paper(s, actor, command))


def _page(form: Form[ClaimPaper]) -> ResponseReturnValue:
    with transaction() as session:
        claims = list_own_claims(session, current_actor())
        institutions = serving_institutions(session)
        places = townships(session)
    page = render_template(
        "residents/papers/own.html",
        form=form,
        claim=claims[0] if claims else None,
        institutions=[(each.id, f"{each.division_name} · {each.name}") for each in institutions],
        papers=paper_words.paper_choices(with_card=False),
        sexes=[(sex, gettext(word)) for sex, word in wording.SEXES.items()],
        townships=places,
    )
    return page, form.status

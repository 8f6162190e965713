"""My page: who the portal knows me as, and the real-name check."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.redirects import next_path
from core.web.writes import write
from residents.papers import verifier
from residents.queries import find_own_identity
from residents.queries.claims import list_own_claims
from residents.schemas import PersonView, VerifyIdentity
from residents.services.identity import check_id_number, count_check, join_identity
from residents.web import paper_words
from residents.web.places import townships
from wechat.public import wechat

pages = Blueprint("residents", __name__, url_prefix="/me")


@pages.get("/")
@open_to(SIGNED_IN)
def me() -> ResponseReturnValue:
    """Who I am here; the way to the real-name check before it."""
    with transaction() as session:
        actor = current_actor()
        identity = find_own_identity(session, actor)
        claims = [] if identity else list_own_claims(session, actor)
    return render_template(
        "residents/me.html",
        identity=identity,
        claim=claims[0] if claims else None,
        words=paper_words,
        wechat_offered=wechat().is_offered,
    )


@pages.get("/verify")
@open_to(SIGNED_IN)
def verify() -> ResponseReturnValue:
    """The real-name check's form."""
    if current_actor().verified:
        return redirect(next_path())
    return _verify_page(blank(VerifyIdentity), 200)


@pages.post("/verify")
@open_to(SIGNED_IN)
def submit_verify() -> ResponseReturnValue:
    """Check name and number with the identity service, then join the account to the person."""
    form = read_form(VerifyIdentity)
    if form.command is None:
        return _verify_page(form, 422)
    try:
        person = verify_identity(form.command)
    except PortalError as error:
        return _verify_page(form, form.fail(error))
    flash(gettext("%(name)s，实名认证已完成，现在可以签约和预约了。", name=person.name), "good")
    return redirect(next_path())


def verify_identity(command: VerifyIdentity) -> PersonView:
    """Ask the identity service outside any transaction, then join. Raises PortalError."""
    actor = current_actor()
    check_id_number(command.id_number)
    with transaction() as session:
        count_check(session, actor)
    verdict = verifier().verify(command.name, command.id_number)
    return write(PersonView, lambda session: join_identity(session, actor, command, verdict))


def _verify_page(form: Form[VerifyIdentity], status: int) -> ResponseReturnValue:
    with transaction() as session:
        places = townships(session)
    page = render_template(
        "residents/verify.html", verification=form, townships=places, next=next_path()
    )
    return page, status

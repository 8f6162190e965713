"""/residents/phones: a registered phone is changed at a desk; /residents/phone-objection: the old
phone's no.
"""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth.public import send_code
from core.database import transaction
from core.errors import Invalid, PortalError
from core.messages import N_
from core.web.access import ANYONE, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.limits import By, body_at_most, limited
from core.web.pager import pager
from core.web.writes import write
from residents.papers import PapersDesk
from residents.queries.bindings import CHECK_ROLES, desk_institutions
from residents.queries.phones import get_phone_change, list_phone_changes
from residents.schemas import (
    AskPhone,
    PhoneChangeView,
    PhoneObjection,
    PhonePaper,
    PhoneSearch,
    PhoneState,
    ReadOut,
)
from residents.services.phones import (
    UNKNOWN_LINK,
    ask_phone,
    count_phone,
    count_read_out,
    may_ask,
    object_to_phone,
    prove_phone,
    withdraw_phone,
)

pages = Blueprint("residents_phones", __name__, url_prefix="/residents/phones")
objections = Blueprint(
    "residents_phone_objection", __name__, url_prefix="/residents/phone-objection"
)
TRIES, WITHIN = 30, timedelta(minutes=10)
OBJECTION_BYTES = 4096
PAPERS = {
    PhonePaper.ID_CARD: N_("居民身份证"),
    PhonePaper.SOCIAL_CARD: N_("社会保障卡"),
    PhonePaper.HOUSEHOLD_BOOK: N_("户口簿"),
    PhonePaper.OTHER_PAPER: N_("登记过的其他证件"),
}
STATES = {
    PhoneState.ASKED: (N_("等验证码"), "warn"),
    PhoneState.WAITING: (N_("等原号码确认"), "info"),
    PhoneState.DONE: (N_("已更换"), "good"),
    PhoneState.OBJECTED: (N_("被原号码阻止"), "bad"),
    PhoneState.WITHDRAWN: (N_("已撤回"), "calm"),
    PhoneState.LAPSED: (N_("已过期"), "calm"),
}


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of papers and states for the templates."""
    return {"papers_said": PAPERS, "states": STATES}


@pages.get("/")
@open_to(*CHECK_ROLES)
def listing() -> ResponseReturnValue:
    """Changes at one's institutions."""
    search = read_query(PhoneSearch)
    with transaction() as session:
        found = list_phone_changes(session, current_actor(), search)
    return render_template(
        "residents/phones/list.html",
        found=found.items,
        search=search,
        pager=pager(found),
        at_a_desk=current_actor().at_a_desk(*CHECK_ROLES),
    )


@pages.get("/new")
@open_to(*CHECK_ROLES)
def new() -> ResponseReturnValue:
    """The form of who stands here, and the phone."""
    return _new_page(blank(AskPhone, paper=PhonePaper.ID_CARD))


@pages.post("/new")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*CHECK_ROLES)
def ask() -> ResponseReturnValue:
    """Check the document, and send a code to the new phone."""
    form = read_form(AskPhone)
    if form.command is None:
        return _new_page(form)
    try:
        change = see_person(form.command)
    except PortalError as error:
        form.fail(error)
        return _new_page(form)
    return redirect(url_for("residents_phones.show", change_id=change.id), 303)


@pages.get("/<uuid:change_id>")
@open_to(*CHECK_ROLES)
def show(change_id: UUID) -> ResponseReturnValue:
    """One change: where its code is read out, and what became of it."""
    return _page(change_id, blank(ReadOut))


@pages.post("/<uuid:change_id>/code")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*CHECK_ROLES)
def prove(change_id: UUID) -> ResponseReturnValue:
    """The person read out the code."""
    form = read_form(ReadOut)
    if form.command is None:
        return _page(change_id, form)
    try:
        change = read_out(change_id, form.command)
    except PortalError as error:
        form.fail(error)
        return _page(change_id, form)
    if change.state is PhoneState.DONE:
        flash(gettext("手机号已更换，本人现在可以用它登录并实名认证。"), "good")
    return redirect(url_for("residents_phones.show", change_id=change_id), 303)


@pages.post("/<uuid:change_id>/withdraw")
@open_to(*CHECK_ROLES)
def withdraw(change_id: UUID) -> ResponseReturnValue:
    """Call it off."""
    write(PhoneChangeView, lambda session: withdraw_phone(session, current_actor(), change_id))
    flash(gettext("已撤回，登记的手机号没有变。"), "good")
    return redirect(url_for("residents_phones.show", change_id=change_id), 303)


@objections.get("")
@open_to(ANYONE)
def question() -> ResponseReturnValue:
    """What the link in the message opens."""
    values = {"code": request.args.get("code", "")}
    form = Form[PhoneObjection](values=values)
    return render_template("residents/phones/objection.html", form=form, stopped=False)


@objections.post("")
@limited(TRIES, WITHIN)
@body_at_most(OBJECTION_BYTES)
@open_to(ANYONE)
def object_to() -> ResponseReturnValue:
    """Stop the change."""
    form = read_form(PhoneObjection)
    try:
        if form.command is None:
            raise Invalid("incomplete_link", UNKNOWN_LINK)
        with transaction() as session:
            object_to_phone(session, form.command)
    except PortalError as error:
        form.fail(error)
    stopped = not form.message
    page = render_template("residents/phones/objection.html", form=form, stopped=stopped)
    return page, form.status


def see_person(command: AskPhone) -> PhoneChangeView:
    """Ask the real-name service between transactions, then send the code. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        count_phone(session, actor)
    with transaction() as session:
        may_ask(session, actor, command)
    genuine = PapersDesk().genuine(command.name, command.number.replace(" ", ""))
    with transaction() as session:
        change, sent, code = ask_phone(session, actor, command, genuine=genuine)
    send_code(command.phone, code, sent.challenge_id)
    return change


def read_out(change_id: UUID, command: ReadOut) -> PhoneChangeView:
    """Take a try, then the code; a wrong code keeps the try. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        count_read_out(session, actor, change_id)
    return write(PhoneChangeView, lambda session: prove_phone(session, actor, change_id, command))


def _new_page(form: Form[AskPhone]) -> ResponseReturnValue:
    with transaction() as session:
        institutions = desk_institutions(session, current_actor())
    if len(institutions) == 1:
        form.values.setdefault("institution_id", str(institutions[0].id))
    page = render_template(
        "residents/phones/new.html",
        form=form,
        institutions=[(each.id, each.name) for each in institutions],
        papers=[(paper.value, gettext(said)) for paper, said in PAPERS.items()],
    )
    return page, form.status


def _page(change_id: UUID, form: Form[ReadOut]) -> ResponseReturnValue:
    with transaction() as session:
        change = get_phone_change(session, current_actor(), change_id)
    return render_template("residents/phones/show.html", change=change, form=form), form.status

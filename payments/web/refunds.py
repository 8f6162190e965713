"""Refunds: what one gets back; for staff, what is due, its approval, and paying out at the desk."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Role, decide
from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.formats import yuan
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from payments.ports import purpose_words
from payments.queries.refunds import (
    STAFF,
    list_refunds,
    load_refund,
    named,
    refund_resource,
)
from payments.schemas import (
    Approved,
    ApproveRefunds,
    PayOut,
    RefundAction,
    RefundSearch,
    RefundState,
    RefundView,
    SendAgain,
)
from payments.services import refunds as services
from payments.web import wording
from residents.public import name_of_other

pages = Blueprint("payments_refunds", __name__, url_prefix="/refunds")


@pages.context_processor
def name_states() -> dict[str, object]:
    """Give the templates the words of purposes and failures."""
    return {"purpose_words": purpose_words, "wording": wording}


@pages.get("/mine")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """What one gets back, or somebody for whom one may pay."""
    search = read_query(RefundSearch, of_staff=False)
    actor = current_actor()
    with transaction() as session:
        found = list_refunds(session, actor, search)
        acting_for = name_of_other(session, actor, search.person_id)
    return render_template(
        "payments/refunds/mine.html",
        search=search,
        found=found.items,
        pager=pager(found),
        acting_for=acting_for,
    )


@pages.get("/")
@open_to(*STAFF)
def listing() -> ResponseReturnValue:
    """Those of one's units, what waits for one first."""
    actor = current_actor()
    search = read_query(RefundSearch, of_staff=True)
    if search.state is None:
        first = RefundState.SENT if actor.active_role is Role.REGISTRAR else RefundState.DUE
        search = search.model_copy(update={"state": first})
    with transaction() as session:
        found = list_refunds(session, actor, search)
    return render_template(
        "payments/refunds/list.html",
        search=search,
        found=found.items,
        pager=pager(found),
        approves=actor.active_role is Role.ADMINISTRATOR and search.state is RefundState.DUE,
    )


@pages.post("/approve")
@open_to(Role.ADMINISTRATOR)
def approve() -> ResponseReturnValue:
    """Those that were ticked."""
    actor, form = current_actor(), read_form(ApproveRefunds)
    back = redirect(url_for("payments_refunds.listing"), 303)
    if form.command is None:
        flash(gettext("请先勾选要核准的退款。"), "bad")
        return back
    done = attempt(
        form,
        Approved,
        lambda session, command: services.approve_refunds(session, actor, command),
    )
    if done is None:
        flash(form.message, "bad")
        return back
    sentence = gettext(
        "已核准 %(count)s 笔，共 %(amount)s，居民已收到消息。",
        count=done.count,
        amount=yuan(done.amount_fen),
    )
    flash(sentence, "good")
    return back


@pages.get("/<uuid:refund_id>")
@open_to(*STAFF)
def show(refund_id: UUID) -> ResponseReturnValue:
    """One of them, and what to do next."""
    return _page(refund_id, blank(PayOut), 200)


@pages.post("/<uuid:refund_id>/again")
@open_to(Role.ADMINISTRATOR)
def again(refund_id: UUID) -> ResponseReturnValue:
    """Send what failed once more, or make it ready at the desk."""
    actor = current_actor()
    return carry_out(
        SendAgain,
        RefundView,
        lambda session, command: services.send_again(session, actor, refund_id, command),
        gettext("已重新办理，居民已收到消息。"),
        url_for("payments_refunds.show", refund_id=refund_id),
    )


@pages.post("/<uuid:refund_id>/pay-out")
@open_to(*STAFF)
def pay_out(refund_id: UUID) -> ResponseReturnValue:
    """Record that the money was handed out."""
    actor, form = current_actor(), read_form(PayOut)
    done = attempt(
        form,
        RefundView,
        lambda session, command: services.pay_out(session, actor, refund_id, command),
    )
    if done is None:
        return _page(refund_id, form, form.status)
    flash(gettext("已登记付款。"), "good")
    return redirect(url_for("payments_refunds.show", refund_id=refund_id), 303)


def _page(refund_id: UUID, form: Form[PayOut], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        row = load_refund(session, actor, refund_id, RefundAction.READ)
        refund = named(session, [row])[0]
    resource = refund_resource(row)
    may = {action.name.lower(): decide(actor, action, resource)[0] for action in RefundAction}
    page = render_template("payments/refunds/one.html", refund=refund, form=form, may=may)
    return page, status

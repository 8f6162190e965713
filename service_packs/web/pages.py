"""Residents' pages: the catalogue, ordering and paying, one's services."""

from uuid import UUID

import structlog
from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError, Unavailable
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to, signed_in
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.writes import write
from payments.public import get_payment, refunds_of
from payments.schemas import PaymentState
from residents.public import may_act, name_of_other
from residents.schemas import Scope
from service_packs.queries.catalogue import (
    get_pack,
    list_groups,
    recommend_packs,
    search_packs,
)
from service_packs.queries.entitlements import list_entitlements
from service_packs.queries.kin import family_paid_for, family_seen
from service_packs.queries.orders import get_order, list_orders
from service_packs.queries.ratings import rated_record
from service_packs.queries.records import list_records, require_record
from service_packs.schemas import (
    Action,
    DisputeRecord,
    EntitlementSearch,
    OrderSearch,
    OrderState,
    OrderView,
    PackSearch,
    PlaceOrder,
    RateRecord,
    RecordSearch,
    RecordState,
    RecordView,
)
from service_packs.services.orders import cancel_order, place_order
from service_packs.services.ratings import rate_record
from service_packs.services.records import confirm_record, dispute_record
from service_packs.web.checkout import begin_checkout
from service_packs.web.checkout import refresh as refresh_payment

pages = Blueprint("service_packs", __name__, url_prefix="/packs")
log = structlog.get_logger()
# The entitlement follows the payment by a job; the page looks again by itself.
OPENING_SECONDS = 2


@pages.get("/")
@open_to(ANYONE)
def catalogue() -> ResponseReturnValue:
    """The packs on offer, those for one's own groups first."""
    search = read_query(PackSearch)
    browsing = not (search.group or search.search or search.cursor)
    with transaction() as session:
        groups = list_groups(session)
        packs = search_packs(session, search)
        mine = recommend_packs(session, current_actor()) if browsing and signed_in() else []
    return render_template(
        "service_packs/catalogue.html",
        groups=groups,
        packs=packs,
        recommended=mine,
        search=search,
        pager=pager(packs),
    )


@pages.get("/<code>")
@open_to(ANYONE)
def pack(code: str) -> ResponseReturnValue:
    """A pack: what is in it, how often, and who pays what."""
    return _pack_page(code, blank(PlaceOrder))


@pages.post("/<code>/order")
@open_to(SIGNED_IN)
def order_pack(code: str) -> ResponseReturnValue:
    """Order the pack for oneself, or for a member of the family."""
    form = read_form(PlaceOrder, pack_code=code)
    command = form.command
    if command is None:
        return _pack_page(code, form, 422)
    try:
        order = write(OrderView, lambda session: place_order(session, current_actor(), command))
    except PortalError as error:
        return _pack_page(code, form, form.fail(error), error.code)
    if order.state is OrderState.PAID:
        flash(gettext("服务包已生效，不需要付款。"), "good")
        return redirect(_mine(order.person_id))
    return redirect(url_for("service_packs.order", order_id=order.id))


@pages.get("/mine")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """What one may use, what waits for one's word, and what is not paid yet; or the same of a
    member of the family.
    """
    actor = current_actor()
    search = read_query(EntitlementSearch)
    whose = search.person_id
    with transaction() as session:
        family = family_seen(session, actor)
        entitlements = list_entitlements(session, actor, search)
        answer = RecordSearch(person_id=whose, state=RecordState.RECORDED, limit=5)
        waiting = list_records(session, actor, answer)
        payable = whose in (None, actor.person_id) or may_act(session, actor, whose, Scope.PAY)
        pay = OrderSearch(person_id=whose, state=OrderState.PENDING_PAYMENT, limit=5)
        unpaid = list_orders(session, actor, pay).items if payable else []
        acting_for = name_of_other(session, actor, whose)
    return render_template(
        "service_packs/mine.html",
        family=family,
        whose=whose,
        search=search,
        entitlements=entitlements,
        waiting=waiting,
        unpaid=unpaid,
        payable=payable,
        pager=pager(entitlements),
        acting_for=acting_for,
    )


@pages.get("/mine/records")
@open_to(SIGNED_IN)
def own_records() -> ResponseReturnValue:
    """All services that were done for one, or for a member of the family."""
    search, actor = read_query(RecordSearch, team_id=None), current_actor()
    with transaction() as session:
        records = list_records(session, actor, search)
        acting_for = name_of_other(session, actor, search.person_id)
    return render_template(
        "service_packs/own_records.html",
        records=records,
        search=search,
        pager=pager(records),
        acting_for=acting_for,
    )


@pages.get("/mine/orders")
@open_to(SIGNED_IN)
def own_orders() -> ResponseReturnValue:
    """All one's orders, or those of a member of the family."""
    search, actor = read_query(OrderSearch), current_actor()
    with transaction() as session:
        orders = list_orders(session, actor, search)
        acting_for = name_of_other(session, actor, search.person_id)
    return render_template(
        "service_packs/own_orders.html",
        orders=orders,
        search=search,
        pager=pager(orders),
        acting_for=acting_for,
    )


@pages.get("/orders/<uuid:order_id>")
@open_to(SIGNED_IN)
def order(order_id: UUID) -> ResponseReturnValue:
    """An order and how its payment stands, from our own books."""
    return _order_page(order_id)


@pages.post("/orders/<uuid:order_id>/pay")
@open_to(SIGNED_IN)
def pay(order_id: UUID) -> ResponseReturnValue:
    """On to the provider's page. A link leads there, not this form's redirect: the policy that
    limits where forms may lead stays closed, however many hops the provider makes.
    """
    form = blank(PlaceOrder)
    try:
        checkout = begin_checkout(order_id)
    except PortalError as error:
        return _order_page(order_id, form, form.fail(error))
    if checkout.checkout_url is None:
        return redirect(url_for("service_packs.order", order_id=order_id))
    page = render_template("service_packs/cashier.html", checkout=checkout)
    response = make_response(page)
    response.headers["Refresh"] = f"0; url={checkout.checkout_url}"
    return response


@pages.get("/orders/<uuid:order_id>/return")
@open_to(SIGNED_IN)
def returned(order_id: UUID) -> ResponseReturnValue:
    """Back from the provider's page. What its address says is not believed: we ask once."""
    try:
        refresh_payment(order_id)
    except Unavailable as error:
        log.warning("payment.not_refreshed", code=error.code)
    return redirect(url_for("service_packs.order", order_id=order_id))


@pages.post("/orders/<uuid:order_id>/cancel")
@open_to(SIGNED_IN)
def cancel(order_id: UUID) -> ResponseReturnValue:
    """Cancel an unpaid order."""
    form = blank(PlaceOrder)
    try:
        write(OrderView, lambda session: cancel_order(session, current_actor(), order_id))
    except PortalError as error:
        return _order_page(order_id, form, form.fail(error))
    flash(gettext("订单已取消，没有产生费用。需要时可以重新选购。"), "good")
    return redirect(url_for("service_packs.order", order_id=order_id))


@pages.post("/records/<uuid:record_id>/confirm")
@open_to(SIGNED_IN)
def confirm(record_id: UUID) -> ResponseReturnValue:
    """Confirm that a service was done."""
    try:
        record = write(
            RecordView, lambda session: confirm_record(session, current_actor(), record_id)
        )
    except PortalError as error:
        form = blank(DisputeRecord)
        return _record_page(record_id, form, form.fail(error))
    flash(gettext("已确认，谢谢。"), "good")
    return redirect(url_for("service_packs.record", record_id=record.id))


@pages.get("/records/<uuid:record_id>")
@open_to(SIGNED_IN)
def record(record_id: UUID) -> ResponseReturnValue:
    """One record, to confirm or to say what is wrong with it."""
    return _record_page(record_id, blank(DisputeRecord))


@pages.post("/records/<uuid:record_id>/rate")
@open_to(SIGNED_IN)
def rate(record_id: UUID) -> ResponseReturnValue:
    """Say how satisfied one is."""
    form = read_form(RateRecord)
    command = form.command
    if command is None:
        return _record_page(record_id, blank(DisputeRecord), 422, form)
    try:
        record = write(
            RecordView, lambda session: rate_record(session, current_actor(), record_id, command)
        )
    except PortalError as error:
        return _record_page(record_id, blank(DisputeRecord), form.fail(error), form)
    flash(gettext("评价已收到，谢谢。"), "good")
    return redirect(_mine(record.person_id))


@pages.post("/records/<uuid:record_id>/dispute")
@open_to(SIGNED_IN)
def dispute(record_id: UUID) -> ResponseReturnValue:
    """Say what is wrong with a record."""
    form = read_form(DisputeRecord)
    command = form.command
    if command is None:
        return _record_page(record_id, form, 422)
    try:
        record = write(
            RecordView,
            lambda session: dispute_record(session, current_actor(), record_id, command),
        )
    except PortalError as error:
        return _record_page(record_id, form, form.fail(error))
    flash(gettext("已告诉服务团队，他们会与您联系核实。"), "good")
    return redirect(_mine(record.person_id))


def _mine(person_id: UUID) -> str:
    """The page of this person's services: one's own, or of a member of the family."""
    own = person_id == current_actor().person_id
    return url_for("service_packs.mine", person_id=None if own else person_id)


def _pack_page(
    code: str, form: Form[PlaceOrder], status: int = 200, problem: str = ""
) -> ResponseReturnValue:
    with transaction() as session:
        found = get_pack(session, code)
        family = family_paid_for(session, current_actor()) if signed_in() else []
    page = render_template(
        "service_packs/pack.html", pack=found, form=form, problem=problem, family=family
    )
    return page, status


def _order_page(
    order_id: UUID, form: Form[PlaceOrder] | None = None, status: int = 200
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        found = get_order(session, actor, order_id)
        payment = get_payment(session, actor, found.payment_id) if found.payment_id else None
        given_back = refunds_of(session, [order_id]).get(order_id, []) if payment else []
        acting_for = name_of_other(session, actor, found.person_id)
    page = render_template(
        "service_packs/order.html",
        given_back=given_back,
        order=found,
        payment=payment,
        mine=_mine(found.person_id),
        acting_for=acting_for,
        form=form or blank(PlaceOrder),
    )
    response = make_response(page, status)
    waits = found.state is OrderState.PENDING_PAYMENT
    if waits and payment and payment.state is PaymentState.SETTLED:
        here = url_for("service_packs.order", order_id=order_id)
        response.headers["Refresh"] = f"{OPENING_SECONDS}; url={here}"
    return response


def _record_page(
    record_id: UUID,
    form: Form[DisputeRecord],
    status: int = 200,
    rating: Form[RateRecord] | None = None,
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        require_record(session, actor, record_id, Action.ANSWER_RECORD)
        found = rated_record(session, record_id)
        acting_for = name_of_other(session, actor, found.person_id)
    page = render_template(
        "service_packs/record.html",
        record=found,
        form=form,
        rating=rating or blank(RateRecord),
        mine=_mine(found.person_id),
        acting_for=acting_for,
    )
    return page, status

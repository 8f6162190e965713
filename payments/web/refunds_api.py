"""/api/v1/payments/refunds: what is given back, its approval, and paying out at the desk."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from payments.queries.refunds import STAFF, get_refund, list_refunds
from payments.schemas import (
    Approved,
    ApproveRefunds,
    PayOut,
    RefundSearch,
    RefundView,
    SendAgain,
)
from payments.services import refunds as services

api = room_api("payments_refunds", "Payments", "payments")


@api.get("/refunds")
@api.input(RefundSearch, location="query", arg_name="search")
@api.output(Page[RefundView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def refunds(search: RefundSearch) -> Page[RefundView]:
    """One's own refunds, those of whom one may pay for, or with of_staff those of one's units."""
    with transaction() as session:
        return list_refunds(session, current_actor(), search)


@api.get("/refunds/<uuid:refund_id>")
@api.output(RefundView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def refund(refund_id: UUID) -> RefundView:
    """One refund."""
    with transaction() as session:
        return get_refund(session, current_actor(), refund_id)


@api.post("/refunds/approve")
@api.input(ApproveRefunds, arg_name="command")
@api.output(Approved)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def approve(command: ApproveRefunds) -> Approved:
    """Approve what is due; asks for a fresh proof of who one is."""
    return write(
        Approved, lambda session: services.approve_refunds(session, current_actor(), command)
    )


@api.post("/refunds/<uuid:refund_id>/again")
@api.input(SendAgain, arg_name="command")
@api.output(RefundView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def send_again(refund_id: UUID, command: SendAgain) -> RefundView:
    """Send what failed once more, or make it ready at the desk."""
    return write(
        RefundView,
        lambda session: services.send_again(session, current_actor(), refund_id, command),
    )


@api.post("/refunds/<uuid:refund_id>/pay-out")
@api.input(PayOut, arg_name="command")
@api.output(RefundView)
@api.doc(**SECURED)
@open_to(*STAFF)
def pay_out(refund_id: UUID, command: PayOut) -> RefundView:
    """Record that the money was handed out at the desk."""
    return write(
        RefundView, lambda session: services.pay_out(session, current_actor(), refund_id, command)
    )

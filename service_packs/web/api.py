"""/api/v1/service-packs/…: the catalogue, orders, entitlements and service records."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from service_packs.queries.catalogue import get_pack, search_packs
from service_packs.queries.entitlements import list_entitlements
from service_packs.queries.orders import get_order, list_orders
from service_packs.queries.records import list_records
from service_packs.schemas import (
    CheckoutView,
    DisputeRecord,
    EntitlementSearch,
    EntitlementView,
    OrderSearch,
    OrderView,
    PackDetail,
    PackSearch,
    PackView,
    PlaceOrder,
    RateRecord,
    RecordSearch,
    RecordService,
    RecordView,
    UpholdRecord,
    Withdrawal,
)
from service_packs.services.disputes import uphold_record, withdraw_record
from service_packs.services.orders import cancel_order, place_order
from service_packs.services.ratings import rate_record
from service_packs.services.records import confirm_record, dispute_record, record_service
from service_packs.web.checkout import begin_checkout

api = room_api("service_packs", "Service packs")


@api.get("/packs")
@api.input(PackSearch, location="query", arg_name="search")
@api.output(Page[PackView])
@open_to(ANYONE)
def packs(search: PackSearch) -> Page[PackView]:
    """Packs on offer."""
    with transaction() as session:
        return search_packs(session, search)


@api.get("/packs/<code>")
@api.output(PackDetail)
@open_to(ANYONE)
def pack(code: str) -> PackDetail:
    """One pack with its items and who pays what."""
    with transaction() as session:
        return get_pack(session, code)


@api.post("/orders")
@api.input(PlaceOrder, arg_name="command")
@api.output(OrderView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def order_pack(command: PlaceOrder) -> OrderView:
    """Order a pack for oneself."""
    return write(OrderView, lambda session: place_order(session, current_actor(), command))


@api.get("/orders")
@api.input(OrderSearch, location="query", arg_name="search")
@api.output(Page[OrderView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def orders(search: OrderSearch) -> Page[OrderView]:
    """One's own orders, newest first."""
    with transaction() as session:
        return list_orders(session, current_actor(), search)


@api.get("/orders/<uuid:order_id>")
@api.output(OrderView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def order(order_id: UUID) -> OrderView:
    """One order of one's own."""
    with transaction() as session:
        return get_order(session, current_actor(), order_id)


@api.post("/orders/<uuid:order_id>/pay")
@api.output(CheckoutView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def pay(order_id: UUID) -> CheckoutView:
    """Where to pay an order; asking again leads to the same payment."""
    return begin_checkout(order_id)


@api.post("/orders/<uuid:order_id>/cancel")
@api.output(OrderView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def cancel(order_id: UUID) -> OrderView:
    """Cancel an unpaid order."""
    return write(OrderView, lambda session: cancel_order(session, current_actor(), order_id))


@api.get("/entitlements")
@api.input(EntitlementSearch, location="query", arg_name="search")
@api.output(Page[EntitlementView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def entitlements(search: EntitlementSearch) -> Page[EntitlementView]:
    """Entitlements in force with their remaining times: one's own, or of a person one serves."""
    with transaction() as session:
        return list_entitlements(session, current_actor(), search)


@api.post("/service-records")
@api.input(RecordService, arg_name="command")
@api.output(RecordView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def record(command: RecordService) -> RecordView:
    """Record a service that one's team did."""
    return write(RecordView, lambda session: record_service(session, current_actor(), command))


@api.get("/service-records")
@api.input(RecordSearch, location="query", arg_name="search")
@api.output(Page[RecordView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def records(search: RecordSearch) -> Page[RecordView]:
    """One's own records, or those of a team that one works in; newest first."""
    with transaction() as session:
        return list_records(session, current_actor(), search)


@api.post("/service-records/<uuid:record_id>/rate")
@api.input(RateRecord, arg_name="command")
@api.output(RecordView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def rate(record_id: UUID, command: RateRecord) -> RecordView:
    """Say how satisfied one is with a service that one confirmed, once."""
    return write(
        RecordView, lambda session: rate_record(session, current_actor(), record_id, command)
    )


@api.post("/service-records/<uuid:record_id>/confirm")
@api.output(RecordView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def confirm(record_id: UUID) -> RecordView:
    """Confirm that a service was done."""
    return write(RecordView, lambda session: confirm_record(session, current_actor(), record_id))


@api.post("/service-records/<uuid:record_id>/dispute")
@api.input(DisputeRecord, arg_name="command")
@api.output(RecordView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def dispute(record_id: UUID, command: DisputeRecord) -> RecordView:
    """Say what is wrong with a recorded service."""
    return write(
        RecordView,
        lambda session: dispute_record(session, current_actor(), record_id, command),
    )


@api.post("/service-records/<uuid:record_id>/withdraw")
@api.output(Withdrawal)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def withdraw(record_id: UUID) -> Withdrawal:
    """Take back a disputed record of one's team: its time may be used again."""
    return write(Withdrawal, lambda session: withdraw_record(session, current_actor(), record_id))


@api.post("/service-records/<uuid:record_id>/uphold")
@api.input(UpholdRecord, arg_name="command")
@api.output(RecordView)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def uphold(record_id: UUID, command: UpholdRecord) -> RecordView:
    """Say why a disputed record of one's team stands; the person answers anew."""
    return write(
        RecordView, lambda session: uphold_record(session, current_actor(), record_id, command)
    )

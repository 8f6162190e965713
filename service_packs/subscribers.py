"""What follows from a payment, and the messages to the person."""

from sqlalchemy.orm import Session

from core import clock
from core.messages import N_
from notifications.public import notify, notify_with_carers
from payments.events import PaymentCancelled, PaymentRefunded, PaymentSettled
from service_packs.events import OrderPaid, ServiceRecorded, ServiceUpheld, ServiceWithdrawn
from service_packs.queries.catalogue import item_names
from service_packs.queries.orders import view_order
from service_packs.queries.records import record_stands, view_record
from service_packs.services.orders import (
    PURPOSE,
    close_unpaid_order,
    end_refunded_order,
    settle_order,
)

# Where the messages lead: one's own services (service_packs.mine).
MINE = "/packs/mine"


def on_payment_settled(session: Session, event: PaymentSettled) -> None:
    """What was paid for begins."""
    if event.purpose == PURPOSE:
        settle_order(session, event.subject_id, event.payment_id)


def on_payment_cancelled(session: Session, event: PaymentCancelled) -> None:
    """Nothing will be paid any more."""
    if event.purpose == PURPOSE:
        close_unpaid_order(session, event.subject_id)


def on_payment_refunded(session: Session, event: PaymentRefunded) -> None:
    """What was paid for ends."""
    if event.purpose == PURPOSE:
        end_refunded_order(session, event.subject_id)


def tell_of_paid_order(session: Session, event: OrderPaid) -> None:
    """Tell the person that the pack can be used."""
    order = view_order(session, event.order_id)
    sentence = N_("服务包“%(pack)s”已生效，可以在“我的服务”里查看次数。")
    values = {"pack": order.pack_name, "pack_en": order.pack_name_en}
    notify(session, event.person_id, sentence, values, MINE)


def tell_of_service(session: Session, event: ServiceRecorded) -> None:
    """Ask the person to confirm or dispute what was recorded, unless it was withdrawn since."""
    if not record_stands(session, event.record_id):
        return
    record = view_record(session, event.record_id)
    sentence = N_("%(staff)s 为您登记了“%(item)s”，请确认是否属实。")
    values = {
        "staff": record.staff_name,
        "item": record.item_name,
        "item_en": record.item_name_en,
    }
    link = f"/packs/records/{event.record_id}"
    notify_with_carers(session, event.person_id, sentence, values, MINE, carers_link=link)


def tell_of_withdrawal(session: Session, event: ServiceWithdrawn) -> None:
    """Tell the person that what they disputed counts no more."""
    sentence = N_("团队撤回了 %(day)s 的“%(item)s”记录，次数已退回，可以再约时间。")
    day = clock.local(event.performed_at).date().isoformat()
    values = {"day": day, **_item(session, event.item_code)}
    notify(session, event.person_id, sentence, values, MINE)


def tell_of_answer(session: Session, event: ServiceUpheld) -> None:
    """Tell the person that the team stands by a record, and where its reason is."""
    sentence = N_("团队核实了您对“%(item)s”的异议，认为记录属实。请看团队的说明，再作答复。")
    link = f"/packs/records/{event.record_id}"
    values = _item(session, event.item_code)
    notify_with_carers(session, event.person_id, sentence, values, link, carers_link=link)


def _item(session: Session, code: str) -> dict[str, str]:
    name, english = item_names(session, code)
    return {"item": name, "item_en": english}

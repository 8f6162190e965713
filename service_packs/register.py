"""What the service_packs room plugs into the portal."""

import service_packs.jobs  # noqa: F401  the worker knows a job once its module is loaded
from core.access import Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Room
from payments.events import PaymentCancelled, PaymentRefunded, PaymentSettled
from payments.public import provide_purpose
from residents.public import provide_groups, provide_holdings
from service_packs import subscribers
from service_packs.events import OrderPaid, ServiceRecorded, ServiceUpheld, ServiceWithdrawn
from service_packs.holdings import OWN
from service_packs.policy import WORDS
from service_packs.public import ORDER_PURPOSE, list_groups
from service_packs.web.api import api
from service_packs.web.pages import pages
from service_packs.web.staff import staff_pages

provide_holdings(*OWN)
provide_purpose(ORDER_PURPOSE, N_("服务包订单号"))
provide_groups(
    lambda session: [(group.code, group.name, group.name_en) for group in list_groups(session)]
)

room = Room(
    name="service_packs",
    words=WORDS,
    pages=[pages, staff_pages],
    apis=[api],
    subscribers=[
        (PaymentSettled, subscribers.on_payment_settled),
        (PaymentCancelled, subscribers.on_payment_cancelled),
        (PaymentRefunded, subscribers.on_payment_refunded),
        (OrderPaid, subscribers.tell_of_paid_order),
        (ServiceRecorded, subscribers.tell_of_service),
        (ServiceWithdrawn, subscribers.tell_of_withdrawal),
        (ServiceUpheld, subscribers.tell_of_answer),
    ],
    navigation=[
        NavItem(N_("健康"), "heartbeat", "service_packs.mine", (Role.RESIDENT,), 40),
        NavItem(
            N_("服务记录"),
            "clipboard-check",
            "service_records.index",
            (Role.LEADER, Role.MEMBER),
            30,
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("服务包"),
            "packages",
            "service_packs.catalogue",
            (Role.LEADER, Role.MEMBER),
            60,
            group=Group.MORE,
        ),
    ],
)

"""What the payments room plugs into the portal."""

import payments.jobs  # noqa: F401  the worker knows a job once its module is loaded
from core.access import Role
from core.messages import N_
from core.settings import settings
from core.web.rooms import Group, NavItem, Room
from payments.models import Payment, Refund
from payments.policy import WORDS
from payments.ports import provide
from payments.queries.refunds import waiting
from payments.stripe import StripeProvider
from payments.web.refunds import pages
from payments.web.refunds_api import api
from payments.web.webhooks import webhooks
from residents.public import Holding, provide_holdings

provide(StripeProvider(settings()))
provide_holdings(
    Holding(Payment.person_id, N_("付款")), Holding(Refund.person_id, N_("退款"), shown=True)
)

room = Room(
    name="payments",
    words=WORDS,
    pages=[pages],
    apis=[api],
    machines=[webhooks],
    navigation=[
        NavItem(
            N_("退款"),
            "cash-move-back",
            "payments_refunds.listing",
            (Role.ADMINISTRATOR, Role.REGISTRAR),
            63,
            group=Group.TODAY,
        ),
    ],
    counts=waiting,
)

"""What the payments room plugs into the portal."""

import payments.jobs  # noqa: F401  the worker knows a job once its module is loaded
from core.messages import N_
from core.settings import settings
from core.web.rooms import Room
from payments.models import Payment, Refund
from payments.policy import WORDS
from payments.ports import provide
from payments.stripe import StripeProvider
from payments.web.webhooks import webhooks
from residents.public import Holding, provide_holdings

provide(StripeProvider(settings()))
provide_holdings(
    Holding(Payment.person_id, N_("付款")), Holding(Refund.person_id, N_("退款"), shown=True)
)

room = Room(name="payments", words=WORDS, machines=[webhooks])

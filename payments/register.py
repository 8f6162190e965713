"""What the payments room plugs into the portal."""

import payments.jobs  # noqa: F401  the worker knows a job once its module is loaded
from core.settings import settings
from core.web.rooms import Room
from payments.policy import WORDS
from payments.ports import provide
from payments.stripe import StripeProvider
from payments.web.webhooks import webhooks

provide(StripeProvider(settings()))

room = Room(name="payments", words=WORDS, machines=[webhooks])

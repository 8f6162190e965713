"""What the notifications room plugs into the portal."""

import notifications.jobs  # noqa: F401  the worker knows a job once its module is loaded
from auth.events import NoticeDue
from auth.public import provide_code_sender
from core.messages import N_
from core.settings import settings
from core.web.rooms import Room
from notifications.models import Message
from notifications.sms import SmsGateway
from notifications.subscribers import (
    tell_binding_refused,
    tell_consent_changed,
    tell_consent_ended,
    tell_consent_given,
    tell_home_changed,
    tell_household_ended,
    tell_merged,
    tell_owner,
    tell_parted,
    tell_phone_replaced,
    warn_old_phone,
)
from notifications.web.api import api
from notifications.web.pages import pages
from residents.events import (
    BindingRefused,
    ConsentChanged,
    ConsentEnded,
    ConsentGiven,
    HomeChanged,
    HouseholdActingEnded,
    PersonsMerged,
    PersonsParted,
    PhoneChangeAnnounced,
    PhoneReplaced,
)
from residents.public import Holding, provide_consent_sender, provide_holdings

provide_code_sender(SmsGateway(settings()).send_code)
provide_consent_sender(SmsGateway(settings()).send_consent_code)

provide_holdings(Holding(Message.person_id, N_("消息"), telling=False))

room = Room(
    name="notifications",
    pages=[pages],
    apis=[api],
    subscribers=[
        (NoticeDue, tell_owner),
        (ConsentGiven, tell_consent_given),
        (ConsentChanged, tell_consent_changed),
        (ConsentEnded, tell_consent_ended),
        (BindingRefused, tell_binding_refused),
        (PersonsMerged, tell_merged),
        (PersonsParted, tell_parted),
        (PhoneChangeAnnounced, warn_old_phone),
        (PhoneReplaced, tell_phone_replaced),
        (HomeChanged, tell_home_changed),
        (HouseholdActingEnded, tell_household_ended),
    ],
)

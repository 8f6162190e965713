"""What the notifications room plugs into the portal."""

from auth.public import provide_code_sender
from core.settings import settings
from core.web.rooms import Room
from notifications.sms import SmsGateway
from notifications.web.pages import pages

provide_code_sender(SmsGateway(settings()).send_code)

room = Room(name="notifications", pages=[pages])

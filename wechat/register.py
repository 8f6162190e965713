"""What the wechat room plugs into the portal."""

from core.settings import settings
from core.web.rooms import Room
from wechat.public import WeChat, provide

provide(WeChat(settings()))

room = Room(name="wechat")

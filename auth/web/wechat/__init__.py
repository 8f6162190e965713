"""WeChat's ways of signing in: pages opened inside WeChat, and the mini-program's API."""

from auth.web.wechat.api import api as wechat_api
from auth.web.wechat.pages import pages as wechat_pages

__all__ = ["wechat_api", "wechat_pages"]

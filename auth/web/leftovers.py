"""What the browser's cookie holds for the way of one person, and must not be there for the next."""

# A sign-in that waits for more, by its token.
PENDING = "pending_sign_in"
# The session that ended here last, for the page that shows which applications know.
ENDED = "ended_session"
# The secret to which a visit at WeChat is bound, and a ticket for binding a phone.
WECHAT_BROWSER = "wechat_browser"
WECHAT_TICKET = "wechat_ticket"
LEFTOVERS = (PENDING, ENDED, WECHAT_BROWSER, WECHAT_TICKET)

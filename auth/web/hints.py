"""The sign-in page with what an application knows of the person (``login_hint``)."""

import re

from flask import session as cookie

from auth.claims import CALLING_CODE
from auth.schemas import PasswordSignIn, RequestCode
from core.web.forms import Form, blank

# Whom the application expects.
HINT = "sso_login_hint"
PHONE = re.compile(rf"(?:{re.escape(CALLING_CODE)})?(1\d{{10}})", re.ASCII)
USERNAME = re.compile(r"[a-z0-9._-]{3,64}")


def hinted_forms() -> tuple[Form[RequestCode], Form[PasswordSignIn]]:
    """The two forms of the door, one filled in where a hint says who comes; it is read once."""
    hint = str(cookie.pop(HINT, ""))
    if phone := PHONE.fullmatch(hint):
        return blank(RequestCode, phone=phone[1]), blank(PasswordSignIn)
    if USERNAME.fullmatch(hint):
        return blank(RequestCode), blank(PasswordSignIn, username=hint)
    return blank(RequestCode), blank(PasswordSignIn)

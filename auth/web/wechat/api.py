"""/api/v1/auth/wechat: the mini-program signs in, binds a phone, and takes the binding off."""

from uuid import UUID

from apiflask import APIBlueprint

from auth.queries.wechat import list_identities
from auth.schemas import SignedIn
from auth.schemas.wechat import (
    BindByCode,
    BindByPhone,
    MiniProgramSignIn,
    WeChatIdentities,
    WeChatSignIn,
)
from auth.services import wechat as services
from auth.services.codes import count_try, wrong_code
from auth.services.sign_in import Origin
from auth.web.api import as_token
from auth.web.entering import FORM_BYTES, TRIES, WITHIN
from auth.web.identity import origin
from core.database import transaction
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, VERSION
from core.web.limits import body_at_most, limited
from wechat.public import wechat

api = APIBlueprint(
    "auth_wechat_api", "auth", url_prefix=f"/api/{VERSION}/auth/wechat", tag="Sign-in by WeChat"
)


@api.post("/mini-program/sessions")
@api.input(MiniProgramSignIn, arg_name="command")
@api.output(WeChatSignIn, status_code=201)
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def sign_in(command: MiniProgramSignIn) -> WeChatSignIn:
    """Exchange the code of `wx.login` for a bearer token, or for a ticket to bind a phone with."""
    with transaction() as session:
        services.count_try(session, origin("api"))
    user = wechat().mini_program_user(command.code)
    with transaction() as session:
        answer = services.sign_in(session, user, origin("api"))
    if answer.signed_in:
        return WeChatSignIn(signed_in=as_token(answer.signed_in))
    return answer


@api.post("/mini-program/bindings/phone")
@api.input(BindByPhone, arg_name="command")
@api.output(SignedIn, status_code=201)
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def bind_by_phone(command: BindByPhone) -> SignedIn:
    """Bind the phone that WeChat has verified, and sign in; a first sign-in makes the account."""
    with transaction() as session:
        services.count_binding(session, command.ticket)
    phone = wechat().phone_number(command.code)
    with transaction() as session:
        signed_in = services.bind_by_phone(session, command.ticket, phone, origin("api"))
    return as_token(signed_in)


@api.post("/mini-program/bindings/code")
@api.input(BindByCode, arg_name="command")
@api.output(SignedIn, status_code=201)
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def bind_by_code(command: BindByCode) -> SignedIn:
    """Bind another phone, by the code that `POST /api/v1/auth/codes` sent there, and sign in."""
    return as_token(confirm_binding(command, origin("api")))


@api.get("/identities")
@api.output(WeChatIdentities)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def identities() -> WeChatIdentities:
    """The WeChat users that the account is joined to."""
    with transaction() as session:
        return WeChatIdentities(items=list_identities(session, current_actor()))


@api.delete("/identities/<uuid:identity_id>")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def unbind(identity_id: UUID) -> str:
    """Take a WeChat user off the account; sessions and tokens that it opened end at once."""
    with transaction() as session:
        services.unbind(session, current_actor(), identity_id)
    return ""


def confirm_binding(command: BindByCode, where: Origin) -> SignedIn:
    """Take a try, then the code; a wrong code keeps the try and leaves the ticket."""
    with transaction() as session:
        services.count_binding(session, command.ticket)
        may_try = count_try(session, command.challenge_id)
    if not may_try:
        raise wrong_code()
    with transaction() as session:
        return services.bind_by_code(session, command, where)

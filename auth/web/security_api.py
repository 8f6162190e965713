"""/api/v1/auth/security: the ways into one's own account, and where it is signed in."""

from uuid import UUID

from apiflask import APIBlueprint

from auth import ports
from auth.queries.factors import list_sessions, read_security
from auth.schemas import (
    ChallengeSent,
    ChangePassword,
    ConfirmCode,
    ConfirmTotp,
    NewPhone,
    RecoveryCodes,
    Security,
    SessionView,
    TotpSecret,
)
from auth.services import own_account as services
from auth.web.entering import TRIES, WITHIN
from auth.web.identity import origin
from auth.web.pictures import issuer
from auth.web.security import take_new_phone
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, VERSION
from core.web.limits import By, limited

api = APIBlueprint(
    "security_api", "auth", url_prefix=f"/api/{VERSION}/auth/security", tag="Own security"
)


@api.get("")
@api.output(Security)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def security() -> Security:
    """How one's account is protected."""
    with transaction() as session:
        return read_security(session, current_actor())


@api.get("/sessions")
@api.output(Page[SessionView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def sessions() -> Page[SessionView]:
    """Where one is signed in; all of them on one page."""
    with transaction() as session:
        return Page(items=list_sessions(session, current_actor()), next_cursor=None)


@api.delete("/sessions/<uuid:session_id>")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def end_session(session_id: UUID) -> str:
    """Sign out on one device."""
    with transaction() as session:
        services.end_one(session, current_actor(), session_id)
    return ""


@api.delete("/sessions")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def end_other_sessions() -> str:
    """Sign out everywhere but here."""
    with transaction() as session:
        services.end_all_others(session, current_actor())
    return ""


@api.put("/password")
@api.input(ChangePassword, arg_name="command")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def change_password(command: ChangePassword) -> str:
    """Change one's password; every other session ends."""
    with transaction() as session:
        services.count_password_check(session, current_actor())
    with transaction() as session:
        services.change_password(session, current_actor(), command)
    return ""


@api.post("/phone/codes")
@api.input(NewPhone, arg_name="command")
@api.output(ChallengeSent, status_code=202)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def request_phone_code(command: NewPhone) -> ChallengeSent:
    """Send a code to the phone that is to be the account's."""
    with transaction() as session:
        sent, code = services.request_phone_code(session, current_actor(), command, origin("api"))
    ports.send_code(command.phone, code, sent.challenge_id)
    return sent


@api.put("/phone")
@api.input(ConfirmCode, arg_name="command")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def change_phone(command: ConfirmCode) -> str:
    """Take the phone that received the code; every other session ends."""
    take_new_phone(command)
    return ""


@api.post("/totp")
@api.output(TotpSecret, status_code=201)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def begin_totp() -> TotpSecret:
    """A secret for an authenticator application; it counts once confirmed."""
    with transaction() as session:
        return services.begin_totp(session, current_actor(), issuer())


@api.post("/totp/confirmation")
@api.input(ConfirmTotp, arg_name="command")
@api.output(RecoveryCodes)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def confirm_totp(command: ConfirmTotp) -> RecoveryCodes:
    """Confirm it by a code that it shows; with a first factor come recovery codes, once."""
    with transaction() as session:
        return RecoveryCodes(codes=services.confirm_totp(session, current_actor(), command))


@api.delete("/totp")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def remove_totp() -> str:
    """Remove the authenticator application."""
    with transaction() as session:
        services.remove_totp(session, current_actor())
    return ""


@api.delete("/passkeys/<uuid:passkey_id>")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def remove_passkey(passkey_id: UUID) -> str:
    """Remove one of one's passkeys; they are added on the pages."""
    with transaction() as session:
        services.remove_passkey(session, current_actor(), passkey_id)
    return ""


@api.post("/recovery-codes")
@api.output(RecoveryCodes, status_code=201)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def renew_recovery_codes() -> RecoveryCodes:
    """Ten new codes, once; the old ones work no more."""
    with transaction() as session:
        return RecoveryCodes(codes=services.renew_recovery_codes(session, current_actor()))

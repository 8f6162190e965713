"""/auth/security: the ways into one's own account, and where it is signed in."""

from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from auth import passkeys, ports, totp
from auth.claims import Method
from auth.queries.factors import candidate_of, list_sessions, read_security
from auth.queries.sso import list_told_of_own
from auth.schemas import (
    AddPasskey,
    ChangePassword,
    ConfirmCode,
    ConfirmTotp,
    NewPhone,
    SecurityAction,
    TotpSecret,
)
from auth.services import codes as code_services
from auth.services import own_account as services
from auth.services import second_factor
from auth.web.devices import device_in_words
from auth.web.entering import TRIES, WITHIN, enter
from auth.web.identity import origin
from auth.web.pictures import issuer, picture
from core.database import transaction
from core.errors import Conflict, PortalError, StepUpRequired
from core.messages import N_
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.limits import By, limited
from core.web.problems import translated

pages = Blueprint("security", __name__, url_prefix="/auth/security")

METHOD_LABELS = {
    Method.SMS: N_("短信验证码"),
    Method.PASSWORD: N_("密码"),
    Method.ONE_TIME_CODE: N_("动态口令"),
    Method.PASSKEY: N_("通行密钥"),
    Method.RECOVERY_CODE: N_("恢复码"),
    Method.WECHAT: N_("微信"),
    Method.UPSTREAM: N_("其他机构的账号"),
}


@pages.get("")
@open_to(SIGNED_IN)
def show() -> ResponseReturnValue:
    """How one's account is protected, and where it is signed in."""
    actor = current_actor()
    with transaction() as session:
        security = read_security(session, actor)
        sessions = list_sessions(session, actor)
        told = list_told_of_own(session, actor)
    return render_template(
        "auth/security.html",
        security=security,
        sessions=sessions,
        told=told,
        still=True,
        device=device_in_words,
        labels=METHOD_LABELS,
        passkeys=passkeys.relying_party() is not None,
    )


@pages.get("/password")
@open_to(SIGNED_IN)
def password() -> ResponseReturnValue:
    """The form of a new password."""
    with transaction() as session:
        services.may(session, current_actor(), SecurityAction.CHANGE_PASSWORD)
    return _password_page(blank(ChangePassword), 200)


@pages.post("/password")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def change_password() -> ResponseReturnValue:
    """Change one's password; every other session ends."""
    form = read_form(ChangePassword)
    command = form.command
    if command is None:
        return _password_page(form, 422)
    try:
        with transaction() as session:
            services.count_password_check(session, current_actor())
        with transaction() as session:
            services.change_password(session, current_actor(), command)
    except StepUpRequired:
        raise
    except PortalError as error:
        return _password_page(form, form.fail(error))
    return _done(gettext("密码已更换，其他设备上的登录已退出。"))


@pages.get("/phone")
@open_to(SIGNED_IN)
def phone() -> ResponseReturnValue:
    """The form of a new phone."""
    with transaction() as session:
        services.may(session, current_actor(), SecurityAction.CHANGE_PHONE)
    return _phone_page(blank(NewPhone), 200)


@pages.post("/phone/code")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def request_phone_code() -> ResponseReturnValue:
    """Send a code to the new phone."""
    form = read_form(NewPhone)
    command = form.command
    if command is None:
        return _phone_page(form, 422)
    try:
        with transaction() as session:
            sent, code = services.request_phone_code(session, current_actor(), command, origin())
        ports.send_code(command.phone, code, sent.challenge_id)
    except StepUpRequired:
        raise
    except PortalError as error:
        return _phone_page(form, form.fail(error))
    values = {"challenge_id": str(sent.challenge_id), "phone": command.phone}
    return _phone_code_page(Form(values=values), 200)


@pages.post("/phone")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def change_phone() -> ResponseReturnValue:
    """Take the phone that received the code; the old one is told."""
    form = read_form(ConfirmCode)
    command = form.command
    if command is None:
        return _phone_code_page(form, 422)
    try:
        take_new_phone(command)
    except StepUpRequired:
        raise
    except PortalError as error:
        return _phone_code_page(form, form.fail(error))
    return _done(gettext("手机号已更换，其他设备上的登录已退出，绑定的微信和连接的账号已解除。"))


def take_new_phone(command: ConfirmCode) -> None:
    """Take a try, then the code; a wrong code keeps the try. Raises Invalid, Conflict."""
    with transaction() as session:
        if not code_services.count_try(session, command.challenge_id):
            raise code_services.wrong_code()
    with transaction() as session:
        services.change_phone(session, current_actor(), command, origin())


@pages.get("/totp")
@open_to(SIGNED_IN)
def set_up_totp() -> ResponseReturnValue:
    """Show the secret to be read into an authenticator application."""
    try:
        with transaction() as session:
            secret = services.begin_totp(session, current_actor(), issuer())
    except Conflict as error:
        return _refused(error)
    return _totp_page(blank(ConfirmTotp), secret, 200)


@pages.get("/totp.svg")
@open_to(SIGNED_IN)
def totp_picture() -> Response:
    """The secret as a picture."""
    return picture(_shown_secret())


@pages.post("/totp")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def confirm_totp() -> ResponseReturnValue:
    """Take the application, as it shows the right code."""
    form = read_form(ConfirmTotp)
    command = form.command
    if command is None:
        return _totp_page(form, _shown_secret(), 422)
    actor = current_actor()
    try:
        with transaction() as session:
            codes = services.confirm_totp(session, actor, command)
            candidate = candidate_of(session, actor)
            renewed = second_factor.renew(session, candidate, Method.ONE_TIME_CODE, origin())
    except StepUpRequired:
        raise
    except PortalError as error:
        return _totp_page(form, _shown_secret(), form.fail(error))
    enter(renewed)
    return _added(codes, gettext("动态口令已设置好。"))


@pages.post("/totp/remove")
@open_to(SIGNED_IN)
def remove_totp() -> ResponseReturnValue:
    """Remove the application."""
    try:
        with transaction() as session:
            services.remove_totp(session, current_actor())
    except Conflict as error:
        return _refused(error)
    return _done(gettext("动态口令已移除。"))


@pages.get("/passkeys/new")
@open_to(SIGNED_IN)
def new_passkey() -> ResponseReturnValue:
    """The form of a new passkey."""
    with transaction() as session:
        services.may(session, current_actor(), SecurityAction.ADD_FACTOR)
    return _passkey_page(blank(AddPasskey), 200)


@pages.post("/passkeys/options")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    with transaction() as session:
        return jsonify(services.passkey_options(session, current_actor()))


@pages.post("/passkeys")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def add_passkey() -> ResponseReturnValue:
    """Take the passkey."""
    form = read_form(AddPasskey)
    command = form.command
    if command is None:
        return _passkey_page(form, 422)
    actor = current_actor()
    try:
        with transaction() as session:
            codes = services.add_passkey(session, actor, command)
            candidate = candidate_of(session, actor)
            renewed = second_factor.renew(session, candidate, Method.PASSKEY, origin())
    except StepUpRequired:
        raise
    except PortalError as error:
        return _passkey_page(form, form.fail(error))
    enter(renewed)
    return _added(codes, gettext("通行密钥已添加。"))


@pages.post("/passkeys/<uuid:passkey_id>/remove")
@open_to(SIGNED_IN)
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Remove one of one's passkeys."""
    try:
        with transaction() as session:
            services.remove_passkey(session, current_actor(), passkey_id)
    except Conflict as error:
        return _refused(error)
    return _done(gettext("通行密钥已移除。"))


@pages.post("/recovery-codes")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def renew_recovery_codes() -> ResponseReturnValue:
    """Make ten new codes and show them this once."""
    with transaction() as session:
        codes = services.renew_recovery_codes(session, current_actor())
    return _added(codes, "")


@pages.post("/sessions/<uuid:session_id>/end")
@open_to(SIGNED_IN)
def end_session(session_id: UUID) -> ResponseReturnValue:
    """Sign out on one device."""
    with transaction() as session:
        services.end_one(session, current_actor(), session_id)
    return _done(gettext("那台设备上的登录已退出。"))


@pages.post("/sessions/end-others")
@open_to(SIGNED_IN)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out on every device but this."""
    with transaction() as session:
        services.end_all_others(session, current_actor())
    return _done(gettext("其他设备上的登录都已退出。"))


def _done(sentence: str) -> ResponseReturnValue:
    flash(sentence, "good")
    return redirect(url_for("security.show"), 303)


def _refused(error: PortalError) -> ResponseReturnValue:
    flash(translated(error.message), "bad")
    return redirect(url_for("security.show"), 303)


def _added(codes: list[str], sentence: str) -> ResponseReturnValue:
    """Show the codes that came with it, if any did."""
    if not codes:
        return _done(sentence)
    return render_template(
        "auth/recovery_codes.html", codes=codes, onwards=url_for("security.show")
    )


def _shown_secret() -> TotpSecret:
    with transaction() as session:
        return services.totp_on_its_way(session, current_actor(), issuer())


def _password_page(form: Form[ChangePassword], status: int) -> ResponseReturnValue:
    return render_template("auth/change_password.html", form=form), status


def _phone_page(form: Form[NewPhone], status: int) -> ResponseReturnValue:
    return render_template("auth/change_phone.html", new=form, code=None), status


def _phone_code_page(form: Form[ConfirmCode], status: int) -> ResponseReturnValue:
    return render_template("auth/change_phone.html", new=form, code=form), status


def _totp_page(form: Form[ConfirmTotp], secret: TotpSecret, status: int) -> ResponseReturnValue:
    page = render_template(
        "auth/totp.html", totp=form, secret=secret, spelled=totp.spelled(secret.secret)
    )
    return page, status


def _passkey_page(form: Form[AddPasskey], status: int) -> ResponseReturnValue:
    return render_template("auth/passkey.html", passkey=form), status

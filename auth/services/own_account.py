"""What people do about their own account: password, phone, factors, sessions."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import passwords
from auth.events import PhoneChanged
from auth.models import Account, RefreshFamily, SignInSession, Token
from auth.queries.factors import Candidate, own_account, standing_of
from auth.schemas import (
    AddPasskey,
    ChallengeSent,
    ChangePassword,
    ConfirmCode,
    ConfirmTotp,
    NewPassword,
    NewPhone,
    NoticeKind,
    Purpose,
    SecurityAction,
    Step,
    TotpSecret,
)
from auth.services import codes, factors, limits, passkeys
from auth.services.identities import part_all
from auth.services.logout import end_families, end_on_the_way, end_sessions
from auth.services.notices import notify_owner
from auth.services.second_factor import PROOFS_PER_ACCOUNT, PROOFS_WITHIN
from auth.services.sign_in import Origin, note, origin_of, phone_index
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound, SignInRequired
from core.events import publish
from core.messages import N_


def may(session: Session, actor: Actor, action: SecurityAction) -> None:
    """Ask before a form is filled in, so that nothing typed is in the way of a step-up.

    Raises Denied, or StepUpRequired.
    """
    require(session, actor, action, own_account(actor))


def count_password_check(session: Session, actor: Actor) -> None:
    """Count a try at one's own old password; in a transaction of its own. Raises TooMany."""
    whose = str(actor.account_id)
    limits.count_try(session, "old password", whose, PROOFS_PER_ACCOUNT, PROOFS_WITHIN)


def change_password(session: Session, actor: Actor, command: ChangePassword) -> None:
    """Change one's own password; every other session and token ends. Raises Denied, Invalid."""
    require(session, actor, SecurityAction.CHANGE_PASSWORD, own_account(actor))
    account = session.get_one(Account, actor.account_id)
    if not passwords.matches(account.password_hash, command.old_password):
        sentence = N_("原密码不对，请核对后再试。")
        raise Invalid("wrong_password", sentence, fields={"old_password": sentence})
    limits.forgive(session, "old password", str(actor.account_id))
    _set_password(session, account, command)
    end_others(session, actor)


def choose_first_password(
    session: Session, candidate: Candidate, command: NewPassword, origin: Origin
) -> None:
    """Replace an initial password on the way in. Raises Invalid, or SignInRequired where none is
    asked for.
    """
    standing = standing_of(session, candidate.account_id)
    if standing.step(candidate.methods) is not Step.NEW_PASSWORD:
        raise SignInRequired()
    if passwords.matches(standing.account.password_hash, command.new_password):
        sentence = N_("新密码不能与初始密码相同，请换一个。")
        raise Invalid("same_password", sentence, fields={"new_password": sentence})
    _set_password(session, standing.account, command)
    # Whoever else came by the initial password.
    end_on_the_way(session, [candidate.account_id], but=candidate.pending_id)
    note(session, candidate.account_id, SecurityAction.CHANGE_PASSWORD, origin)


def request_phone_code(
    session: Session, actor: Actor, command: NewPhone, origin: Origin
) -> tuple[ChallengeSent, str]:
    """A code to the phone that is to be the account's, whether or not another has it.

    Raises Denied, TooMany.
    """
    require(session, actor, SecurityAction.CHANGE_PHONE, own_account(actor))
    return codes.make(session, command.phone, Purpose.NEW_PHONE, origin, actor.account_id)


def change_phone(session: Session, actor: Actor, command: ConfirmCode, origin: Origin) -> None:
    """Take the phone that received the code; the old one is told, and every other session and
    token ends. WeChat users and providers that were joined while another phone was the account's
    be joined anew. ``codes.count_try`` came before. Raises Denied, Invalid ``wrong_code``, or
    Conflict ``phone_taken``.
    """
    require(session, actor, SecurityAction.CHANGE_PHONE, own_account(actor))
    challenge = codes.redeem(
        session, command.challenge_id, command.code, Purpose.NEW_PHONE, origin, actor.account_id
    )
    account = session.get_one(Account, actor.account_id)
    had_one = account.phone is not None
    move_phone(session, account, challenge.phone)
    if had_one:
        part_all(session, account.id)
    end_others(session, actor)


def move_phone(session: Session, account: Account, phone: str) -> None:
    """Give the account another phone, which its owner proved; tell the old one, announce it. Raises
    Conflict.
    """
    before = account.phone
    try:
        with session.begin_nested():
            account.phone, account.phone_index = phone, phone_index(phone)
    except IntegrityError:
        raise Conflict(
            "phone_taken", N_("这个手机号已用于另一个账号，请换一个，或先在那个账号里更换。")
        ) from None
    notify_owner(session, account, NoticeKind.PHONE_CHANGED, phone=before)
    publish(session, PhoneChanged(account_id=account.id))


def begin_totp(session: Session, actor: Actor, issuer: str) -> TotpSecret:
    """A secret for a new authenticator application. Raises Denied, Conflict."""
    require(session, actor, SecurityAction.ADD_FACTOR, own_account(actor))
    return factors.begin_totp(session, actor.account_id, issuer)


def totp_on_its_way(session: Session, actor: Actor, issuer: str) -> TotpSecret:
    """The secret again, as long as it was not confirmed. Raises Denied, Conflict."""
    require(session, actor, SecurityAction.ADD_FACTOR, own_account(actor))
    return factors.totp_on_its_way(session, actor.account_id, issuer)


def confirm_totp(session: Session, actor: Actor, command: ConfirmTotp) -> list[str]:
    """Add the application; with a first factor come recovery codes. Raises Denied, Invalid."""
    require(session, actor, SecurityAction.ADD_FACTOR, own_account(actor))
    factors.confirm_totp(session, actor.account_id, command.code, origin_of(actor))
    return first_recovery_codes(session, actor.account_id)


def remove_totp(session: Session, actor: Actor) -> None:
    """Remove the application. Raises Denied, Conflict."""
    require(session, actor, SecurityAction.REMOVE_FACTOR, own_account(actor))
    factors.remove_totp(session, actor.account_id, origin_of(actor))


def passkey_options(session: Session, actor: Actor) -> dict[str, Any]:
    """What the browser needs to make a passkey. Raises Denied, Conflict."""
    require(session, actor, SecurityAction.ADD_FACTOR, own_account(actor))
    return passkeys.registration_options(session, actor.account_id)


def add_passkey(session: Session, actor: Actor, command: AddPasskey) -> list[str]:
    """Add a passkey; with a first factor come recovery codes. Raises Denied, Invalid, Conflict."""
    require(session, actor, SecurityAction.ADD_FACTOR, own_account(actor))
    passkeys.register(session, actor.account_id, command, origin_of(actor))
    return first_recovery_codes(session, actor.account_id)


def remove_passkey(session: Session, actor: Actor, passkey_id: UUID) -> None:
    """Remove one of one's passkeys. Raises Denied, NotFound, Conflict."""
    require(session, actor, SecurityAction.REMOVE_FACTOR, own_account(actor))
    passkeys.remove(session, actor.account_id, passkey_id, origin_of(actor))


def renew_recovery_codes(session: Session, actor: Actor) -> list[str]:
    """Ten new codes; the old ones work no more. Raises Denied."""
    require(session, actor, SecurityAction.ADD_FACTOR, own_account(actor))
    factors.added(session, actor.account_id, origin_of(actor))
    return factors.make_recovery_codes(session, actor.account_id)


def first_recovery_codes(session: Session, account_id: UUID) -> list[str]:
    """Ten codes where there are none left, else none."""
    if factors.lacks_recovery_codes(session, account_id):
        return factors.make_recovery_codes(session, account_id)
    return []


def end_one(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of one's sessions, with what applications got in it, offline too.

    Raises Denied, NotFound.
    """
    require(session, actor, SecurityAction.END_SESSION, own_account(actor))
    mine = (SignInSession.id == session_id, SignInSession.account_id == actor.account_id)
    live = select(SignInSession.id).where(*mine, SignInSession.ended_at.is_(None))
    if session.scalar(live.with_for_update()) is None:
        raise NotFound()
    end_sessions(session, SignInSession.id == session_id)
    end_families(session, RefreshFamily.session_id == session_id)


def end_all_others(session: Session, actor: Actor) -> None:
    """End every session and token of the actor's but this. Raises Denied."""
    require(session, actor, SecurityAction.END_SESSION, own_account(actor))
    end_others(session, actor)


def end_others(session: Session, actor: Actor) -> None:
    """End every session and token of the account but the actor's, and what applications hold
    offline from any other session, however long ago that was; and every sign-in on its way.
    """
    end_on_the_way(session, [actor.account_id])
    end_sessions(
        session,
        (SignInSession.account_id == actor.account_id)
        & SignInSession.id.is_distinct_from(actor.session_id),
    )
    end_families(
        session,
        (RefreshFamily.account_id == actor.account_id)
        & RefreshFamily.session_id.is_distinct_from(actor.session_id),
    )
    session.execute(
        update(Token)
        .where(
            Token.account_id == actor.account_id,
            Token.session_id.is_distinct_from(actor.session_id),
            Token.ended_at.is_(None),
        )
        .values(ended_at=clock.now())
    )


def _set_password(session: Session, account: Account, command: NewPassword) -> None:
    weakness = passwords.weakness(command.new_password, [account.username, account.display_name])
    if weakness:
        raise Invalid("weak_password", weakness, fields={"new_password": weakness})
    account.password_hash = passwords.hash_password(command.new_password)
    account.password_initial = False
    notify_owner(session, account, NoticeKind.PASSWORD_CHANGED)

"""The front door: by code, password or passkey. No answer or timing tells whether an account
exists.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth import passwords
from auth.claims import Method
from auth.models import Account
from auth.queries.factors import name_knows_device
from auth.schemas import (
    ChallengeSent,
    ConfirmCode,
    PasskeySignIn,
    PasswordSignIn,
    Pending,
    Purpose,
    RequestCode,
    SignedIn,
)
from auth.services import codes, limits, passkeys
from auth.services.second_factor import begin
from auth.services.sign_in import Origin, failed, find_by_username, phone_index
from core.errors import Invalid
from core.ids import new_id
from core.masking import masked_phone
from core.messages import N_

PASSWORD_TRIES_PER_NAME = 10
PASSWORD_TRIES_PER_ADDRESS = 100
QUARTER = timedelta(minutes=15)


def request_code(
    session: Session, command: RequestCode, origin: Origin
) -> tuple[ChallengeSent, str]:
    """Make a code for a phone, known or not. The caller sends it after the commit and never shows
    it. Raises TooMany.
    """
    return codes.make(session, command.phone, Purpose.SIGN_IN, origin)


def confirm_code(session: Session, command: ConfirmCode, origin: Origin) -> SignedIn | Pending:
    """Sign in by the code; a first sign-in makes the account. ``codes.count_try`` came before.

    Raises Invalid ``wrong_code``.
    """
    return begin(session, prove_phone(session, command, origin), [Method.SMS], origin)


def prove_phone(session: Session, command: ConfirmCode, origin: Origin) -> Account:
    """Use the code up for the account of its phone. ``codes.count_try`` came before.

    Raises Invalid ``wrong_code``.
    """
    try:
        challenge = codes.redeem(
            session, command.challenge_id, command.code, Purpose.SIGN_IN, origin
        )
    except Invalid as wrong:
        raise failed(wrong, codes.asked_by(session, command.challenge_id), origin) from None
    account = account_of_phone(session, challenge.phone)
    if account.disabled_at is not None:
        raise failed(codes.wrong_code(), account.id, origin)
    return account


def count_password_try(session: Session, command: PasswordSignIn, origin: Origin) -> None:
    """Count a try before the costly hash; in a transaction of its own. Raises TooMany."""
    whose = _whose(session, command, origin)
    limits.count_tries(
        session,
        QUARTER,
        limits.Tries("name", whose, PASSWORD_TRIES_PER_NAME),
        limits.Tries("password from", origin.network, PASSWORD_TRIES_PER_ADDRESS),
    )


def sign_in_by_password(
    session: Session, command: PasswordSignIn, origin: Origin
) -> SignedIn | Pending:
    """Sign in staff. Raises Invalid ``wrong_password``."""
    account = find_by_username(session, command.username)
    stored = account.password_hash if account else None
    right = passwords.matches(stored, command.password)
    if account is None or stored is None or not right or account.disabled_at is not None:
        sentence = N_("用户名或密码不对，请核对后再试。")
        wrong = Invalid("wrong_password", sentence, fields={"password": sentence})
        raise failed(wrong, account.id if account else None, origin)
    if passwords.is_outdated(stored):
        account.password_hash = passwords.hash_password(command.password)
    limits.forgive(session, "name", _whose(session, command, origin))
    limits.forgive_last(session, "password from", origin.network)
    return begin(session, account, [Method.PASSWORD], origin)


def sign_in_by_passkey(
    session: Session, command: PasskeySignIn, origin: Origin
) -> SignedIn | Pending:
    """Sign in whoever the passkey belongs to. Raises Invalid ``wrong_passkey``."""
    account_id = passkeys.prove(session, command.credential, None)
    account = session.get(Account, account_id) if account_id else None
    if account is None or account.disabled_at is not None:
        wrong = Invalid("wrong_passkey", N_("通行密钥没有通过，请再试一次或换一种方式。"))
        raise failed(wrong, account.id if account else None, origin)
    return begin(session, account, [Method.PASSKEY], origin)


def _whose(session: Session, command: PasswordSignIn, origin: Origin) -> str:
    """Whose tries are counted: a browser from which the name's owner signed in has a count of its
    own, so that strangers who guess do not lock the owner out.
    """
    known = name_knows_device(session, command.username, origin.device)
    return f"{command.username} {origin.device}" if known else command.username


def account_of_phone(session: Session, phone: str) -> Account:
    """The account of a proved phone, made by its first sign-in; of two at once one makes it."""
    index = phone_index(phone)
    row = insert(Account).values(
        id=new_id(), display_name=masked_phone(phone), phone=phone, phone_index=index
    )
    known = select(Account).where(Account.phone_index == index)
    account = session.scalar(known)
    if account is None:
        session.execute(row.on_conflict_do_nothing())
        account = session.scalars(known).one()
    return account

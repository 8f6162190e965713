"""Authenticator applications and recovery codes: set up, used, removed."""

import secrets
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth import totp
from auth.claims import Method
from auth.models import Account, Passkey, RecoveryCode, Totp
from auth.queries.factors import standing_of
from auth.schemas import NoticeKind, TotpSecret
from auth.services.notices import notify_owner
from auth.services.sign_in import Origin, note
from core import clock
from core.crypto import blind_index
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_

RECOVERY_CODES = 10
# Without letters and digits that are taken for each other when read from paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 3, 4


def begin_totp(session: Session, account_id: UUID, issuer: str) -> TotpSecret:
    """A new secret for an application; it counts once ``confirm_totp`` proved it. One that was
    shown before is replaced: whoever saw it may be another. Raises Conflict where the account has
    an application.
    """
    fresh = {"secret": totp.make_secret(), "created_at": clock.now()}
    made = insert(Totp).values(account_id=account_id, last_step=0, **fresh)
    kept = session.execute(
        made.on_conflict_do_update(
            index_elements=[Totp.account_id], set_=fresh, where=Totp.confirmed_at.is_(None)
        ).returning(Totp.account_id)
    )
    if kept.first() is None:
        raise _totp_exists()
    return totp_on_its_way(session, account_id, issuer)


def totp_on_its_way(session: Session, account_id: UUID, issuer: str) -> TotpSecret:
    """The secret that ``begin_totp`` made, to be shown again. Raises Conflict where there is none
    to be confirmed.
    """
    row = session.get(Totp, account_id, populate_existing=True)
    if row is None or row.confirmed_at is not None:
        raise _totp_exists()
    account = session.get_one(Account, account_id)
    name = account.username or account.display_name
    return TotpSecret(secret=row.secret, address=totp.address(row.secret, issuer, name))


def confirm_totp(session: Session, account_id: UUID, code: str, origin: Origin) -> None:
    """Let the application count, as it shows the right code. Raises Invalid or Conflict."""
    row = session.get(Totp, account_id)
    step = totp.step_of(row.secret, code, clock.now()) if row else None
    if step is None:
        sentence = N_("口令不对。请看应用里此刻显示的 6 位数字，并检查手机时间是否准确。")
        raise Invalid("wrong_totp", sentence, fields={"code": sentence})
    confirmed = session.execute(
        update(Totp)
        .where(Totp.account_id == account_id, Totp.confirmed_at.is_(None))
        .values(confirmed_at=clock.now(), last_step=step)
        .returning(Totp.account_id)
    ).first()
    if confirmed is None:
        raise _totp_exists()
    added(session, account_id, origin)


def use_totp(session: Session, account_id: UUID, code: str) -> bool:
    """Whether the code is right now; each time step is taken once (RFC 6238, 5.2)."""
    row = session.scalar(
        select(Totp).where(Totp.account_id == account_id, Totp.confirmed_at.is_not(None))
    )
    step = totp.step_of(row.secret, code, clock.now()) if row else None
    if step is None:
        return False
    taken = session.execute(
        update(Totp)
        .where(Totp.account_id == account_id, Totp.last_step < step)
        .values(last_step=step)
        .returning(Totp.account_id)
    )
    return taken.first() is not None


def remove_totp(session: Session, account_id: UUID, origin: Origin) -> None:
    """Forget the application; none there is no mistake. Raises Conflict ``last_factor``."""
    gone = session.execute(
        delete(Totp).where(Totp.account_id == account_id).returning(Totp.confirmed_at)
    ).scalar()
    if gone is not None:
        removed(session, account_id, origin)


def make_recovery_codes(session: Session, account_id: UUID) -> list[str]:
    """Ten new codes; the old ones work no more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    made = ["-".join(_group() for _ in range(GROUPS)) for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(id=new_id(), account_id=account_id, code_hash=_code_hash(account_id, code))
        for code in made
    )
    return made


def use_recovery_code(session: Session, account_id: UUID, code: str) -> bool:
    """Use one up; of two uses at once one wins."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_hash == _code_hash(account_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    return used.first() is not None


def lacks_recovery_codes(session: Session, account_id: UUID) -> bool:
    """Whether the account never got codes, or used all."""
    left = select(func.count()).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(left) == 0


def added(session: Session, account_id: UUID, origin: Origin) -> None:
    """Note a new factor, and tell the account's owner."""
    note(session, account_id, "auth:add-factor", origin)
    notify_owner(session, session.get_one(Account, account_id), NoticeKind.FACTOR_ADDED)


def removed(session: Session, account_id: UUID, origin: Origin) -> None:
    """Note that a factor is gone; with the last one the recovery codes go.

    Raises Conflict ``last_factor`` where a member of staff would be left with one means only.
    """
    session.flush()
    standing = standing_of(session, account_id)
    means = standing.means - {Method.RECOVERY_CODE}
    if standing.staff and Method.PASSKEY not in means and len(means) < 2:
        raise Conflict("last_factor", N_("工作人员须保留一种第二步验证，请先添加另一种。"))
    if not means & {Method.ONE_TIME_CODE, Method.PASSKEY}:
        session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    note(session, account_id, "auth:remove-factor", origin)
    notify_owner(session, standing.account, NoticeKind.FACTOR_REMOVED)


def forget_all(session: Session, account_id: UUID) -> None:
    """Remove every factor but password and phone: they were lost with the phone."""
    for table in (Totp, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.account_id == account_id))


def _totp_exists() -> Conflict:
    return Conflict("totp_exists", N_("已经设置过动态口令。要换一个，请先移除原来的。"))


def _group() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(GROUP_LENGTH))


def _code_hash(account_id: UUID, code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter in LETTERS)
    return blind_index(f"{account_id} {plain}", "recovery-code")

"""Administering accounts: who gets one, what it may do, and its end. Every change has a history."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import passwords, ports
from auth.models import Account
from auth.organisation import Unit
from auth.queries.accounts import (
    SUBJECT,
    account_at_each_place,
    account_resource,
    holder,
    load_account,
    read_summary,
    service_of,
)
from auth.schemas import (
    AccountSummary,
    AccountVersion,
    Action,
    ChangeAccount,
    CreateAccount,
    NoticeKind,
    Papers,
    Username,
)
from auth.services import accounts
from auth.services.accounts import create_account, end_sign_ins, username_taken
from auth.services.grants import give, unit_for
from auth.services.notices import notify_owner
from core import clock, history
from core.access import Actor, Resource, require
from core.errors import Conflict, Invalid
from core.messages import N_


def create_staff_account(
    session: Session, actor: Actor, command: CreateAccount, initial_password: str
) -> AccountSummary:
    """A new account with its first role. Raises Denied, Invalid, or Conflict ``username_taken``."""
    unit = unit_for(session, command)
    account = open_account(
        session, actor, command.username, command.display_name, unit, initial_password
    )
    give(session, actor, account, command, unit)
    return read_summary(session, account)


def open_account(
    session: Session,
    actor: Actor,
    username: Username,
    display_name: str,
    unit: Unit,
    initial_password: str,
) -> Account:
    """A new account for one who works at ``unit``, without a role yet.

    Raises Denied, Invalid or Conflict.
    """
    more = {"holder": holder(), "guards": False}
    resource = Resource("ManagedAccount", "new", units=unit.path, more=more)
    require(session, actor, Action.CREATE_ACCOUNT, resource)
    account = create_account(
        session,
        username=username,
        display_name=display_name,
        password=initial_password,
        password_initial=True,
    )
    given = {"username": username, "display_name": display_name}
    history.note_creation(session, actor, SUBJECT, account, given)
    return account


def change_account(
    session: Session, actor: Actor, account_id: UUID, command: ChangeAccount
) -> AccountSummary:
    """Change the given names. Raises NotFound, Denied, or Conflict (stale, or the name taken)."""
    account = _managed(session, actor, account_id, Action.CHANGE_ACCOUNT)
    given = command.model_dump(exclude_none=True, exclude={"version"})
    try:
        with session.begin_nested():
            history.change(session, actor, SUBJECT, account, command.version, given)
    except IntegrityError:
        raise username_taken() from None
    return read_summary(session, account)


def know_human(
    session: Session, actor: Actor, account_id: UUID, papers: Papers, genuine: bool
) -> AccountSummary:
    """Keep whose the account is, by the identity card that was seen; of the number only a digest.
    The card has the account's name. ``genuine`` is the real-name service's answer, asked before.

    Raises NotFound, Denied, Invalid or Conflict.
    """
    account = _managed(session, actor, account_id, Action.CHANGE_ACCOUNT)
    if not genuine or papers.name != account.display_name:
        sentence = N_("证件核对没有通过，请对照身份证检查姓名和号码；姓名要与账号一致。")
        raise Invalid("papers_differ", sentence, fields={"id_number": sentence})
    if account.human_index is None:
        history.note(session, actor, SUBJECT, account, {"human": [None, True]})
    mark = ports.identity_desk().mark_of(session, papers.name, papers.id_number)
    accounts.know_human(session, account_id, mark)
    session.refresh(account)
    return read_summary(session, account)


def may_know_human(session: Session, actor: Actor, account_id: UUID) -> None:
    """Ask before papers are typed in. Raises NotFound, Denied."""
    _managed(session, actor, account_id, Action.CHANGE_ACCOUNT)


def disable_account(
    session: Session, actor: Actor, account_id: UUID, command: AccountVersion
) -> AccountSummary:
    """Stop an account: its sessions and tokens end at once. Raises NotFound, Denied or Conflict."""
    account = _managed(session, actor, account_id, Action.DISABLE_ACCOUNT)
    if account.disabled_at is None:
        set_disabled(session, actor, account, command.version, disabled=True)
        end_sign_ins(session, account_id)
    return read_summary(session, account)


def enable_account(
    session: Session, actor: Actor, account_id: UUID, command: AccountVersion
) -> AccountSummary:
    """Let a disabled account sign in again. Raises NotFound, Denied or Conflict."""
    account = _managed(session, actor, account_id, Action.DISABLE_ACCOUNT)
    if account.disabled_at is not None:
        set_disabled(session, actor, account, command.version, disabled=False)
    return read_summary(session, account)


def reset_password(
    session: Session,
    actor: Actor,
    account_id: UUID,
    command: AccountVersion,
    initial_password: str,
) -> AccountSummary:
    """Give a new initial password, end all sessions and tell the owner, for one who lost theirs.

    Raises NotFound, Denied (a resident's account too) or Conflict.
    """
    account = _managed(session, actor, account_id, Action.RESET_PASSWORD)
    if account.username is None:
        raise Conflict("no_username", N_("这个账号没有登录名，请先填写登录名。"))
    values = {"password_hash": passwords.hash_password(initial_password)}
    shown = {"password_hash": ("initial_password", None, True)}
    history.change(session, actor, SUBJECT, account, command.version, values, shown)
    account.password_initial = True
    end_sign_ins(session, account_id)
    notify_owner(session, account, NoticeKind.PASSWORD_RESET)
    return read_summary(session, account)


def end_sessions(session: Session, actor: Actor, account_id: UUID) -> AccountSummary:
    """Sign somebody out everywhere, at once. Raises NotFound or Denied."""
    account = load_account(session, account_id)
    resource = account_resource(account, service_of(session, account_id))
    require(session, actor, Action.END_SESSIONS, resource)
    end_sign_ins(session, account_id)
    history.note(session, actor, SUBJECT, account, {"sessions_ended": [None, True]})
    return read_summary(session, account)


def _managed(session: Session, actor: Actor, account_id: UUID, action: Action) -> Account:
    """The account, if the actor is responsible for each place it serves at."""
    account = load_account(session, account_id)
    for resource in account_at_each_place(account, service_of(session, account_id)):
        require(session, actor, action, resource)
    return account


def set_disabled(
    session: Session, actor: Actor, account: Account, version: int, *, disabled: bool
) -> None:
    """Stop an account or let it go on, with its history. The caller ends what is open."""
    history.change(
        session,
        actor,
        SUBJECT,
        account,
        version,
        {"disabled_at": clock.now() if disabled else None},
        {"disabled_at": ("disabled", not disabled, disabled)},
    )

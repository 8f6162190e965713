"""Administering accounts: who gets one, what it may do, and its end. Every change has a history."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import passwords
from auth.models import Account
from auth.organisation import Unit, UnitKind, organisation
from auth.queries.accounts import (
    SUBJECT,
    account_resource,
    holder,
    load_account,
    places_of,
    read_summary,
)
from auth.schemas import (
    AccountSummary,
    AccountVersion,
    Action,
    ChangeAccount,
    CreateAccount,
    GrantRole,
    Username,
)
from auth.services.accounts import (
    add_grant,
    create_account,
    end_grants,
    end_sign_ins,
    username_taken,
)
from core import clock, history
from core.access import Actor, Resource, Role, require
from core.errors import Conflict, Invalid
from core.messages import N_

# On what each role makes sense.
UNIT_KINDS = {
    Role.REGISTRAR: {UnitKind.INSTITUTION},
    Role.ADMINISTRATOR: {UnitKind.DIVISION, UnitKind.INSTITUTION},
    Role.ANALYST: {UnitKind.DIVISION},
}
ROSTER_ROLES = (Role.LEADER, Role.MEMBER)


def create_staff_account(
    session: Session, actor: Actor, command: CreateAccount, initial_password: str
) -> AccountSummary:
    """A new account with its first role. Raises Denied, Invalid, or Conflict ``username_taken``."""
    unit = _unit_for(session, command)
    account = open_account(
        session, actor, command.username, command.display_name, unit, initial_password
    )
    _give(session, actor, account, command.role, unit)
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
    resource = Resource("ManagedAccount", "new", units=unit.path, more={"holder": holder()})
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


def disable_account(
    session: Session, actor: Actor, account_id: UUID, command: AccountVersion
) -> AccountSummary:
    """Stop an account: its sessions and tokens end at once. Raises NotFound, Denied or Conflict."""
    account = _managed(session, actor, account_id, Action.DISABLE_ACCOUNT)
    if account.disabled_at is None:
        _set_disabled(session, actor, account, command.version, disabled=True)
        end_sign_ins(session, account_id)
    return read_summary(session, account)


def enable_account(
    session: Session, actor: Actor, account_id: UUID, command: AccountVersion
) -> AccountSummary:
    """Let a disabled account sign in again. Raises NotFound, Denied or Conflict."""
    account = _managed(session, actor, account_id, Action.DISABLE_ACCOUNT)
    if account.disabled_at is not None:
        _set_disabled(session, actor, account, command.version, disabled=False)
    return read_summary(session, account)


def reset_password(
    session: Session,
    actor: Actor,
    account_id: UUID,
    command: AccountVersion,
    initial_password: str,
) -> AccountSummary:
    """Give a new initial password and end all sessions, for one who lost theirs.

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
    return read_summary(session, account)


def give_role(
    session: Session, actor: Actor, account_id: UUID, command: GrantRole
) -> AccountSummary:
    """Let an account that the actor sees hold a role. Raises NotFound, Denied or Invalid."""
    unit = _unit_for(session, command)
    account = load_account(session, account_id)
    resource = account_resource(account, places_of(session, account_id))
    require(session, actor, Action.READ_ACCOUNT, resource)
    _give(session, actor, account, command.role, unit)
    return read_summary(session, account)


def end_role(
    session: Session, actor: Actor, account_id: UUID, command: GrantRole
) -> AccountSummary:
    """Take a role back; ending one that has ended already changes nothing.

    Raises NotFound, Denied or Invalid.
    """
    unit = _unit_for(session, command)
    account = load_account(session, account_id)
    require(session, actor, Action.END_ROLE, _holding(account, command.role, unit))
    _end(session, actor, account, command.role, unit)
    return read_summary(session, account)


def hold_team_role(
    session: Session, actor: Actor, account_id: UUID, unit: Unit, role: Role | None
) -> None:
    """Make ``role`` the only one the account holds on a team, as the roster says; None ends all.

    Raises Denied.
    """
    account = load_account(session, account_id)
    require(
        session,
        actor,
        Action.GRANT_BY_ROSTER,
        _holding(account, role or Role.MEMBER, unit),
    )
    for other in ROSTER_ROLES:
        if other is not role:
            _end(session, actor, account, other, unit)
    if role is not None:
        _grant(session, actor, account, role, unit)


def _managed(session: Session, actor: Actor, account_id: UUID, action: Action) -> Account:
    """The account, if the actor is responsible for each place it serves at."""
    account = load_account(session, account_id)
    places = places_of(session, account_id)
    for place in places:
        require(session, actor, action, account_resource(account, [place]))
    if not places:
        require(session, actor, action, account_resource(account, []))
    return account


def _set_disabled(
    session: Session, actor: Actor, account: Account, version: int, *, disabled: bool
) -> None:
    history.change(
        session,
        actor,
        SUBJECT,
        account,
        version,
        {"disabled_at": clock.now() if disabled else None},
        {"disabled_at": ("disabled", not disabled, disabled)},
    )


def _unit_for(session: Session, command: GrantRole) -> Unit:
    kinds = UNIT_KINDS.get(command.role)
    if kinds is None:
        sentence = N_("团队角色随团队名单变化，请到团队页面调整成员。")
        raise Invalid("role_by_roster", sentence, fields={"role": sentence})
    unit = organisation().units_by_code(session, [command.unit]).get(command.unit)
    if unit is None or unit.kind not in kinds:
        sentence = N_("这个角色不能授予在这个单位上，请换一个单位。")
        raise Invalid("wrong_unit", sentence, fields={"unit": sentence})
    return unit


def _give(session: Session, actor: Actor, account: Account, role: Role, unit: Unit) -> None:
    require(session, actor, Action.GRANT_ROLE, _holding(account, role, unit))
    _grant(session, actor, account, role, unit)


def _grant(session: Session, actor: Actor, account: Account, role: Role, unit: Unit) -> None:
    if add_grant(session, account.id, role, unit.code, unit.name, actor.account_id):
        history.note(session, actor, SUBJECT, account, {f"role_{role}": [None, unit.name]})


def _end(session: Session, actor: Actor, account: Account, role: Role, unit: Unit) -> None:
    if end_grants(session, [unit.code], account_id=account.id, roles=[role]):
        history.note(session, actor, SUBJECT, account, {f"role_{role}": [unit.name, None]})


def _holding(account: Account, role: Role, unit: Unit) -> Resource:
    more = {"holder": holder(account.id), "role": str(role)}
    return Resource("RoleHolding", str(account.id), account.person_id, unit.path, more)

"""/api/v1/auth/accounts: accounts and their roles, for those who look after them."""

from uuid import UUID

from apiflask import APIBlueprint

from auth.queries.accounts import account_history, get_account, list_accounts
from auth.queries.permissions import permissions_of
from auth.schemas import (
    AccountSearch,
    AccountSummary,
    AccountVersion,
    ChangeAccount,
    CreateAccount,
    EndRole,
    FactorResetView,
    GrantRole,
    NewAccount,
    Papers,
)
from auth.schemas.permissions import PersonPermissions
from auth.services import administration as services
from auth.services import factor_reset, grants
from auth.web.accounts import with_password
from auth.web.admin import see_identity
from auth.web.entering import TRIES, WITHIN
from core.access import Role
from core.database import transaction
from core.history import ChangeView
from core.paging import Page, PageQuery
from core.web.access import current_actor, open_to
from core.web.api import SECURED, VERSION
from core.web.limits import By, costly, limited
from core.web.writes import write

OVERSEERS = (Role.ADMINISTRATOR, Role.SECURITY)
api = APIBlueprint(
    "auth_accounts_api", "auth", url_prefix=f"/api/{VERSION}/auth/accounts", tag="Accounts"
)


@api.get("")
@api.input(AccountSearch, location="query", arg_name="search")
@api.output(Page[AccountSummary])
@api.doc(**SECURED)
@costly
@open_to(*OVERSEERS)
def accounts(search: AccountSearch) -> Page[AccountSummary]:
    """Accounts that serve within one's units."""
    with transaction() as session:
        return list_accounts(session, current_actor(), search)


@api.get("/<uuid:account_id>")
@api.output(AccountSummary)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def account(account_id: UUID) -> AccountSummary:
    """One account with the roles it holds."""
    with transaction() as session:
        return get_account(session, current_actor(), account_id)


@api.get("/<uuid:account_id>/history")
@api.input(PageQuery, location="query", arg_name="page")
@api.output(Page[ChangeView])
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def history(account_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """What was changed at an account, newest first."""
    with transaction() as session:
        return account_history(session, current_actor(), account_id, page)[1]


@api.post("")
@api.input(CreateAccount, arg_name="command")
@api.output(NewAccount, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def create(command: CreateAccount) -> NewAccount:
    """Open an account with its first role; its initial password is in this answer only."""
    return with_password(
        lambda session, password: services.create_staff_account(
            session, current_actor(), command, password
        )
    )


@api.patch("/<uuid:account_id>")
@api.input(ChangeAccount, arg_name="command")
@api.output(AccountSummary)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def change(account_id: UUID, command: ChangeAccount) -> AccountSummary:
    """Change the given names, made on the version that was read."""
    return write(
        AccountSummary,
        lambda session: services.change_account(session, current_actor(), account_id, command),
    )


@api.post("/<uuid:account_id>/disable")
@api.input(AccountVersion, arg_name="command")
@api.output(AccountSummary)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def disable(account_id: UUID, command: AccountVersion) -> AccountSummary:
    """Stop an account; its sessions and tokens end at once."""
    return write(
        AccountSummary,
        lambda session: services.disable_account(session, current_actor(), account_id, command),
    )


@api.post("/<uuid:account_id>/enable")
@api.input(AccountVersion, arg_name="command")
@api.output(AccountSummary)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def enable(account_id: UUID, command: AccountVersion) -> AccountSummary:
    """Let a disabled account sign in again."""
    return write(
        AccountSummary,
        lambda session: services.enable_account(session, current_actor(), account_id, command),
    )


@api.post("/<uuid:account_id>/password")
@api.input(AccountVersion, arg_name="command")
@api.output(NewAccount)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def reset_password(account_id: UUID, command: AccountVersion) -> NewAccount:
    """Give a new initial password, in this answer only; all sessions end."""
    return with_password(
        lambda session, password: services.reset_password(
            session, current_actor(), account_id, command, password
        )
    )


@api.post("/<uuid:account_id>/factor-reset")
@api.output(FactorResetView)
@api.doc(**SECURED)
@open_to(Role.SECURITY)
def begin_factor_reset(account_id: UUID) -> FactorResetView:
    """Begin to let somebody who lost every second factor set up a new one."""
    with transaction() as session:
        return factor_reset.begin(session, current_actor(), account_id)


@api.post("/<uuid:account_id>/factor-reset/confirmation")
@api.output(FactorResetView)
@api.doc(**SECURED)
@open_to(Role.SECURITY)
def confirm_factor_reset(account_id: UUID) -> FactorResetView:
    """Agree to it, as the second security administrator: it takes effect after a day."""
    with transaction() as session:
        return factor_reset.confirm(session, current_actor(), account_id)


@api.delete("/<uuid:account_id>/factor-reset")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(Role.SECURITY)
def withdraw_factor_reset(account_id: UUID) -> str:
    """Call it off."""
    with transaction() as session:
        factor_reset.withdraw(session, current_actor(), account_id)
    return ""


@api.put("/<uuid:account_id>/identity")
@api.input(Papers, arg_name="command")
@api.output(AccountSummary)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*OVERSEERS)
def identity(account_id: UUID, command: Papers) -> AccountSummary:
    """Keep whose an account is, by their identity card: who holds a duty must be known."""
    return see_identity(account_id, command)


@api.get("/<uuid:account_id>/permissions")
@api.output(PersonPermissions)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def permissions(account_id: UUID) -> PersonPermissions:
    """What a person may do and why: by which role, on which unit, by which policy."""
    with transaction() as session:
        return permissions_of(session, current_actor(), account_id)


@api.post("/<uuid:account_id>/end-sessions")
@api.output(AccountSummary)
@api.doc(**SECURED)
@open_to(Role.SECURITY)
def end_sessions(account_id: UUID) -> AccountSummary:
    """Sign somebody out everywhere; all sessions and tokens end."""
    return write(
        AccountSummary,
        lambda session: services.end_sessions(session, current_actor(), account_id),
    )


@api.post("/<uuid:account_id>/grants")
@api.input(GrantRole, arg_name="command")
@api.output(AccountSummary)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def give_role(account_id: UUID, command: GrantRole) -> AccountSummary:
    """Let an account hold a role on a unit, from ``starts_on`` (else now) to the end of ``ends_on``
    (else for good).
    """
    return write(
        AccountSummary,
        lambda session: grants.give_role(session, current_actor(), account_id, command),
    )


@api.delete("/<uuid:account_id>/grants")
@api.input(EndRole, location="query", arg_name="command")
@api.output(AccountSummary)
@api.doc(**SECURED)
@open_to(*OVERSEERS)
def end_role(account_id: UUID, command: EndRole) -> AccountSummary:
    """Take a role on a unit back."""
    return write(
        AccountSummary,
        lambda session: grants.end_role(session, current_actor(), account_id, command),
    )

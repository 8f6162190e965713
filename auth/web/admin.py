"""/admin/accounts: who can sign in, what they may do, and their end."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from auth import ports
from auth.queries.accounts import (
    account_history,
    get_account,
    list_accounts,
    open_account_page,
)
from auth.queries.permissions import permissions_of
from auth.queries.recovery import find_reset, reset_view
from auth.schemas import (
    HISTORY_LABELS,
    AccountSearch,
    AccountSummary,
    AccountVersion,
    Action,
    ChangeAccount,
    CreateAccount,
    EndRole,
    GrantRole,
    NewAccount,
    Papers,
)
from auth.services import administration as services
from auth.services import factor_reset, grants
from auth.services.recovery import count_papers
from auth.web.accounts import with_password
from auth.web.entering import TRIES, WITHIN
from auth.web.offered import offered_roles, roles_to_give
from core.access import GRANTED_ROLES, Actor, Role
from core.database import transaction
from core.errors import Conflict, Denied, Invalid, NotFound, PortalError, StepUpRequired
from core.messages import N_
from core.paging import PageQuery
from core.roles import ROLE_NAMES
from core.web.access import current_actor, open_to
from core.web.actions import carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.history import collision, in_words
from core.web.languages import gettext
from core.web.limits import By, costly, limited
from core.web.pager import pager
from core.web.problems import translated
from core.web.writes import write

pages = Blueprint("auth_accounts", __name__, url_prefix="/admin/accounts")

# The steps of a reset of second factors.
RESETS: dict[str, tuple[Callable[[Session, Actor, UUID], object], str]] = {
    "begin": (factor_reset.begin, N_("已开始。请另一位安全管理员见到本人后，在这一页同意。")),
    "confirm": (factor_reset.confirm, N_("已同意，24 小时后生效；本人会收到通知。")),
    "withdraw": (factor_reset.withdraw, N_("已撤回，第二步验证不变。")),
}
# Who may open the pages of accounts; the services decide about each.
OVERSEERS = (Role.ADMINISTRATOR, Role.SECURITY)


@pages.get("/")
@costly
@open_to(*OVERSEERS)
def listing() -> ResponseReturnValue:
    """Accounts that serve within the actor's units."""
    search = read_query(AccountSearch)
    actor = current_actor()
    with transaction() as session:
        found = list_accounts(session, actor, search)
    return render_template(
        "auth/admin/accounts.html",
        found=found,
        search=search,
        pager=pager(found),
        opens_accounts=bool(actor.units(Role.ADMINISTRATOR)),
        role_choices=[
            (role.value, gettext(label))
            for role, label in ROLE_NAMES.items()
            if role in GRANTED_ROLES
        ],
    )


@pages.get("/<uuid:account_id>")
@open_to(*OVERSEERS)
def show(account_id: UUID) -> ResponseReturnValue:
    """An account and the roles it holds."""
    actor = current_actor()
    with transaction() as session:
        account, may = open_account_page(session, actor, account_id)
        reset = find_reset(session, account_id) if Action.RESET_FACTORS in may else None
        view = reset_view(session, actor, reset) if reset else None
    return _account_page(account, tab="overview", may=may, given=roles_to_give(actor), reset=view)


@pages.get("/<uuid:account_id>/history")
@open_to(*OVERSEERS)
def history(account_id: UUID) -> ResponseReturnValue:
    """Who changed what, when."""
    actor = current_actor()
    with transaction() as session:
        account, found = account_history(session, actor, account_id, read_query(PageQuery))
    return _account_page(
        account,
        tab="history",
        history=in_words(found.items, HISTORY_LABELS, {}),
        pager=pager(found),
    )


@pages.get("/<uuid:account_id>/permissions")
@open_to(*OVERSEERS)
def permissions(account_id: UUID) -> ResponseReturnValue:
    """What a person may do and why."""
    with transaction() as session:
        found = permissions_of(session, current_actor(), account_id)
    return _account_page(found.account, tab="permissions", found=found)


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """The form of a new account."""
    return _new_form(blank(CreateAccount, role=request.args.get("role")), 200)


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Open an account and show its password this once."""
    form = read_form(CreateAccount)
    command = form.command
    if command is None:
        return _new_form(form, 422)
    try:
        made = with_password(
            lambda session, password: services.create_staff_account(
                session, current_actor(), command, password
            )
        )
    except (Conflict, Invalid) as error:
        return _new_form(form, form.fail(error))
    return _password_page(made)


@pages.get("/<uuid:account_id>/edit")
@open_to(*OVERSEERS)
def edit(account_id: UUID) -> ResponseReturnValue:
    """The form of an account as it stands."""
    with transaction() as session:
        account = get_account(session, current_actor(), account_id)
    return _change_form(blank(ChangeAccount, **account.model_dump(mode="json")), 200, account)


@pages.post("/<uuid:account_id>/edit")
@open_to(*OVERSEERS)
def change(account_id: UUID) -> ResponseReturnValue:
    """Change an account's names."""
    form = read_form(ChangeAccount)
    command = form.command
    refusal = 422
    if command is not None:
        try:
            write(
                AccountSummary,
                lambda session: services.change_account(
                    session, current_actor(), account_id, command
                ),
            )
        except (Conflict, Invalid) as error:
            refusal = form.fail(error)
        else:
            flash(gettext("已保存。"), "good")
            return redirect(url_for("auth_accounts.show", account_id=account_id))
    with transaction() as session:
        account = get_account(session, current_actor(), account_id)
    return _change_form(form, refusal, account)


@pages.post("/<uuid:account_id>/disable")
@open_to(*OVERSEERS)
def disable(account_id: UUID) -> ResponseReturnValue:
    """Stop an account at once."""
    return carry_out(
        AccountVersion,
        AccountSummary,
        lambda session, command: services.disable_account(
            session, current_actor(), account_id, command
        ),
        gettext("账号已停用，所有登录已立即退出。"),
        url_for("auth_accounts.show", account_id=account_id),
    )


@pages.post("/<uuid:account_id>/enable")
@open_to(*OVERSEERS)
def enable(account_id: UUID) -> ResponseReturnValue:
    """Let a disabled account sign in again."""
    return carry_out(
        AccountVersion,
        AccountSummary,
        lambda session, command: services.enable_account(
            session, current_actor(), account_id, command
        ),
        gettext("账号已恢复，可以用原密码登录。"),
        url_for("auth_accounts.show", account_id=account_id),
    )


@pages.get("/<uuid:account_id>/identity")
@open_to(*OVERSEERS)
def ask_identity(account_id: UUID) -> ResponseReturnValue:
    """The form of what stands on the identity card."""
    return _identity_page(account_id, blank(Papers), 200)


@pages.post("/<uuid:account_id>/identity")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(*OVERSEERS)
def identity(account_id: UUID) -> ResponseReturnValue:
    """Keep whose the account is."""
    form = read_form(Papers)
    if form.command is None:
        return _identity_page(account_id, form, 422)
    try:
        see_identity(account_id, form.command)
    except (StepUpRequired, Denied):
        raise
    except PortalError as error:
        return _identity_page(account_id, form, form.fail(error))
    flash(gettext("身份已核对。"), "good")
    return redirect(url_for("auth_accounts.show", account_id=account_id), 303)


def see_identity(account_id: UUID, command: Papers) -> AccountSummary:
    """Ask the real-name service between transactions. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        services.may_know_human(session, actor, account_id)
    with transaction() as session:
        count_papers(session, actor)
    genuine = ports.identity_desk().genuine(command.name, command.id_number)
    with transaction() as session:
        return services.know_human(session, actor, account_id, command, genuine)


def _identity_page(account_id: UUID, form: Form[Papers], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        services.may_know_human(session, actor, account_id)
        account = get_account(session, actor, account_id)
    return render_template("auth/admin/identity.html", account=account, form=form), status


@pages.post("/<uuid:account_id>/password")
@open_to(*OVERSEERS)
def reset_password(account_id: UUID) -> ResponseReturnValue:
    """Give a new initial password and show it this once."""
    form = read_form(AccountVersion)
    command = form.command
    if command is None:
        raise Invalid()
    try:
        made = with_password(
            lambda session, password: services.reset_password(
                session, current_actor(), account_id, command, password
            )
        )
    except Conflict as error:
        flash(translated(error.message), "bad")
        return redirect(url_for("auth_accounts.show", account_id=account_id))
    return _password_page(made)


@pages.post("/<uuid:account_id>/factor-reset/<step>")
@open_to(Role.SECURITY)
def reset_factors(account_id: UUID, step: str) -> ResponseReturnValue:
    """Let somebody who lost every second factor set up a new one: by two, after a day."""
    if step not in RESETS:
        raise NotFound()
    carry, sentence = RESETS[step]
    try:
        with transaction() as session:
            carry(session, current_actor(), account_id)
    except Conflict as error:
        flash(translated(error.message), "bad")
    else:
        flash(gettext(sentence), "good")
    return redirect(url_for("auth_accounts.show", account_id=account_id), 303)


@pages.post("/<uuid:account_id>/end-sessions")
@open_to(Role.SECURITY)
def end_sessions(account_id: UUID) -> ResponseReturnValue:
    """Sign somebody out everywhere."""
    write(
        AccountSummary,
        lambda session: services.end_sessions(session, current_actor(), account_id),
    )
    flash(gettext("此人的所有登录已立即退出。"), "good")
    return redirect(url_for("auth_accounts.show", account_id=account_id))


@pages.get("/<uuid:account_id>/roles")
@open_to(*OVERSEERS)
def roles(account_id: UUID) -> ResponseReturnValue:
    """Choose a role and the unit it is to hold on."""
    return _role_form(account_id, blank(GrantRole, role=request.args.get("role")), 200)


@pages.post("/<uuid:account_id>/roles")
@open_to(*OVERSEERS)
def give_role(account_id: UUID) -> ResponseReturnValue:
    """Give a role on a unit."""
    form = read_form(GrantRole)
    command = form.command
    if command is None:
        return _role_form(account_id, form, 422)
    try:
        write(
            AccountSummary,
            lambda session: grants.give_role(session, current_actor(), account_id, command),
        )
    except (Conflict, Invalid) as error:
        return _role_form(account_id, form, form.fail(error))
    flash(gettext("角色已授予，对方刷新页面后生效。"), "good")
    return redirect(url_for("auth_accounts.show", account_id=account_id))


@pages.post("/<uuid:account_id>/roles/end")
@open_to(*OVERSEERS)
def end_role(account_id: UUID) -> ResponseReturnValue:
    """Take a role back."""
    return carry_out(
        EndRole,
        AccountSummary,
        lambda session, command: grants.end_role(session, current_actor(), account_id, command),
        gettext("角色已收回，立即生效。"),
        url_for("auth_accounts.show", account_id=account_id),
    )


def _account_page(account: AccountSummary, **more: object) -> str:
    own = account.id == current_actor().account_id
    return render_template("auth/admin/account.html", account=account, own=own, **more)


def _password_page(made: NewAccount) -> str:
    return render_template("auth/admin/password.html", made=made)


def _new_form(form: Form[CreateAccount], status: int) -> ResponseReturnValue:
    with transaction() as session:
        offered = offered_roles(session, form)
    return render_template("auth/admin/new_account.html", form=form, **offered), status


def _change_form(
    form: Form[ChangeAccount], status: int, account: AccountSummary
) -> ResponseReturnValue:
    page = render_template(
        "auth/admin/account_form.html",
        form=form,
        account=account,
        collided=collision(form, account, HISTORY_LABELS, {}),
    )
    return page, status


def _role_form(account_id: UUID, form: Form[GrantRole], status: int) -> ResponseReturnValue:
    with transaction() as session:
        account = get_account(session, current_actor(), account_id)
        offered = offered_roles(session, form)
    page = render_template("auth/admin/role_form.html", form=form, account=account, **offered)
    return page, status

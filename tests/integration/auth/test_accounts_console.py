"""flask account create: what an operator types and gets."""

from apiflask import APIFlask
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import passwords
from auth.models import Account
from auth.queries.actors import actor_of_account
from core.access import Role
from core.models import ChangeRecord
from tests.factories.directory import COUNTY, make_divisions

CREATE = ["account", "create", "--username", "ops.admin", "--name", "值班员"]


def test_an_account_with_a_role_and_a_made_password(app: APIFlask, session: Session) -> None:
    make_divisions(session)
    session.commit()
    done = app.test_cli_runner().invoke(args=[*CREATE, "--role", "administrator", "--unit", COUNTY])
    assert done.exit_code == 0, done.output
    password = done.output.rsplit(": ", 1)[1].strip()
    account = session.scalars(select(Account).where(Account.username == "ops.admin")).one()
    assert passwords.matches(account.password_hash, password)
    actor = actor_of_account(session, account.id)
    assert actor is not None and actor.grants == {Role.ADMINISTRATOR: frozenset({COUNTY})}
    records = select(ChangeRecord).where(ChangeRecord.subject_id == account.id)
    assert {record.actor_name for record in session.scalars(records)} == {"console"}


def test_a_password_that_the_operator_chooses(app: APIFlask, session: Session) -> None:
    chosen = "a long enough password\n"
    done = app.test_cli_runner().invoke(args=[*CREATE, "--ask"], input=chosen * 2)
    assert done.exit_code == 0 and "long enough" not in done.output
    weak = app.test_cli_runner().invoke(
        args=["account", "create", "--username", "other", "--name", "值班员", "--ask"],
        input="short\nshort\n",
    )
    assert weak.exit_code == 1 and "10" in weak.output
    assert session.scalars(select(Account).where(Account.username == "other")).first() is None


def test_mistakes_are_said_and_nothing_is_left(app: APIFlask, session: Session) -> None:
    runner = app.test_cli_runner()
    for arguments in (
        [*CREATE, "--role", "administrator"],
        [*CREATE, "--role", "administrator", "--unit", "999999"],
        [*CREATE, "--role", "leader", "--unit", COUNTY],
        ["account", "create", "--username", "Bad Name", "--name", "值班员"],
    ):
        assert runner.invoke(args=arguments).exit_code == 2
    assert session.scalars(select(Account).where(Account.username == "ops.admin")).first() is None
    assert runner.invoke(args=CREATE).exit_code == 0
    taken = runner.invoke(args=CREATE)
    assert taken.exit_code == 1 and "登录名" in taken.output
    assert "--username" in runner.invoke(args=["account", "create", "--help"]).output

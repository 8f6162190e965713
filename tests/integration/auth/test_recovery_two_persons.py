"""A recovery takes two members of staff who are two people, and not its own account."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.models import Account
from auth.queries.actors import actor_of_account
from auth.recovery import State
from auth.schemas import AccountVersion, CreateAccount
from auth.services.accounts import link_person
from auth.services.administration import create_staff_account, reset_password
from core.access import Role
from tests.factories.auth import make_account
from tests.integration.auth.recovering import Counter, counter, sent

__all__ = ["counter", "sent"]


def test_who_began_it_is_not_the_second(counter: Counter, sent: list[tuple[str, str]]) -> None:
    case = counter.begin(sent)
    assert counter.confirm(counter.first, case) == 403
    assert counter.confirm(counter.elsewhere, case) == 403
    assert counter.confirm(counter.account.id, case) == 403
    assert counter.state(case) == State.BEGUN


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("administrator_first", [True, False])
def test_an_administrator_is_not_both_by_an_account_whose_password_they_gave(
    counter: Counter,
    session: Session,
    sent: list[tuple[str, str]],
    opened: bool,
    administrator_first: bool,
) -> None:
    account = make_account(session, roles={Role.ADMINISTRATOR: [counter.unit]})
    administrator = actor_of_account(session, account.id)
    assert administrator
    if opened:
        command = CreateAccount(
            username="second", display_name="二号", role=Role.REGISTRAR, unit=counter.unit
        )
        theirs = create_staff_account(session, administrator, command, "an initial one").id
    else:
        theirs = counter.second
        session.get_one(Account, theirs).username = "second"
        session.flush()
        at_one = AccountVersion(version=1)
        reset_password(session, administrator, theirs, at_one, "an initial one")
    pair = (account.id, theirs) if administrator_first else (theirs, account.id)
    counter.first = pair[0]
    case = counter.begin(sent)
    page = counter.browser(pair[1]).get(f"/auth/recovery/{case}")
    assert "核对并通知原手机号" not in page.text
    refused = counter.browser(pair[1]).post(f"/auth/recovery/{case}/confirm", data=counter.papers())
    assert (refused.status_code, "由另一个开通或重设" in refused.text) == (403, True)
    assert counter.state(case) == State.BEGUN
    # A colleague, whom somebody else gave an account, is another person.
    colleague = make_account(session, roles={Role.REGISTRAR: [counter.unit]})
    assert counter.confirm(colleague.id, case) == 303


def test_two_accounts_are_never_one_persons(counter: Counter, session: Session) -> None:
    """So that where persons are known, two accounts are two."""
    with pytest.raises(IntegrityError), session.begin_nested():
        link_person(session, counter.second, counter.person.id, counter.person.name)


def test_nobody_vouches_for_themself(
    counter: Counter, session: Session, sent: list[tuple[str, str]]
) -> None:
    """Not by another account of theirs either: the person counts."""
    from auth.services.accounts import grant_role

    grant_role(session, counter.account.id, Role.REGISTRAR, counter.unit, "")
    session.flush()
    assert counter.show(counter.account.id).status_code == 403
    case = counter.begin(sent)
    assert counter.confirm(counter.account.id, case) == 403

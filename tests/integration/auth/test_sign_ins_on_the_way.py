"""A sign-in that waits for a further proof ends with what it came by, and so does its code."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import passwords
from auth.claims import Method
from auth.models import Account, Challenge, Upstream, UpstreamIdentity
from auth.queries.factors import find_pending
from auth.schemas import AccountVersion, NewPassword, Pending
from auth.schemas.upstream import UnlinkIdentity
from auth.services import administration, second_factor, upstream_administration
from auth.services.accounts import end_sign_ins
from auth.services.own_account import choose_first_password, move_phone
from auth.services.sign_in import Origin
from auth.services.upstream import unlink
from core.access import NOBODY, Actor, Role
from tests.factories.auth import PASSWORD, actor_for, make_phone, overseer
from tests.factories.directory import CITY
from tests.factories.identities import join_provider
from tests.integration.auth.granting import divisions
from tests.integration.auth.recovering import sent
from tests.integration.auth.second_factors import by_name, make_staff

__all__ = ["divisions", "sent"]
pytestmark = pytest.mark.usefixtures("divisions")
Browser = Callable[[UUID], FlaskClient]
Sent = list[tuple[str, str]]
HERE = Origin("127.0.0.1")
NEW = "three green plants by the desk"


@pytest.fixture
def staff(session: Session) -> Account:
    return make_staff(session, phone=make_phone())


@pytest.fixture
def thief(app: APIFlask, staff: Account) -> FlaskClient:
    """Knows the password, and is asked for the second factor."""
    browser = app.test_client()
    assert by_name(browser).location.startswith("/auth/second-factor")
    return browser


def enters(thief: FlaskClient, challenge: UUID, code: str) -> bool:
    form = {"method": "sms", "challenge_id": str(challenge), "code": code}
    thief.post("/auth/second-factor", data=form)
    return thief.get("/auth/security").status_code == 200


def asked(thief: FlaskClient, session: Session, sent: Sent) -> tuple[UUID, str]:
    """The code for the second factor, with its challenge."""
    assert thief.post("/auth/second-factor/code").status_code == 200
    newest = select(Challenge.id).order_by(Challenge.created_at.desc()).limit(1)
    return session.scalars(newest).one(), sent[-1][1]


def test_what_was_on_the_way_gets_in_where_nothing_ended_it(
    session: Session, thief: FlaskClient, sent: Sent
) -> None:
    assert enters(thief, *asked(thief, session, sent))


def test_another_password_ends_them(
    session: Session, staff: Account, thief: FlaskClient, signed_in: Browser, sent: Sent
) -> None:
    kept = asked(thief, session, sent)
    form = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    owner = signed_in(staff.id)
    assert owner.post("/auth/security/password", data=form).status_code == 303
    assert not enters(thief, *kept)
    assert owner.get("/auth/security").status_code == 200


def test_another_phone_ends_them(
    session: Session, staff: Account, thief: FlaskClient, signed_in: Browser, sent: Sent
) -> None:
    kept = asked(thief, session, sent)
    owner = signed_in(staff.id)
    owner.post("/auth/security/phone/code", data={"phone": make_phone()})
    other = session.scalars(select(Challenge.id).where(Challenge.id != kept[0])).one()
    form = {"challenge_id": str(other), "code": sent[-1][1]}
    assert owner.post("/auth/security/phone", data=form).status_code == 303
    assert not enters(thief, *kept)


def test_a_code_sent_to_the_former_phone_proves_nothing(
    session: Session, staff: Account, thief: FlaskClient, sent: Sent
) -> None:
    """Even where the phone changed beside the sign-in, which waits on."""
    kept = asked(thief, session, sent)
    move_phone(session, staff, make_phone())
    session.flush()
    assert not enters(thief, *kept)
    assert enters(thief, *asked(thief, session, sent))


def test_ending_the_other_sessions_ends_them(
    session: Session, staff: Account, thief: FlaskClient, signed_in: Browser, sent: Sent
) -> None:
    kept = asked(thief, session, sent)
    assert signed_in(staff.id).post("/auth/security/sessions/end-others").status_code == 303
    assert not enters(thief, *kept)


def test_an_administrators_reset_ends_them(
    session: Session, staff: Account, thief: FlaskClient, sent: Sent
) -> None:
    """One who knew the old password sets up no factor and chooses no password any more."""
    kept = asked(thief, session, sent)
    admin = overseer(session, Role.ADMINISTRATOR, CITY)
    version = AccountVersion(version=staff.version)
    administration.reset_password(session, admin, staff.id, version, "an initial password")
    assert not enters(thief, *kept)
    assert thief.get("/auth/set-up").status_code == 303


def test_signing_somebody_out_everywhere_ends_them(
    session: Session, staff: Account, thief: FlaskClient, sent: Sent
) -> None:
    """As a recovery, a reset of factors and a closed account do."""
    kept = asked(thief, session, sent)
    end_sign_ins(session, staff.id)
    assert not enters(thief, *kept)


def pending(session: Session, account: Account, method: Method) -> str:
    """The token of a sign-in that waits."""
    outcome = second_factor.begin(session, account, [method], HERE)
    assert isinstance(outcome, Pending)
    session.flush()
    return outcome.token


def test_who_chooses_the_first_password_is_the_only_one(session: Session, staff: Account) -> None:
    staff.password_initial = True
    other = pending(session, staff, Method.PASSWORD)
    own = find_pending(session, pending(session, staff, Method.PASSWORD))
    assert own is not None
    proved = replace(own, methods=(Method.PASSWORD, Method.SMS))
    choose_first_password(session, proved, NewPassword(new_password=NEW, repeated=NEW), HERE)
    assert find_pending(session, other) is None
    assert passwords.matches(staff.password_hash, NEW)


@pytest.mark.parametrize("closed", [True, False])
def test_a_provider_that_is_closed_or_parted_ends_them(
    session: Session, staff: Account, closed: bool
) -> None:
    join_provider(session, staff.id, CITY)
    token = pending(session, staff, Method.UPSTREAM)
    assert find_pending(session, token) is not None
    if closed:
        provider = session.scalars(select(Upstream)).one()
        by = Actor(NOBODY, name="tests")
        upstream_administration.close_upstream(session, by, provider, provider.version)
    else:
        identity = session.scalars(select(UpstreamIdentity.id)).one()
        unlink(session, actor_for(session, staff.id), UnlinkIdentity(identity_id=identity))
    assert find_pending(session, token) is None

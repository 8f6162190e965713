"""Refresh tokens: rotation, reuse, what ends a family, and many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from auth.jobs import forget_attempts
from auth.models import (
    Account,
    AuthorizationCode,
    Client,
    RefreshFamily,
    RefreshToken,
    SignInSession,
    Token,
)
from auth.queries.actors import actor_of_session
from auth.queries.sso import has_consent
from auth.schemas import ConfirmCode, NewPhone
from auth.services import own_account
from auth.services.accounts import end_sign_ins
from auth.services.authorization_codes import Asked, issue_code
from auth.services.consent import give_consent, withdraw_consent
from auth.services.sign_in import Origin
from core import clock
from core.access import Actor
from core.database import transaction
from tests.factories.auth import make_account, make_phone, open_browser_session
from tests.factories.sso import REDIRECT_URI, RelyingParty, make_client, userinfo

Browser = Callable[[UUID], FlaskClient]
GRANTS = ["authorization_code", "refresh_token"]
OFFLINE = "openid profile offline_access"
SCOPES = ["openid", "profile", "phone", "offline_access"]


@pytest.fixture
def browser(session: Session, account: Account, signed_in: Browser) -> FlaskClient:
    """A resident's browser, with an application that may refresh."""
    make_client(session, grants=GRANTS, scopes=SCOPES)
    return signed_in(account.id)


def test_a_refresh_token_gives_the_next_tokens(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    first = rp.tokens(client, browser)
    answer = rp.refresh(client, first["refresh_token"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    second = answer.get_json()
    assert second["scope"] == first["scope"] == "openid profile"
    assert second["refresh_token"] != first["refresh_token"]
    assert userinfo(client, second["access_token"]).status_code == 200
    before, after = (rp.claims(client, tokens["id_token"]) for tokens in (first, second))
    for name in ("iss", "sub", "aud", "auth_time", "sid", "acr", "amr"):
        assert before[name] == after[name]  # Core 1.0, 12.2
    assert "nonce" not in after
    assert rp.refresh(client, second["refresh_token"]).status_code == 200


def test_only_registered_applications_get_one(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    make_client(session)
    tokens = RelyingParty().tokens(client, signed_in(account.id))
    assert "refresh_token" not in tokens
    answer = RelyingParty().refresh(client, "anything")
    assert answer.get_json()["error"] == "unauthorized_client"


def test_a_reused_one_ends_the_family_and_its_tokens(
    browser: FlaskClient, client: FlaskClient, session: Session
) -> None:
    rp, other = RelyingParty(), RelyingParty()
    first = rp.tokens(client, browser)
    untouched = other.tokens(client, browser)
    second = rp.refresh(client, first["refresh_token"]).get_json()
    assert rp.refresh(client, first["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert rp.refresh(client, second["refresh_token"]).get_json()["error"] == "invalid_grant"
    for tokens in (first, second):
        assert userinfo(client, tokens["access_token"]).status_code == 401
    assert userinfo(client, untouched["access_token"]).status_code == 200
    assert other.refresh(client, untouched["refresh_token"]).status_code == 200
    ended = select(func.count()).where(RefreshFamily.ended_at.is_not(None))
    assert session.scalar(ended) == 1


def test_a_reused_code_ends_the_family_too(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    code = rp.agree(browser)
    tokens = rp.exchange(client, code).get_json()
    assert rp.exchange(client, code).status_code == 400
    assert rp.refresh(client, tokens["refresh_token"]).get_json()["error"] == "invalid_grant"


def test_it_belongs_to_its_client(
    browser: FlaskClient, client: FlaskClient, session: Session
) -> None:
    make_client(session, "other", grants=GRANTS)
    rp, thief = RelyingParty(), RelyingParty("other")
    tokens = rp.tokens(client, browser)
    assert thief.refresh(client, tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert rp.refresh(client, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("given", ["", "unknown", "x" * 3000])
def test_nonsense_is_refused(browser: FlaskClient, client: FlaskClient, given: str) -> None:
    assert RelyingParty().refresh(client, given).status_code == 400


def test_scopes_can_be_narrowed_for_one_token_and_never_widened(
    browser: FlaskClient, client: FlaskClient
) -> None:
    rp = RelyingParty()
    tokens = rp.tokens(client, browser)
    wider = rp.refresh(client, tokens["refresh_token"], scope="openid phone")
    assert wider.get_json()["error"] == "invalid_scope"
    narrow = rp.refresh(client, tokens["refresh_token"], scope="openid").get_json()
    assert narrow["scope"] == "openid"
    assert set(userinfo(client, narrow["access_token"]).get_json()) == {"sub"}
    assert rp.refresh(client, narrow["refresh_token"]).get_json()["scope"] == "openid profile"


def test_scopes_taken_from_the_application_are_given_no_longer(
    browser: FlaskClient, client: FlaskClient, session: Session
) -> None:
    rp = RelyingParty(scope="openid profile phone offline_access")
    one_by_one = '{"userinfo": {"phone_number": null}, "id_token": {"phone_number": null}}'
    code = rp.agree(browser, scope="openid offline_access", claims=one_by_one)
    asked_so = rp.exchange(client, code).get_json()
    assert "phone_number" in rp.claims(client, asked_so["id_token"])
    tokens, late = rp.tokens(client, browser), rp.agree(browser)
    take_from(session, "profile", "phone")
    for held in (tokens, asked_so):
        assert set(userinfo(client, held["access_token"]).get_json()) == {"sub"}
    again = rp.refresh(client, tokens["refresh_token"]).get_json()
    assert again["scope"] == "openid offline_access"
    assert rp.exchange(client, late).get_json()["scope"] == "openid offline_access"
    wider = rp.refresh(client, again["refresh_token"], scope="openid phone")
    assert wider.get_json()["error"] == "invalid_scope"
    again = rp.refresh(client, asked_so["refresh_token"]).get_json()
    assert "phone_number" not in rp.claims(client, again["id_token"])
    take_from(session, "offline_access")
    assert userinfo(client, again["access_token"]).status_code == 200
    browser.post("/auth/sign-out")
    assert userinfo(client, again["access_token"]).status_code == 401
    assert rp.refresh(client, again["refresh_token"]).get_json()["error"] == "invalid_grant"


def take_from(session: Session, *scopes: str) -> None:
    """The application is registered without them from now on."""
    registered = session.get_one(Client, "clinic")
    registered.scopes = [scope for scope in registered.scopes if scope not in scopes]
    session.flush()


def test_it_ends_with_the_session_unless_offline(browser: FlaskClient, client: FlaskClient) -> None:
    online, offline = RelyingParty(), RelyingParty(scope=OFFLINE)
    first, second = online.tokens(client, browser), offline.tokens(client, browser)
    browser.post("/auth/sign-out")
    assert online.refresh(client, first["refresh_token"]).get_json()["error"] == "invalid_grant"
    again = offline.refresh(client, second["refresh_token"])
    assert again.status_code == 200
    assert userinfo(client, again.get_json()["access_token"]).status_code == 200


def test_offline_access_is_asked_for_in_plain_words(browser: FlaskClient) -> None:
    RelyingParty().agree(browser)
    page = browser.get(RelyingParty(scope=OFFLINE).address())
    assert "您退出登录以后，它仍能更新上面这些内容" in page.text


def test_lifetimes_are_idle_and_absolute(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty(scope=OFFLINE)
    idle = rp.tokens(client, browser)["refresh_token"]
    used = rp.tokens(client, browser)["refresh_token"]
    online = RelyingParty().tokens(client, browser)["refresh_token"]
    with clock.shifted(timedelta(hours=13)):
        assert RelyingParty().refresh(client, online).status_code == 400
    for day in range(29, 180, 29):
        with clock.shifted(timedelta(days=day)):
            used = rp.refresh(client, used).get_json()["refresh_token"]
    with clock.shifted(timedelta(days=31)):
        assert rp.refresh(client, idle).status_code == 400
    with clock.shifted(timedelta(days=181)):
        assert rp.refresh(client, used).status_code == 400


def test_withdrawing_and_disabling_end_offline_families(
    session: Session,
    browser: FlaskClient,
    client: FlaskClient,
    account: Account,
    signed_in: Browser,
) -> None:
    rp = RelyingParty(scope=OFFLINE)
    withdrawn = rp.tokens(client, browser)
    browser.post("/auth/applications/withdraw", data={"client_id": "clinic"})
    assert rp.refresh(client, withdrawn["refresh_token"]).status_code == 400
    ended = rp.tokens(client, browser)
    end_sign_ins(session, account.id)
    assert rp.refresh(client, ended["refresh_token"]).status_code == 400
    disabled = rp.tokens(client, signed_in(account.id))
    account.disabled_at = clock.now()
    session.flush()
    assert rp.refresh(client, disabled["refresh_token"]).status_code == 400


@pytest.mark.parametrize("means", ["end others", "end one", "new phone"])
def test_an_offline_family_of_another_session_ends_with_it(
    means: str,
    account: Account,
    browser: FlaskClient,
    client: FlaskClient,
    signed_in: Browser,
) -> None:
    """Whoever was in holds a token of 180 days else, on a device of their own."""
    owner = signed_in(account.id)
    theirs, own = RelyingParty(scope=OFFLINE), RelyingParty(scope=OFFLINE)
    held = theirs.tokens(client, browser)
    kept = own.tokens(client, owner)["refresh_token"]
    with transaction() as work:
        actor = actor_of_session(work, _token_of(owner))
        assert actor is not None
        other = work.scalars(
            select(SignInSession.id).where(SignInSession.id != actor.session_id)
        ).one()
        match means:
            case "end others":
                own_account.end_all_others(work, actor)
            case "end one":
                own_account.end_one(work, actor, other)
            case _:
                origin = Origin("192.0.2.1")
                wanted = NewPhone(phone=make_phone())
                made, code = own_account.request_phone_code(work, actor, wanted, origin)
                proof = ConfirmCode(challenge_id=made.challenge_id, code=code)
                own_account.change_phone(work, actor, proof, origin)
    assert theirs.refresh(client, held["refresh_token"]).status_code == 400
    assert userinfo(client, held["access_token"]).status_code == 401
    assert own.refresh(client, kept).status_code == 200


def _token_of(browser: FlaskClient) -> str:
    with browser.session_transaction() as cookie:
        return str(cookie["_user_id"])


def test_ended_families_are_forgotten(
    browser: FlaskClient, client: FlaskClient, session: Session
) -> None:
    RelyingParty().tokens(client, browser)
    with clock.shifted(timedelta(days=2)):
        forget_attempts()
    for table in (RefreshFamily, RefreshToken, Token):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    # Sessions follow a season later, unless an application still holds something offline in one.
    RelyingParty(scope=OFFLINE).tokens(client, browser)
    session.execute(update(SignInSession).values(expires_at=clock.now() - timedelta(days=100)))
    forget_attempts()
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 1
    for held in (RefreshFamily, Token, AuthorizationCode):
        session.execute(delete(held))
    forget_attempts()
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 0


def test_no_code_is_given_after_a_withdrawal(app: APIFlask, committed_database: Engine) -> None:
    """A consent that is being withdrawn is there until the code is written, which then ends."""
    with transaction() as session:
        make_client(session, grants=GRANTS)
        account_id = make_account(session).id
        open_browser_session(session, account_id)
        session_id = session.scalars(select(SignInSession.id)).one()
        actor = Actor(account_id, session_id=session_id)
        give_consent(session, actor, "clinic", ["openid"])

    def withdraw() -> None:
        with transaction() as other:
            withdraw_consent(other, actor, "clinic")

    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            assert has_consent(session, actor, "clinic", ["openid"])
            withdrawal = pool.submit(withdraw)
            with pytest.raises(TimeoutError):
                withdrawal.result(timeout=0.3)
            asked = Asked(REDIRECT_URI, "openid", "challenge")
            issue_code(session, actor, "clinic", asked, "the code")
        withdrawal.result(timeout=30)
    with transaction() as session:
        assert session.scalars(select(AuthorizationCode.expires_at)).one() <= clock.now()


def test_of_fifty_at_once_one_wins(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        make_client(session, grants=GRANTS)
        token = open_browser_session(session, make_account(session).id)
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = token
    rp = RelyingParty()
    refresh_token = rp.tokens(app.test_client(), browser)["refresh_token"]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: rp.refresh(app.test_client(), refresh_token), range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {a.get_json()["error"] for a in answers if a.status_code == 400} == {"invalid_grant"}
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(RefreshToken)) == 2
        # The others held a used token: the family has ended, as nobody knows who is who.
        assert session.scalars(select(RefreshFamily.ended_at)).one() is not None

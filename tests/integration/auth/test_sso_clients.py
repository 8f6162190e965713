"""Applications: their secrets and keys, how they are registered, and signing out from them."""

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.jobs import forget_attempts
from auth.models import Account, AuthorizationCode, Client, SignInSession
from auth.schemas import RegisterClient
from auth.services.clients import (
    create_client,
    end_old_client_secret,
    ensure_client,
    stage_client_secret,
)
from core import clock
from core.errors import Conflict, NotFound
from tests.factories.auth import (
    make_account,
)
from tests.factories.sso import (
    ISSUER,
    SIGNED_OUT_URI,
    RelyingParty,
    answer_of,
    make_client,
    userinfo,
)

Browser = Callable[[UUID], FlaskClient]
KEYS = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}
SECRET = "a-client-secret-of-more-than-32-characters"


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


# Confidential applications


def test_a_confidential_application_shows_its_secret(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    make_client(session, public=False, secret=SECRET)
    assert SECRET.encode() not in (session.scalars(select(Client.secret_hash)).one() or b"")
    browser = signed_in(account.id)
    rp = RelyingParty()
    code = rp.agree(browser)
    assert rp.exchange(client, code).status_code == 401
    wrong = rp.exchange(client, code, basic("clinic", "wrong"))
    assert (wrong.status_code, wrong.get_json()["error"]) == (401, "invalid_client")
    assert wrong.headers["WWW-Authenticate"].startswith("Basic")
    malformed = rp.exchange(client, code, {"Authorization": "Basic /w=="})
    assert malformed.status_code == 401
    unknown = rp.exchange(client, code, basic("nul\x00", SECRET))
    assert unknown.status_code == 401
    assert rp.exchange(client, code, client_secret="wrong").status_code == 401
    assert rp.exchange(client, code, basic("clinic", SECRET)).status_code == 200
    second = RelyingParty()
    by_post = second.exchange(client, second.agree(browser), client_secret=SECRET)
    assert by_post.status_code == 200


def test_a_secret_does_not_replace_pkce(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    make_client(session, public=False, secret=SECRET)
    browser = signed_in(account.id)
    rp = RelyingParty()
    assert answer_of(browser.get(rp.address(code_challenge=None)))["error"] == "invalid_request"
    answer = rp.exchange(client, rp.agree(browser), basic("clinic", SECRET), code_verifier="x" * 43)
    assert answer.get_json()["error"] == "invalid_grant"


def test_an_application_may_have_rs256(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    make_client(session, algorithm="RS256")
    published = client.get("/.well-known/jwks.json").get_json()["keys"]
    assert [key["alg"] for key in published] == ["ES256", "RS256"]
    assert not {"d", "p", "q"} & {name for key in published for name in key}
    rp = RelyingParty()
    tokens = rp.exchange(client, rp.agree(signed_in(account.id))).get_json()
    assert rp.claims(client, tokens["id_token"])["sub"]


def test_a_new_secret_is_staged_without_an_outage(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    make_client(session, secret=SECRET)
    browser = signed_in(account.id)

    def works(secret: str | None) -> bool:
        session.expire_all()
        rp = RelyingParty()
        answer = rp.exchange(client, rp.agree(browser), client_secret=secret or "")
        return answer.status_code == 200

    staged = stage_client_secret(session, "clinic").secret
    assert (works(SECRET), works(staged), works("other")) == (True, True, False)
    with pytest.raises(Conflict, match="secret_staged"):
        stage_client_secret(session, "clinic")
    end_old_client_secret(session, "clinic")
    assert (works(SECRET), works(staged)) == (False, True)
    following = stage_client_secret(session, "clinic").secret
    with clock.shifted(timedelta(days=15)):
        again = signed_in(account.id)
        rp = RelyingParty()
        late = rp.exchange(client, rp.agree(again), client_secret=staged or "")
        assert late.status_code == 401
        assert stage_client_secret(session, "clinic").secret
    assert works(following)


def test_a_secret_is_staged_only_where_there_is_one(session: Session) -> None:
    make_client(session)
    with pytest.raises(Conflict, match="client_kind"):
        stage_client_secret(session, "clinic")
    for change in (stage_client_secret, end_old_client_secret):
        with pytest.raises(NotFound):
            change(session, "unknown")


# Signing out


def test_an_application_signs_out_with_its_id_token(
    browser: FlaskClient, client: FlaskClient
) -> None:
    rp = RelyingParty()
    tokens = rp.exchange(client, rp.agree(browser)).get_json()
    answer = browser.get(
        "/oauth/end-session",
        query_string={
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": SIGNED_OUT_URI,
            "state": "s 1",
        },
    )
    assert (answer.status_code, answer.location) == (303, f"{SIGNED_OUT_URI}?state=s+1")
    assert userinfo(client, tokens["access_token"]).status_code == 401
    assert browser.get("/auth/applications").location.startswith("/auth/sign-in")


def test_without_a_valid_id_token_the_person_is_asked(
    browser: FlaskClient, session: Session
) -> None:
    for given in (
        {},
        {"id_token_hint": "nonsense"},
        {"id_token_hint": "a.b.c", "client_id": "clinic"},
        {"client_id": "nul\x00"},
        {"client_id": "clinic", "post_logout_redirect_uri": SIGNED_OUT_URI},
    ):
        page = browser.get("/oauth/end-session", query_string=given)
        assert page.status_code == 200
        assert "先不退出" in page.text
    assert session.scalars(select(SignInSession.ended_at)).one() is None
    answer = browser.post(
        "/oauth/end-session",
        query_string={"client_id": "clinic", "post_logout_redirect_uri": SIGNED_OUT_URI},
        data={"decision": "sign_out"},
    )
    assert answer.location == SIGNED_OUT_URI
    assert session.scalars(select(SignInSession.ended_at)).one() is not None


def test_applications_may_post_what_they_ask(
    app: APIFlask, session: Session, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Core 1.0, 3.1.2.1 and RP-Initiated Logout 1.0: as by GET, from a page of any origin, and
    nothing is carried out by it.
    """
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    asked = RelyingParty().address()
    path, _, query = asked.partition("?")
    form = "application/x-www-form-urlencoded"
    posted = browser.post(path, data=query, content_type=form)
    assert (posted.status_code, posted.location) == (303, asked)
    for page in (browser.get(asked), browser.get(posted.location)):
        assert (page.status_code, "csrf_token" in page.text) == (200, True)
    wish = {"client_id": "clinic", "post_logout_redirect_uri": SIGNED_OUT_URI, "state": "s"}
    for given in (wish, {}):
        posted = browser.post("/oauth/end-session", data=given)
        assert posted.status_code == 303
        assert "先不退出" in browser.get(posted.location).text
    # Our own forms still want their token.
    for path, decision in ((asked, "agree"), ("/oauth/end-session", "sign_out")):
        assert browser.post(path, data={"decision": decision}).status_code == 400
    assert session.scalars(select(SignInSession.ended_at)).one() is None
    long = browser.post("/oauth/authorize", data={"claims": "x" * 5000})
    assert long.status_code == 413


@pytest.mark.parametrize("target", ["https://evil.example/", f"{SIGNED_OUT_URI}/", ""])
def test_signing_out_never_leads_to_an_unregistered_address(
    browser: FlaskClient, client: FlaskClient, target: str
) -> None:
    rp = RelyingParty()
    hint = rp.exchange(client, rp.agree(browser)).get_json()["id_token"]
    given = {"id_token_hint": hint, "post_logout_redirect_uri": target}
    assert browser.get("/oauth/end-session", query_string=given).location == "/auth/sign-in"


def test_an_id_token_of_another_session_or_application_does_not_sign_out(
    session: Session, browser: FlaskClient, client: FlaskClient, signed_in: Browser
) -> None:
    make_client(session, "other")
    rp = RelyingParty()
    hint = rp.exchange(client, rp.agree(browser)).get_json()["id_token"]
    somebody = signed_in(make_account(session).id)
    assert (
        somebody.get("/oauth/end-session", query_string={"id_token_hint": hint}).status_code == 200
    )
    mixed = {"id_token_hint": hint, "client_id": "other"}
    assert browser.get("/oauth/end-session", query_string=mixed).status_code == 200


def test_signing_out_twice_is_no_error(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    hint = rp.exchange(client, rp.agree(browser)).get_json()["id_token"]
    given = {"id_token_hint": hint, "post_logout_redirect_uri": SIGNED_OUT_URI}
    for _ in range(2):
        assert browser.get("/oauth/end-session", query_string=given).location == SIGNED_OUT_URI


# Metadata and registration


def test_metadata_names_what_is_there(app: APIFlask, client: FlaskClient) -> None:
    found = client.get("/.well-known/openid-configuration").get_json()
    assert found["issuer"] == ISSUER
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    for name, value in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.removeprefix(ISSUER) in paths


def test_metadata_is_ours_whatever_host_was_asked(client: FlaskClient) -> None:
    where = "/.well-known/openid-configuration"
    found = client.get(where, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in found.text


def test_a_client_is_registered_once_and_kept_up(session: Session) -> None:
    command = RegisterClient(
        client_id="demo", name="Demo", redirect_uris=["http://127.0.0.1:8001/cb"], public=True
    )
    assert ensure_client(session, command).secret is None
    with pytest.raises(Conflict, match="client_exists"):
        create_client(session, command)
    moved = command.model_copy(update={"redirect_uris": ["http://127.0.0.1:9001/cb"]})
    ensure_client(session, moved)
    session.expire_all()
    assert session.get_one(Client, "demo").redirect_uris == ["http://127.0.0.1:9001/cb"]
    with pytest.raises(Conflict, match="client_kind"):
        ensure_client(session, command.model_copy(update={"public": False}))
    with pytest.raises(Conflict, match="client_host"):
        ensure_client(session, moved.model_copy(update={"redirect_uris": ["https://a.example/"]}))


def test_a_made_secret_is_shown_once_and_stays(session: Session) -> None:
    command = RegisterClient(client_id="demo", name="Demo", redirect_uris=["https://a.example/cb"])
    assert ensure_client(session, command).secret
    before = session.scalars(select(Client.secret_hash)).one()
    assert ensure_client(session, command).secret is None
    assert session.scalars(select(Client.secret_hash)).one() == before


def test_codes_are_forgotten_after_a_day(browser: FlaskClient, session: Session) -> None:
    RelyingParty().agree(browser)
    forget_attempts()
    assert session.scalars(select(AuthorizationCode)).all()
    with clock.shifted(timedelta(days=2)):
        forget_attempts()
    assert not session.scalars(select(AuthorizationCode)).all()


# Commands


def test_operators_register_applications_and_issue_tokens(
    app: APIFlask, client: FlaskClient, session: Session, tmp_path: Path
) -> None:
    runner = app.test_cli_runner()
    given = ["oidc", "client", "create", "--client-id", "clinic-demo", "--name", "Clinic",
             "--redirect-uri", "http://127.0.0.1:8001/clinic/callback",
             "--post-logout-redirect-uri", "http://127.0.0.1:8001/clinic/signed-out"]  # fmt: skip
    made = runner.invoke(args=given)
    assert made.exit_code == 0, made.output
    assert re.search("Client id: clinic-demo\nClient secret.*: .{40,}\n", made.output)
    assert runner.invoke(args=given).exit_code == 1
    assert runner.invoke(args=[*given, "--exist-ok"]).output == "Client id: clinic-demo\n"
    bad = runner.invoke(args=[*given, "--redirect-uri", "http://clinic.example/"])
    assert (bad.exit_code, "must be an https address" in bad.output) == (2, True)

    staged = runner.invoke(args=["oidc", "client", "stage-secret", "clinic-demo"])
    assert re.fullmatch("Client secret.*: .{40,}\n", staged.output)
    assert runner.invoke(args=["oidc", "client", "stage-secret", "clinic-demo"]).exit_code == 1
    ended = runner.invoke(args=["oidc", "client", "end-old-secret", "clinic-demo"])
    assert (ended.exit_code, ended.output) == (0, "Only the newest secret works now.\n")
    keys = tmp_path / "keys.json"
    signing = ["oidc", "client", "create", "--name", "Signer", "--jwks", str(keys),
               "--redirect-uri", "https://signer.example/cb"]  # fmt: skip
    keys.write_text("nonsense", encoding="utf-8")
    assert runner.invoke(args=signing).exit_code == 2
    keys.write_text(json.dumps(KEYS), encoding="utf-8")
    signer = runner.invoke(args=signing)
    assert (signer.exit_code, "secret" in signer.output) == (0, False)

    make_account(session, username="op.demo")
    token = runner.invoke(args=["token", "issue", "--account", "op.demo"]).output.strip()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200
    assert runner.invoke(args=["token", "issue", "--account", "nobody"]).exit_code == 1

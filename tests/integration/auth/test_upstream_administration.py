"""Providers are kept by administrators of the whole region, in the browser or at the console."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.assurance import FRESH
from auth.models import Account, Upstream, UpstreamRole
from auth.services.sign_in import PORTAL_SCOPE, issue_token, session_id_of
from core import clock
from core.access import Role
from core.models import ChangeRecord
from tests.factories.auth import make_account, open_browser_session
from tests.factories.directory import CITY, COUNTY, make_divisions
from tests.factories.upstream import make_upstream

Browser = Callable[[UUID], FlaskClient]
ADMIN, API = "/admin/upstreams", "/api/v1/auth/upstreams"
NEW = {
    "issuer": "https://id.hospital.example",
    "name": "示例医院",
    "icon": "building-hospital",
    "client_id": "kangqiao",
    "client_secret": "a secret of theirs",
    "scopes": "profile email",
    "linking": "true",
    "role_claim": "groups",
    "two_factor_values": "otp mfa",
}


@pytest.fixture
def region(session: Session) -> Account:
    make_divisions(session)
    return make_account(session, name="管理员", roles={Role.ADMINISTRATOR: [CITY]})


def test_a_provider_is_registered_changed_and_closed(
    session: Session, region: Account, signed_in: Browser
) -> None:
    browser = signed_in(region.id)
    assert "还没有登录来源" in browser.get(f"{ADMIN}/").text
    assert browser.get(f"{ADMIN}/new").status_code == 200
    made = browser.post(f"{ADMIN}/new", data=NEW)
    assert made.status_code == 302, made.text
    page = browser.get(made.location)
    upstream = session.scalars(select(Upstream)).one()
    assert f"/auth/upstream/{upstream.id}/callback" in page.text
    assert (upstream.scopes, upstream.linking, upstream.just_in_time) == (
        ["openid", "profile", "email"],
        True,
        False,
    )
    assert upstream.client_secret == NEW["client_secret"]
    stored = session.execute(text("SELECT client_secret FROM auth_upstream")).scalar_one()
    assert NEW["client_secret"].encode() not in bytes(stored)
    assert NEW["client_secret"] not in page.text

    form = browser.get(f"{made.location}/edit")
    assert 'value="openid profile email"' in form.text
    change = NEW | {
        "version": "1",
        "name": "示例医院二",
        "client_secret": "",
        "just_in_time": "true",
    }
    change.pop("issuer")
    assert browser.post(f"{made.location}/edit", data=change).status_code == 302
    session.expire_all()
    assert (upstream.name, upstream.just_in_time) == ("示例医院二", True)
    assert upstream.client_secret == NEW["client_secret"]
    stale = browser.post(f"{made.location}/edit", data=change | {"name": "又一个"})
    assert (stale.status_code, "示例医院二" in stale.text) == (409, True)

    browser.post(f"{made.location}/disable", data={"version": "2"})
    assert "示例医院二" not in browser.get("/auth/sign-in").text
    browser.post(f"{made.location}/enable", data={"version": "3"})
    assert "示例医院二" in browser.get("/auth/sign-in").text
    history = browser.get(f"{made.location}/history").text
    assert all(word in history for word in ("openid, profile, email", "示例医院二", "管理员"))
    assert NEW["client_secret"] not in str(session.scalars(select(ChangeRecord.changes)).all())


def test_a_provider_is_kept_over_the_api(
    session: Session,
    region: Account,
    client: FlaskClient,
    signed_in: Browser,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    def said(answer: TestResponse) -> Any:
        return answer.get_json()

    headers = bearer(region.id)
    new = NEW | {"linking": True, "scopes": ["profile"], "two_factor_values": ["otp"]}
    once = headers | {"Idempotency-Key": "register-a-provider"}
    made = client.post(API, json=new, headers=once)
    assert (made.status_code, said(client.post(API, json=new, headers=once))) == (201, said(made))
    assert said(client.post(API, json=new, headers=headers))["code"] == "upstream_exists"
    one = f"{API}/{said(made)['id']}"
    terms = {k: v for k, v in new.items() if k not in ("issuer", "client_secret")}
    changed = terms | {"version": 1, "name": "示例医院二"}
    for more in ("issuer", "disabled_at", "created_at"):
        refused = client.put(one, json=changed | {more: "https://x.example"}, headers=headers)
        assert refused.status_code == 422, more
    assert said(client.put(one, json=changed, headers=headers))["name"] == "示例医院二"
    assert client.put(one, json=changed, headers=headers).status_code == 409
    rule = {"value": "统计", "role": "analyst", "unit": COUNTY}
    assert client.post(f"{one}/roles", json=rule, headers=headers).status_code == 200
    refused = client.post(f"{one}/roles", json=rule | {"role": "security"}, headers=headers)
    assert (refused.status_code, said(refused)["code"]) == (422, "role_not_mapped")
    seen = client.get(one, headers=headers)
    assert said(seen)["redirect_uri"].endswith(f"/auth/upstream/{said(made)['id']}/callback")
    [kept] = said(seen)["rules"]
    gone = client.delete(f"{one}/roles/{kept['id']}", headers=headers)
    assert (gone.status_code, said(client.get(one, headers=headers))["rules"]) == (200, [])
    for state, disabled in (("disable", True), ("enable", False)):
        version = {"version": said(client.get(one, headers=headers))["version"]}
        done = client.post(f"{one}/{state}", json=version, headers=headers)
        assert said(done)["disabled"] is disabled
    told = [client.get(path, headers=headers).text for path in (API, one, f"{one}/history")]
    assert all(NEW["client_secret"] not in answer for answer in told)
    assert session.scalars(select(Upstream)).one().client_secret == NEW["client_secret"]

    county = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    theirs = bearer(county.id)
    assert client.get(API, headers=theirs).status_code == 403
    assert client.put(one, json=changed, headers=theirs).status_code == 403
    # A token of a session that was proved a while ago is asked for a fresh proof, as the page is.
    opened = session_id_of(session, open_browser_session(session, region.id))
    lifetime = timedelta(hours=1)
    token = issue_token(
        session, region.id, scope=PORTAL_SCOPE, lifetime=lifetime, session_id=opened
    )
    session.flush()
    with clock.shifted(FRESH + timedelta(seconds=1)):
        asked = client.get(API, headers={"Authorization": f"Bearer {token}"})
    assert (asked.status_code, said(asked)["code"]) == (401, "step_up_required")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("issuer", "http://id.hospital.example"),
        ("issuer", "https://id.hospital.example/?a=b"),
        ("icon", "skull"),
        ("client_id", ""),
        ("name", "\x00"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(
    session: Session, region: Account, signed_in: Browser, field: str, value: str
) -> None:
    refused = signed_in(region.id).post(f"{ADMIN}/new", data=NEW | {field: value})
    assert (refused.status_code, f"error-{field}" in refused.text) == (422, True)
    assert session.scalars(select(Upstream)).all() == []


def test_the_same_provider_is_not_registered_twice(
    session: Session, region: Account, signed_in: Browser
) -> None:
    make_upstream(session, NEW["issuer"])
    assert signed_in(region.id).post(f"{ADMIN}/new", data=NEW).status_code == 409


def test_a_county_does_not_open_the_regions_doors(
    session: Session, region: Account, signed_in: Browser
) -> None:
    upstream = make_upstream(session)
    county = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    browser = signed_in(county.id)
    assert "登录来源" not in browser.get("/admin/applications/").text
    for path in ("/", "/new", f"/{upstream.id}", f"/{upstream.id}/edit", f"/{upstream.id}/roles"):
        assert browser.get(f"{ADMIN}{path}").status_code == 403, path
    version = {"version": "1"}
    for path in (f"/{upstream.id}/disable", f"/{upstream.id}/enable"):
        assert browser.post(f"{ADMIN}{path}", data=version).status_code == 403, path
    assert browser.post(f"{ADMIN}/new", data=NEW).status_code == 403
    session.expire_all()
    assert upstream.disabled_at is None


def test_rules_give_what_may_be_given(
    session: Session, region: Account, signed_in: Browser
) -> None:
    upstream = make_upstream(session)
    browser = signed_in(region.id)
    roles = f"{ADMIN}/{upstream.id}/roles"
    assert "试验市" in browser.get(f"{roles}?role=analyst").text
    rule = {"value": "统计 组", "role": "analyst", "unit": COUNTY}
    for _ in range(2):
        assert browser.post(roles, data=rule).status_code == 302
    made = session.scalars(select(UpstreamRole)).one()
    assert (made.value, made.unit_name) == ("统计 组", "甲县")
    assert "统计 组" in browser.get(f"{ADMIN}/{upstream.id}").text
    for role in ("administrator", "security", "auditor", "leader", "member", "resident"):
        refused = browser.post(roles, data=rule | {"role": role})
        assert refused.status_code == 422, role
    assert browser.post(roles, data=rule | {"unit": "880000"}).status_code == 422
    browser.post(f"{roles}/end", data={"rule_id": str(made.id)})
    assert session.scalars(select(UpstreamRole)).all() == []


def test_the_console_registers_lists_and_closes(app: APIFlask, session: Session) -> None:
    runner = app.test_cli_runner()
    given = [
        "oidc", "upstream", "create", "--issuer", NEW["issuer"], "--name", NEW["name"],
        "--client-id", "kangqiao", "--just-in-time", "--two-factor-value", "otp",
    ]  # fmt: skip
    made = runner.invoke(args=given)
    assert (made.exit_code, "/callback" in made.output) == (0, True), made.output
    assert runner.invoke(args=given).exit_code == 1
    again = runner.invoke(args=[*given, "--exist-ok", "--client-secret", "new secret"])
    assert again.exit_code == 0, again.output
    upstream = session.scalars(select(Upstream)).one()
    assert (upstream.client_secret, upstream.two_factor_values) == ("new secret", ["otp"])
    closed = runner.invoke(args=["oidc", "upstream", "disable", "--issuer", NEW["issuer"]])
    assert closed.exit_code == 0, closed.output
    listed = runner.invoke(args=["oidc", "upstream", "list"]).output
    assert f"{NEW['issuer']}\t示例医院\tdisabled\t0 people" in listed
    gone = ["oidc", "upstream", "disable", "--issuer", "https://nobody.example"]
    assert runner.invoke(args=gone).exit_code == 1
    bad = runner.invoke(args=[*given[:4], "ftp://x", *given[5:]])
    assert (bad.exit_code, "issuer" in bad.output) == (2, True)

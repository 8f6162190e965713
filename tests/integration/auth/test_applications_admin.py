"""Applications: registered in the browser and by API, and seen in their place."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account, Client
from core.crypto import token_hash
from core.models import AuditEvent, StoredAnswer
from tests.factories.directory import CITY, COUNTY, OTHER_COUNTY, make_institution
from tests.factories.residents import make_resident
from tests.factories.sso import RelyingParty, userinfo
from tests.integration.auth.applications import ADMIN, API, county, neighbour, placed, region

__all__ = ["county", "neighbour", "region"]

Browser = Callable[[UUID], FlaskClient]
Bearer = Callable[[UUID], dict[str, str]]
NEW: dict[str, Any] = {
    "name": "检查预约",
    "unit": COUNTY,
    "icon": "microscope",
    "launch_url": "https://scan.example/",
    "audience": ["resident", "registrar"],
    "grants": ["authorization_code"],
    "redirect_uris": "https://scan.example/callback\nhttps://scan.example/other",
    "scopes": ["profile", "phone"],
    "algorithm": "ES256",
}


def test_an_application_is_registered_and_its_secret_shown_once(
    session: Session, county: Account, signed_in: Browser
) -> None:
    browser = signed_in(county.id)
    form = browser.get(f"{ADMIN}/new")
    assert "甲县" in form.text
    made = browser.post(f"{ADMIN}/new", data=NEW | {"_once": "one"})
    client = session.scalars(select(Client)).one()
    assert (made.status_code, client.client_id in made.text, "data-secret" in made.text) == (
        200,
        True,
        True,
    )
    assert client.redirect_uris == ["https://scan.example/callback", "https://scan.example/other"]
    assert (client.audience, client.scopes) == (
        ["resident", "registrar"],
        ["openid", "phone", "profile"],
    )
    again = browser.post(f"{ADMIN}/new", data=NEW | {"_once": "one"})
    assert ("刚才已经显示过" in again.text, "data-secret" in again.text) == (True, False)
    assert all(
        '"secret"' not in (kept.answer or "") for kept in session.scalars(select(StoredAnswer))
    )
    page = browser.get(f"{ADMIN}/{client.id}")
    for text in ("https://scan.example/other", "居民、挂号员", "甲县", "手机号"):
        assert text in page.text


def test_offline_access_is_for_those_who_refresh_and_survives_an_edit(
    client: FlaskClient, session: Session, county: Account, signed_in: Browser, bearer: Bearer
) -> None:
    headers = bearer(county.id)
    body = {
        "name": "x", "unit": COUNTY, "redirect_uris": ["https://a.example/cb"],
        "scopes": ["openid", "offline_access"],
    }  # fmt: skip
    refused = client.post(API, json=body, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "application_kind")
    plain = placed(session, "plain", unit=COUNTY)
    change = {"version": 1, "scopes": ["openid", "offline_access"]}
    assert client.patch(f"{API}/{plain.id}", json=change, headers=headers).status_code == 422
    values = {"grants": ["authorization_code", "refresh_token"], "unit": COUNTY}
    stays = placed(session, "stays", scopes=["offline_access", "openid"], **values)
    page = signed_in(county.id).get(f"{ADMIN}/{stays.id}/edit").text
    assert re.search('value="offline_access" checked', page)


KEYS = {"keys": [{"kty": "OKP", "crv": "Ed25519",
                  "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}  # fmt: skip
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def test_every_kind_of_application_is_registered(
    client: FlaskClient, session: Session, county: Account, signed_in: Browser, bearer: Bearer
) -> None:
    """Kiosks and services too, which had been the console's: with a history, by the policy."""
    headers, browser = bearer(county.id), signed_in(county.id)
    service = {
        "name": "检验系统", "unit": COUNTY, "grants": ["client_credentials"],
        "service_scopes": ["screens.read"], "jwks": KEYS,
    }  # fmt: skip
    made = client.post(API, json=service, headers=headers)
    assert made.status_code == 201, made.text
    view = made.get_json()
    assert (view["keys"], view["jwks"], view["secret"]) == (True, KEYS, None)
    assert (view["grants"], view["service_scopes"]) == (["client_credentials"], ["screens.read"])
    kiosk = NEW | {
        "name": "自助机", "grants": [DEVICE, "refresh_token"], "redirect_uris": "",
        "public": "true", "scopes": ["profile", "offline_access"],
    }  # fmt: skip
    assert browser.post(f"{ADMIN}/new", data=kiosk).status_code == 200
    app = session.scalars(select(Client).where(Client.name == "自助机")).one()
    assert (app.grants, app.redirect_uris) == ([DEVICE, "refresh_token"], [])
    assert client.post("/oauth/device", data={"client_id": app.client_id}).status_code == 200
    page = browser.get(f"{ADMIN}/{app.id}")
    assert "自助机、大屏用代码登录" in page.text
    form = browser.get(f"{ADMIN}/{view['id']}/edit").text
    assert "11qYAYKxCrfVS" in form
    pushed = {
        "version": 1, "require_par": True, "grants": ["client_credentials", "authorization_code"],
    }  # fmt: skip
    answer = client.patch(f"{API}/{view['id']}", json=pushed, headers=headers)
    assert (answer.status_code, "redirect_uris" in answer.text) == (422, True)
    pushed["grants"] = ["client_credentials"]
    answer = client.patch(f"{API}/{view['id']}", json=pushed, headers=headers)
    assert answer.get_json()["require_par"] is True


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"grants": []}, "grants"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"grants": ["client_credentials"]}, "service_scopes"),
        ({"service_scopes": ["screens.read"]}, "service_scopes"),
        ({"public": True, "guarded_scopes": ["screens.read"]}, "grants"),
        ({"public": True, "jwks": KEYS}, "jwks"),
        ({"jwks": "no key set"}, "jwks"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    client: FlaskClient, county: Account, bearer: Bearer, wrong: dict[str, Any], field: str
) -> None:
    body = {"name": "x", "unit": COUNTY, "redirect_uris": ["https://a.example/cb"]} | wrong
    refused = client.post(API, json=body, headers=bearer(county.id))
    assert refused.status_code == 422
    assert field in refused.text


def test_it_is_changed_on_the_state_that_was_read_with_a_history(
    session: Session, county: Account, signed_in: Browser
) -> None:
    client = placed(session, "clinic", unit=COUNTY)
    browser = signed_in(county.id)
    here = f"{ADMIN}/{client.id}"
    form = browser.get(f"{here}/edit").text
    assert "https://clinic.example/callback" in form
    change = NEW | {"version": "1", "redirect_uris": "https://clinic.example/new", "audience": []}
    assert browser.post(f"{here}/edit", data=change).status_code == 302
    session.expire_all()
    assert (client.name, client.redirect_uris, client.audience) == (
        "检查预约",
        ["https://clinic.example/new"],
        [],
    )
    stale = browser.post(f"{here}/edit", data=change | {"name": "又一个"})
    assert (stale.status_code, "现在是 检查预约" in stale.text) == (409, True)
    history = browser.get(f"{here}/history").text
    assert all(text in history for text in ("县管理员", "https://clinic.example/new", "显微镜"))
    moved = browser.post(
        f"{here}/edit",
        data=change | {"version": "2", "redirect_uris": "https://elsewhere.example/"},
    )
    assert (moved.status_code, "error-redirect_uris" in moved.text) == (422, True)
    cleared = browser.post(f"{here}/edit", data=change | {"version": "2", "launch_url": ""})
    assert cleared.status_code == 302
    session.expire_all()
    assert client.launch_url is None


def test_a_disabled_application_learns_nothing_more(
    client: FlaskClient, session: Session, county: Account, signed_in: Browser
) -> None:
    application = placed(session, "clinic", unit=COUNTY)
    resident, _ = make_resident(session)
    browser, rp = signed_in(resident.id), RelyingParty()
    tokens = rp.exchange(client, rp.agree(browser)).get_json()
    code = rp.agree(browser)
    assert userinfo(client, tokens["access_token"]).status_code == 200
    administrator = signed_in(county.id)
    here = f"{ADMIN}/{application.id}"
    assert administrator.post(f"{here}/disable", data={"version": "1"}).status_code == 302
    session.expire_all()
    assert userinfo(client, tokens["access_token"]).status_code == 401
    assert rp.exchange(client, code).status_code in (400, 401)
    assert browser.get(rp.address()).status_code == 400
    assert "clinic" in administrator.get(f"{ADMIN}/?state=disabled").text
    administrator.post(f"{here}/enable", data={"version": "2"})
    session.expire_all()
    assert browser.get(rp.address()).status_code == 302


def test_a_secret_is_changed_without_an_outage(
    client: FlaskClient, session: Session, county: Account, signed_in: Browser
) -> None:
    first = "the first secret of more than 32 characters"
    application = placed(session, "clinic", unit=COUNTY, secret_hash=token_hash(first))
    resident, _ = make_resident(session)
    browser, administrator = signed_in(resident.id), signed_in(county.id)
    here = f"{ADMIN}/{application.id}"

    def works(secret: str) -> bool:
        rp = RelyingParty()
        answer = rp.exchange(client, rp.agree(browser), client_secret=secret)
        return answer.status_code == 200

    assert works(first)
    staged = administrator.post(f"{here}/secret", data={"version": "1"})
    second = staged.text.partition("data-secret>")[2].partition("<")[0]
    session.expire_all()
    assert (works(first), works(second), works("neither" * 8)) == (True, True, False)
    assert "停用旧密钥" in administrator.get(here).text
    again = administrator.post(f"{here}/secret", data={"version": "2"})
    assert (again.status_code, again.location) == (302, here)
    stale = administrator.post(f"{here}/secret/end-old", data={"version": "1"})
    session.expire_all()
    assert (stale.status_code, works(first)) == (302, True)
    administrator.post(f"{here}/secret/end-old", data={"version": "2"})
    session.expire_all()
    assert (works(first), works(second)) == (False, True)
    history = administrator.get(f"{here}/history").text
    assert ("旧密钥" in history, second in history) == (True, False)


def test_administrators_see_their_own_place_only(
    session: Session, region: Account, county: Account, neighbour: Account, signed_in: Browser
) -> None:
    mine = placed(session, "mine", unit=COUNTY)
    unplaced = placed(session, "unplaced")
    hospital = placed(session, "hospital", unit=str(make_institution(session).id))
    city = placed(session, "city", unit=CITY)
    seen = {
        region.id: {"mine", "unplaced", "hospital", "city"},
        county.id: {"mine", "hospital"},
        neighbour.id: set(),
    }
    for account, names in seen.items():
        browser = signed_in(account)
        page = browser.get(f"{ADMIN}/").text
        for application in (mine, unplaced, hospital, city):
            name = application.name
            assert (f">{name}</a>" in page) is (name in names), name
            expected = 200 if name in names else 403
            for path in ("", "/usage", "/history", "/edit"):
                status = browser.get(f"{ADMIN}/{application.id}{path}").status_code
                assert status == expected, (name, path)
            change = browser.post(
                f"{ADMIN}/{application.id}/disable", data={"version": "99"}
            ).status_code
            assert change == (302 if name in names else 403)


def test_nothing_is_registered_in_or_moved_to_anothers_place(
    session: Session, county: Account, signed_in: Browser
) -> None:
    browser = signed_in(county.id)
    assert browser.post(f"{ADMIN}/new", data=NEW | {"unit": OTHER_COUNTY}).status_code == 403
    assert browser.post(f"{ADMIN}/new", data=NEW | {"unit": "880000"}).status_code == 422
    client = placed(session, "clinic", unit=COUNTY)
    change = NEW | {"version": "1", "redirect_uris": "https://clinic.example/callback"}
    moved = browser.post(f"{ADMIN}/{client.id}/edit", data=change | {"unit": CITY})
    assert moved.status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("redirect_uris", ""),
        ("redirect_uris", "https://a.example/ https://b.example/"),
        ("redirect_uris", "http://a.example/"),
        ("launch_url", "javascript:alert(1)"),
        ("icon", "skull"),
        ("audience", "king"),
        ("scopes", "everything"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_is_kept(
    session: Session, county: Account, signed_in: Browser, field: str, value: str
) -> None:
    refused = signed_in(county.id).post(f"{ADMIN}/new", data=NEW | {field: value})
    assert (refused.status_code, "field-error" in refused.text) == (422, True)
    assert session.scalars(select(Client)).all() == []
    if field != "audience":
        assert 'name="audience" value="registrar" checked' in refused.text


def test_the_api_does_the_same(
    client: FlaskClient, session: Session, county: Account, neighbour: Account, bearer: Bearer
) -> None:
    mine, theirs = bearer(county.id), bearer(neighbour.id)
    body = NEW | {"redirect_uris": ["https://scan.example/callback"]}
    made = client.post(API, json=body, headers=mine)
    assert made.status_code == 201, made.text
    assert len(made.get_json()["secret"]) >= 32
    here = f"{API}/{made.get_json()['id']}"
    listed = client.get(API, headers=mine).get_json()["items"]
    assert [item["name"] for item in listed] == ["检查预约"]
    assert "secret" not in listed[0]
    assert client.get(API, headers=theirs).get_json()["items"] == []
    assert client.get(here, headers=theirs).status_code == 403
    changed = client.patch(here, json={"version": 1, "name": "新名"}, headers=mine)
    assert (changed.status_code, changed.get_json()["launch_url"]) == (200, NEW["launch_url"])
    stale = client.patch(here, json={"version": 1, "name": "x"}, headers=mine)
    assert stale.get_json()["code"] == "stale_version"
    assert len(client.get(f"{here}/history", headers=mine).get_json()["items"]) == 2
    assert client.get(f"{here}/usage", headers=mine).get_json()["sign_ins"] == 0
    stopped = client.post(f"{here}/disable", json={"version": 2}, headers=mine)
    assert stopped.get_json()["disabled"] is True
    assert client.post(f"{here}/enable", json={"version": 3}, headers=theirs).status_code == 403
    assert client.post(f"{here}/enable", json={"version": 3}, headers=mine).status_code == 200


def test_decisions_are_audited(session: Session, county: Account, signed_in: Browser) -> None:
    signed_in(county.id).post(f"{ADMIN}/new", data=NEW)
    assert "auth:register-application" in session.scalars(select(AuditEvent.action)).all()

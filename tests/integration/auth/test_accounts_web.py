"""Accounts through the pages and the API."""

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import passwords
from auth.models import Account
from auth.queries.actors import actor_of_account
from core.access import Actor, Role
from core.models import StoredAnswer
from tests.factories.auth import make_account
from tests.factories.directory import (
    COUNTY,
    OTHER_COUNTY,
    TOWNSHIP,
    make_divisions,
    make_institution,
)


def administrator(session: Session, *units: str, name: str = "管理员甲") -> Actor:
    """One who administers these units."""
    make_divisions(session)
    account = make_account(session, name=name, roles={Role.ADMINISTRATOR: list(units)})
    actor = actor_of_account(session, account.id)
    assert actor is not None
    return actor


def test_pages_open_an_account_and_show_the_password_once(
    session: Session, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    institution = make_institution(session)
    browser = signed_in(administrator(session, COUNTY).account_id)
    data = {
        "role": "registrar",
        "unit": str(institution.id),
        "username": "wei.lan",
        "display_name": "韦兰",
        "_once": "a key",
    }
    wrong = browser.post("/admin/accounts/new", data=data | {"username": "韦"})
    assert wrong.status_code == 422 and "韦兰" in wrong.get_data(as_text=True)
    shown = browser.post("/admin/accounts/new", data=data)
    assert "data-secret" in shown.get_data(as_text=True)
    retried = browser.post("/admin/accounts/new", data=data).get_data(as_text=True)
    assert "data-secret" not in retried
    account = session.scalars(select(Account).where(Account.username == "wei.lan")).one()
    password = shown.get_data(as_text=True).split("data-secret>")[1].split("<")[0]
    assert passwords.matches(account.password_hash, password)
    answers = session.scalars(select(StoredAnswer.answer)).all()
    assert password not in repr(answers), "the answer kept for retries must not hold it"


def test_pages_give_take_and_disable(
    session: Session, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    actor = administrator(session, COUNTY)
    browser = signed_in(actor.account_id)
    known = make_account(session, username="known", roles={Role.ANALYST: [COUNTY]})
    path = f"/admin/accounts/{known.id}"
    role = {"role": "analyst", "unit": TOWNSHIP}
    given = browser.post(f"{path}/roles", data=role, follow_redirects=True)
    assert "角色已授予" in given.get_data(as_text=True)
    taken = browser.post(f"{path}/roles/end", data=role, follow_redirects=True)
    assert "角色已收回" in taken.get_data(as_text=True)
    beyond = browser.post(f"{path}/roles", data=role | {"unit": OTHER_COUNTY})
    assert beyond.status_code == 403
    fresh = browser.post(f"{path}/password", data={"version": "1"})
    assert "data-secret" in fresh.get_data(as_text=True)
    stale = browser.post(f"{path}/password", data={"version": "1"}, follow_redirects=True)
    assert "刚被别人修改过" in stale.get_data(as_text=True)
    closed = browser.post(f"{path}/disable", data={"version": "2"}, follow_redirects=True)
    assert "账号已停用" in closed.get_data(as_text=True)
    own = browser.get(f"/admin/accounts/{actor.account_id}").get_data(as_text=True)
    assert "这是您自己的账号" in own and "停用账号" not in own


def test_the_api_administers_accounts(
    client: FlaskClient, session: Session, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    actor = administrator(session, COUNTY)
    headers = bearer(actor.account_id)
    body = {"username": "api.made", "display_name": "接口", "role": "analyst", "unit": COUNTY}
    keyed = headers | {"Idempotency-Key": "one account"}
    made = client.post("/api/v1/auth/accounts", json=body, headers=keyed)
    assert made.status_code == 201 and len(made.get_json()["initial_password"]) >= 10
    again = client.post("/api/v1/auth/accounts", json=body, headers=keyed)
    assert again.status_code == 201 and again.get_json()["initial_password"] is None
    assert again.get_json()["id"] == made.get_json()["id"]
    address = f"/api/v1/auth/accounts/{made.get_json()['id']}"
    grant = {"role": "analyst", "unit": TOWNSHIP}
    assert (
        len(client.post(f"{address}/grants", json=grant, headers=headers).get_json()["grants"]) == 2
    )
    ended = client.delete(f"{address}/grants", query_string=grant, headers=headers)
    assert len(ended.get_json()["grants"]) == 1
    changed = client.patch(address, json={"version": 1, "display_name": "新名"}, headers=headers)
    assert changed.get_json()["version"] == 2
    stale = client.patch(address, json={"version": 1, "display_name": "旧名"}, headers=headers)
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale_version")
    wrong = client.post("/api/v1/auth/accounts", json=body | {"username": "A B"}, headers=headers)
    assert wrong.status_code == 422
    assert "username" in [error["field"] for error in wrong.get_json()["errors"]]
    history = client.get(f"{address}/history", headers=headers).get_json()["items"]
    assert history[0]["changes"] == {"display_name": ["接口", "新名"]}
    assert client.post(f"{address}/disable", json={"version": 2}, headers=headers).get_json()[
        "disabled"
    ]
    assert client.post(f"{address}/enable", json={"version": 3}, headers=headers).status_code == 200
    assert client.get("/api/v1/auth/accounts").status_code == 401
    stranger = bearer(make_account(session, roles={Role.REGISTRAR: [COUNTY]}).id)
    assert client.get("/api/v1/auth/accounts", headers=stranger).status_code == 403

"""Applications: whose home shows them, and how their use is counted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account, Client, ClientServiceUse, ClientUse
from auth.services.usage import forget_use
from core import clock
from core.access import Role
from tests.factories.auth import make_account
from tests.factories.directory import CITY, COUNTY, OTHER_COUNTY, make_institution
from tests.factories.residents import make_resident
from tests.factories.sso import RelyingParty, make_client
from tests.integration.auth.applications import ADMIN, API, county, placed, region
from tests.integration.auth.test_sso_services import SERVICE, own_token

__all__ = ["county", "region"]
Browser = Callable[[UUID], FlaskClient]


def test_use_is_counted_by_day_and_person(
    client: FlaskClient,
    session: Session,
    county: Account,
    signed_in: Browser,
    count_statements: Any,
) -> None:
    application = placed(session, "clinic", unit=COUNTY)
    for times in (2, 1):
        resident, _ = make_resident(session)
        browser = signed_in(resident.id)
        for _ in range(times):
            rp = RelyingParty()
            code = rp.agree(browser)
            assert rp.exchange(client, code).status_code == 200
            assert rp.exchange(client, code).status_code == 400  # counts once
    today = clock.today()
    account = session.scalars(select(ClientUse.account_id)).first()
    for day in (today - timedelta(days=1), today - timedelta(days=100)):
        session.add(ClientUse(client_id="clinic", day=day, account_id=account, sign_ins=5))
    session.flush()
    browser = signed_in(county.id)
    with count_statements() as counter:
        page = browser.get(f"{ADMIN}/{application.id}/usage")
    assert page.status_code == 200
    assert len(counter) <= 8, counter.statements
    used = client.application.json.loads(
        page.text.partition('<script type="application/json" id="usage">')[2].partition("<")[0]
    )
    assert [series["values"][-2:] for series in used["series"]] == [[5, 3], [1, 2]]
    assert len(used["labels"]) == 30
    forget_use(session)
    assert (
        session.scalar(select(ClientUse).where(ClientUse.day < today - timedelta(days=90))) is None
    )


def test_tokens_of_its_own_are_counted_apart(
    client: FlaskClient,
    session: Session,
    county: Account,
    signed_in: Browser,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    make_client(session, "service", **SERVICE)
    application = session.get_one(Client, "service")
    application.unit = COUNTY
    session.flush()
    page = f"{ADMIN}/{application.id}/usage"
    browser = signed_in(county.id)
    assert "自己取凭证" not in browser.get(page).text
    for _ in range(5):
        own_token(client)
    own_token(client, scope="nothing.of.ours")  # is refused
    old = clock.today() - timedelta(days=100)
    session.add(ClientServiceUse(client_id="service", day=old, tokens=7))
    session.flush()
    used = client.get(f"{API}/{application.id}/usage", headers=bearer(county.id)).get_json()
    assert (used["tokens"], used["sign_ins"], used["people"]) == (5, 0, 0)
    assert used["days"][-1]["tokens"] == 5
    assert "自己取凭证的次数" in browser.get(page).text
    forget_use(session)
    assert session.scalars(select(ClientServiceUse.tokens)).all() == [5]


def test_tiles_are_for_a_role_in_a_place(
    session: Session,
    region: Account,
    client: FlaskClient,
    signed_in: Browser,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    hospital = make_institution(session)
    shown = {"launch_url": "https://a.example/", "audience": ["registrar", "resident"]}
    placed(session, "ours", unit=str(hospital.id), **shown)
    placed(session, "county", unit=COUNTY, **shown)
    placed(session, "elsewhere", unit=OTHER_COUNTY, **shown)
    placed(session, "closed", unit=CITY, disabled_at=clock.now(), **shown)
    placed(session, "silent", unit=CITY, audience=["registrar", "resident"])
    placed(
        session, "not-for-them", unit=CITY, launch_url="https://a.example/", audience=["analyst"]
    )
    placed(session, "unplaced", **shown)
    names = ("ours", "county", "elsewhere", "closed", "silent", "not-for-them", "unplaced")
    desk = make_account(session, roles={Role.REGISTRAR: [str(hospital.id)]})
    page = signed_in(desk.id).get("/applications").text
    assert [name for name in names if f"<span>{name}<" in page] == ["ours", "county"]
    tiles, own = "/api/v1/portal/tiles", bearer(desk.id)
    found = client.get(f"{tiles}?role=registrar", headers=own).get_json()["items"]
    assert {each["name"] for each in found} == {"ours", "county"}
    assert client.get(f"{tiles}?role=analyst", headers=own).status_code == 403
    resident, _ = make_resident(session)  # of the same township
    page = signed_in(resident.id).get("/").text
    assert [name for name in names if f"<span>{name}<" in page] == ["county"]
    assert 'rel="noopener"' in page
    nobody = make_account(session)
    assert "还没有给您用的应用" in signed_in(nobody.id).get("/applications").text

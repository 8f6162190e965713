"""The administrators of the region set the limits on the ways of signing."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Role
from family_doctor.models import WayRule
from tests.factories.auth import make_account
from tests.factories.directory import CITY, COUNTY, make_divisions

API, PAGE = "/api/v1/family-doctor/way-rules", "/family-doctor/way-rules/"
Bearer = Callable[[UUID], dict[str, str]]
Browser = Callable[[UUID], FlaskClient]


@pytest.fixture
def administrator(session: Session) -> UUID:
    """One of the whole region."""
    make_divisions(session)
    account = make_account(session, name="管理员", roles={Role.ADMINISTRATOR: [CITY]})
    session.commit()
    return account.id


def test_the_page_changes_them_and_keeps_what_was(
    signed_in: Browser, session: Session, administrator: UUID
) -> None:
    browser = signed_in(administrator)
    assert "医生名片的有效期" in browser.get(PAGE).text
    rule = session.scalars(select(WayRule)).one()
    data = {
        "card_days": "60", "invitation_days": "14", "share_days": "30", "invite_again_days": "30",
        "invitations_per_day": "200", "checks_per_day": "0", "present_minutes": "30",
        "visit_days": "3", "visit_sync_days": "7", "visit_residents": "300",
        "version": str(rule.version),
    }  # fmt: skip
    saved = browser.post(PAGE, data=data, follow_redirects=True)
    assert "规则已保存" in saved.text
    assert "医生名片的有效期（天）：90 → 60" in saved.text
    stale = browser.post(PAGE, data=data | {"card_days": "50"})
    assert (stale.status_code, "刚被别人修改过" in stale.text) == (409, True)
    wrong = browser.post(PAGE, data=data | {"card_days": "0"})
    assert wrong.status_code == 422
    session.expire_all()
    rule = session.scalars(select(WayRule)).one()
    assert (rule.card_days, rule.checks_per_day, rule.estimate) == (60, 0, False)


def test_only_the_regions_administrators_may(
    client: FlaskClient, bearer: Bearer, session: Session, administrator: UUID
) -> None:
    county = make_account(session, name="县", roles={Role.ADMINISTRATOR: [COUNTY]})
    session.commit()
    assert client.get(API, headers=bearer(county.id)).status_code == 403
    read = client.get(API, headers=bearer(administrator)).json
    assert read
    body = {name: value for name, value in read.items() if name != "id"} | {"share_days": 20}
    assert client.put(API, json=body, headers=bearer(county.id)).status_code == 403
    changed = client.put(API, json=body, headers=bearer(administrator)).json
    assert changed
    assert (changed["share_days"], changed["version"]) == (20, read["version"] + 1)
    kept = client.get(f"{API}/history", headers=bearer(administrator)).json
    assert kept
    assert kept["items"][0]["changes"]["share_days"] == [30, 20]

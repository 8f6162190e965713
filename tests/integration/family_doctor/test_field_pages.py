"""The pages of village signing: prepared, authorised and settled there; the tablet's own page."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core import clock
from portal.factory import ROOT
from tests.factories.family_doctor import make_contract
from tests.factories.field import DEVICE, Tablet
from tests.factories.residents import make_person
from tests.integration.family_doctor.ways import Crew, team

__all__ = ["team"]
AT = "/family-doctor/visits"
TABLET = "/family-doctor/tablet"
MOST_STATEMENTS = 8


class Going:
    """A visit that the leader prepared and authorised, and the leader's browser."""

    def __init__(self, session: Session, browser: FlaskClient, team: Crew) -> None:
        people = [make_person(session, name=name) for name in ("村民甲", "村民乙")]
        make_contract(session, people[1], team[0])
        session.commit()
        self.browser = browser
        wish = {"team_id": str(team[0].id), "village_code": f"{team[0].division_code}201"}
        made = browser.post(AT, data=wish)
        assert made.status_code == 303, made.text
        self.page = made.headers["Location"]
        self.number = self.page.rsplit("/", 1)[1]
        assert browser.post(f"{self.page}/authorise").status_code == 302

    def ask(self, path: str, **body: object) -> Any:
        return self.browser.post(f"{TABLET}/{self.number}/{path}", json=body)


@pytest.fixture
def going(session: Session, team: Crew, signed_in: Callable[[UUID], FlaskClient]) -> Going:
    return Going(session, signed_in(team[1]), team)


def test_a_visit_goes_through_its_pages(
    session: Session, going: Going, count_statements: Callable[[], AbstractContextManager[Any]]
) -> None:
    tablet = Tablet(going.ask("load", device=DEVICE).json)
    assert [each["signed"] for each in tablet.package["residents"]] == [False, True]
    person = make_person(session, name="村民丁")
    session.commit()
    entry = tablet.sign(person)
    answer = going.ask("entries", device=DEVICE, entries=[entry]).json
    assert answer["items"][0]["outcome"] == "identity_mismatch"
    path, browser = f"{going.page}/entries/{entry['id']}", going.browser
    assert browser.post(path, data={"note": ""}).status_code == 422
    for page, found in ((going.page, "Identity does not match"), (AT, "On the tablet")):
        with count_statements() as counter:
            shown = browser.get(f"{page}?lang=en").text
        assert found in shown
        own = [each for each in counter.statements if "notifications_message" not in each]
        assert len(own) <= MOST_STATEMENTS, (page, own)
    assert browser.post(path, data={"note": "到现场重签了"}).status_code == 303
    assert "到现场重签了" in browser.get(going.page).text


def test_the_tablet_is_answered_in_json(going: Going) -> None:
    assert going.browser.get(f"{TABLET}/session").json
    unreadable = going.ask("load", device="short")
    assert (unreadable.status_code, unreadable.json["code"]) == (422, "unreadable")
    unknown = going.browser.post(f"{TABLET}/{uuid4()}/load", json={"device": DEVICE})
    assert unknown.status_code == 404
    assert going.browser.post(f"{going.page}/cancel").status_code == 302
    assert going.ask("load", device=DEVICE).json["code"] == "visit_over"


def test_who_must_prove_themself_again_is_told_where(going: Going) -> None:
    tablet = Tablet(going.ask("load", device=DEVICE).json)
    with clock.shifted(timedelta(hours=13)):
        answer = going.ask("close", device=DEVICE, entries=0, hash=tablet.last_hash)
    assert answer.status_code in (302, 401)
    assert answer.status_code == 302 or "step-up" in answer.json["url"]


def test_the_worker_keeps_all_that_the_page_needs(going: Going) -> None:
    page = going.browser.get(f"{TABLET}/").text
    worker = going.browser.get(f"{TABLET}/worker.js")
    needed = set(re.findall(r'"(/static/[^"#]+)[#"]', page))
    kept = set(re.findall(r'"(/static/[^"]+)"', worker.text))
    assert needed <= kept
    assert f'"{TABLET}/"' in worker.text
    assert all((ROOT / each[1:]).exists() for each in kept)
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    # The page is kept where anybody may see it.
    assert "csrf" not in page

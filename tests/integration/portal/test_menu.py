"""The side bar of an administrator: each entry leads to its own page, which lights it."""

import re
from collections.abc import Callable
from html import unescape
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core.access import Role
from portal.factory import load_rooms
from portal.web.menu import present
from tests.factories.auth import make_account
from tests.factories.directory import COUNTY, make_institution

ZERO = UUID(int=0)
BAR = re.compile(r'<ul class="side-nav">(.*?)</nav>', re.S)
LINK = re.compile(r'<a href="([^"]+)"( aria-current="page")?>')
HEADING = re.compile(r"<h1>(.*?)</h1>", re.S)
TITLE = re.compile(r"<title>(.*?) · [^·]*</title>", re.S)


@pytest.mark.parametrize("reach", ["county", "institution"])
def test_each_entry_opens_and_is_lit(
    session: Session, signed_in: Callable[[UUID], FlaskClient], reach: str
) -> None:
    institution = make_institution(session, bookable=False)
    unit = str(institution.id) if reach == "institution" else COUNTY
    browser = signed_in(make_account(session, roles={Role.ADMINISTRATOR: [unit]}).id)
    links = [link for link, _ in LINK.findall(_bar(browser.get("/admin/").text))]
    assert len(links) > 20
    for link in links:
        answer = browser.get(link)
        assert answer.status_code in (200, 404), f"refused: {link}"
        if answer.status_code == 404:
            continue  # of a thing that this region has none of
        assert [each for each, lit in LINK.findall(_bar(answer.text)) if lit] == [link]
        assert _words(TITLE, answer.text) == _words(HEADING, answer.text), link
        opened = '<details class="side-group" name="side-group" open>' in answer.text
        assert opened == (link not in _unfolded(answer.text)), link


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        (f"/family-doctor/panel/{ZERO}/medicines", "family_doctor.panel"),
        (f"/family-doctor/contracts/{ZERO}/agreement", "family_doctor.panel"),
        ("/family-doctor/signature", "family_doctor.applications"),
        (f"/family-doctor/disputes/{ZERO}", "family_doctor_disputes.of_team"),
        ("/service-records/new", "service_records.index"),
        (f"/residents/people/{ZERO}/labels", "residents_identifiers.find"),
        ("/auth/security", None),
    ],
)
def test_a_page_lights_what_it_lies_below(app: APIFlask, path: str, endpoint: str | None) -> None:
    leaders = [
        item for room in load_rooms() for item in room.navigation if Role.LEADER in item.roles
    ]
    with app.test_request_context(path):
        found = present(leaders)
    assert (found and found.endpoint) == endpoint


def _bar(page: str) -> str:
    found = BAR.search(page)
    assert found, "a page of the staff has a bar"
    return found[1]


def _unfolded(page: str) -> list[str]:
    """The entries outside any group that folds."""
    bar = re.sub(r"<details.*?</details>", "", _bar(page), flags=re.S)
    return [link for link, _ in LINK.findall(bar)]


def _words(what: re.Pattern[str], page: str) -> str:
    return unescape(re.sub("<[^>]+>", "", what.findall(page)[0])).strip()

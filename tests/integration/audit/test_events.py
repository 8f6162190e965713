"""Who sees which events: auditors within their units, residents what concerns themselves."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.queries.events import get_event, search_events
from audit.schemas import EventSearch
from audit.services.log import seal
from core.access import Role
from core.errors import Denied
from core.models import AuditEvent
from tests.factories.audit import Copies, note_event
from tests.factories.auth import make_account
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
    make_staff,
    make_team,
)
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.residents import make_resident

Headers = dict[str, str]
Bearer = Callable[[UUID], Headers]
SignedIn = Callable[[UUID], FlaskClient]


class World:
    """A county with a team and a resident, another with the same, and an auditor each."""

    def __init__(self, session: Session) -> None:
        self.team, self.leader, self.nurse = make_team(session)
        other = make_institution(session, division_code=OTHER_TOWNSHIP, type_code="C220")
        self.other_team, self.other_leader, _ = make_team(session, other)
        self.account, self.person = make_resident(session, name="陈小满", division_code=TOWNSHIP)
        self.others_account, self.other = make_resident(
            session, name="林大山", division_code=OTHER_TOWNSHIP
        )
        self.auditors = {
            unit: make_account(session, name="审计员", roles={Role.AUDITOR: [unit]}).id
            for unit in (CITY, COUNTY, OTHER_COUNTY, TOWNSHIP, str(other.id))
        }
        session.commit()
        note_event(account_id=self.leader, person_id=self.person.id, resource_id="here")
        note_event(account_id=self.other_leader, person_id=self.other.id, resource_id="there")
        note_event(account_id=self.other_leader, person_id=self.person.id, resource_id="across")
        note_event(account_id=self.leader, action="auth:sign-in", resource_id="sign-in")
        note_event(action="auth:sign-in", resource_id="nobody")
        self.institution = str(other.id)


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def seen(session: Session, auditor: UUID) -> set[str]:
    """What the auditor's search shows of the world's events."""
    found = search_events(session, actor_of(session, auditor), EventSearch(limit=100))
    return {event.resource_id for event in found.items}


def test_auditors_see_what_lies_within_their_units(session: Session, world: World) -> None:
    everything = {"here", "there", "across", "sign-in", "nobody"}
    assert seen(session, world.auditors[CITY]) >= everything
    assert seen(session, world.auditors[COUNTY]) == {"here", "across", "sign-in"}
    assert seen(session, world.auditors[TOWNSHIP]) == {"here", "across", "sign-in"}
    assert seen(session, world.auditors[OTHER_COUNTY]) == {"there", "across"}
    assert seen(session, world.auditors[world.institution]) == {"there", "across"}


def test_what_is_listed_is_what_the_policy_lets_be_read(session: Session, world: World) -> None:
    events = {row.id: row.resource_id for row in session.scalars(select(AuditEvent))}
    for auditor in world.auditors.values():
        actor = actor_of(session, auditor)
        listed = {each.id for each in search_events(session, actor, EventSearch(limit=100)).items}
        for event_id in events:
            try:
                get_event(session, actor, event_id)
            except Denied:
                assert event_id not in listed, events[event_id]
            else:
                assert event_id in listed, events[event_id]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("person=陈小", {"here", "across"}),
        ("person_id={person}", {"here", "across"}),
        ("account_id={leader}", {"here", "sign-in"}),
        ("account=leader&person_id={person}", {"here", "across"}),
        ("action=auth:sign-in&account_id={leader}", {"sign-in"}),
        ("outcome=denied", set()),
        ("since=2100-01-01", set()),
        ("until=2001-01-01", set()),
    ],
)
def test_events_are_found_by_what_they_say(
    client: FlaskClient, bearer: Bearer, world: World, query: str, expected: set[str]
) -> None:
    filled = query.format(person=world.person.id, leader=world.leader)
    headers = bearer(world.auditors[CITY])
    answer = client.get(f"/api/v1/audit/events?limit=100&{filled}", headers=headers)
    assert answer.status_code == 200
    assert {item["resource_id"] for item in answer.get_json()["items"]} == expected


def test_a_list_goes_on_where_it_stopped(client: FlaskClient, bearer: Bearer, world: World) -> None:
    headers, found, cursor = bearer(world.auditors[OTHER_COUNTY]), [], ""
    for _ in range(2):
        address = f"/api/v1/audit/events?limit=1{cursor}"
        answer = client.get(address, headers=headers).get_json()
        found += [item["resource_id"] for item in answer["items"]]
        cursor = f"&cursor={answer['next_cursor']}"
    assert found == ["across", "there"]


def test_an_event_shows_its_place_in_the_log(
    client: FlaskClient, bearer: Bearer, session: Session, world: World
) -> None:
    event = session.scalars(select(AuditEvent).where(AuditEvent.resource_id == "here")).one()
    session.commit()
    headers = bearer(world.auditors[CITY])
    before = client.get(f"/api/v1/audit/events/{event.id}", headers=headers).get_json()
    assert (before["leaf"], before["head"]) == (None, None)
    seal(Copies(), batch=1)
    shown = client.get(f"/api/v1/audit/events/{event.id}", headers=headers).get_json()
    assert (shown["leaf"], shown["head"]) == (0, 1)
    assert shown["person"]["name"] == "陈**"
    assert shown["who"]["roles"][0]["unit"] == str(world.team.id)
    head = client.get("/api/v1/audit/head").get_json()
    assert head["size"] >= 5
    assert "BEGIN PUBLIC KEY" in head["public_keys"]


def test_the_auditors_own_looking_is_audited(session: Session, world: World) -> None:
    auditor = world.auditors[CITY]
    actor = actor_of(session, auditor)
    event = session.scalars(select(AuditEvent).where(AuditEvent.resource_id == "here")).one()
    search_events(session, actor, EventSearch(person_id=world.person.id))
    get_event(session, actor, event.id)
    pending = [row for key in session.info for row in session.info[key]]
    assert [(row["action"], row["person_id"]) for row in pending] == [
        ("audit:search-events", world.person.id),
        ("audit:read-event", world.person.id),
    ]


def test_pages_show_the_same_in_words(
    signed_in: SignedIn, session: Session, world: World, count_statements: Callable[[], Any]
) -> None:
    browser = signed_in(world.auditors[CITY])
    assert browser.get("/").location == "/audit/"
    with count_statements() as counted:
        page = browser.get(f"/audit/?person_id={world.person.id}").text
    assert len(counted) <= 8
    assert "查看居民的基本资料" in page
    assert "陈**" in page
    assert "陈小满" not in page
    event = session.scalars(select(AuditEvent).where(AuditEvent.resource_id == "here")).one()
    with count_statements() as counted:
        page = browser.get(f"/audit/events/{event.id}").text
    assert len(counted) <= 8
    assert "签约团队可以查看所签约居民的基本资料" in page
    assert "等待封存" in page


def test_who_is_no_auditor_is_refused(
    client: FlaskClient, bearer: Bearer, signed_in: SignedIn, world: World
) -> None:
    for account in (world.leader, world.account.id):
        assert client.get("/api/v1/audit/events", headers=bearer(account)).status_code == 403
        assert signed_in(account).get("/audit/").status_code == 403


def test_residents_see_who_looked_at_their_data(
    client: FlaskClient, bearer: Bearer, world: World
) -> None:
    own = bearer(world.account.id)
    items = client.get("/api/v1/audit/mine", headers=own).get_json()["items"]
    assert {item["who"]["id"] for item in items} == {str(world.leader), str(world.other_leader)}
    assert all(item["who"]["name"] == "leader" and not item["own"] for item in items)
    assert {item["manner"] for item in items} == {"looked"}
    mine = client.get("/api/v1/audit/mine?whose=own", headers=own).get_json()["items"]
    assert {item["action"] for item in mine} == {"audit:read-own-events"}
    everything = client.get("/api/v1/audit/mine?whose=all", headers=own).get_json()["items"]
    assert len(everything) > len(items)


def test_other_residents_are_shown_masked(
    client: FlaskClient, bearer: Bearer, world: World
) -> None:
    note_event(account_id=world.others_account.id, person_id=world.person.id, outcome="denied")
    items = client.get("/api/v1/audit/mine", headers=bearer(world.account.id)).get_json()["items"]
    assert (items[0]["who"]["name"], items[0]["outcome"]) == ("林**", "denied")


def test_ones_own_page_groups_a_day(
    signed_in: SignedIn, world: World, count_statements: Callable[[], Any]
) -> None:
    for _ in range(3):
        note_event(account_id=world.leader, person_id=world.person.id)
    browser = signed_in(world.account.id)
    with count_statements() as counted:
        page = browser.get("/audit/mine/").text
    assert len(counted) <= 8
    assert "共 4 次" in page
    assert f"{world.team.id} 团队长" in page
    assert "/audit/mine/" in browser.get("/me/").text


def test_the_opening_of_a_form_is_not_told_as_its_deed(
    signed_in: SignedIn, world: World, session: Session
) -> None:
    contract = make_contract(session, world.person, world.team)
    session.commit()
    browser, action = signed_in(world.account.id), "family_doctor:terminate"
    browser.get(f"/family-doctor/contracts/{contract.id}/leave")
    opened = session.scalars(select(AuditEvent).where(AuditEvent.action == action)).one()
    assert "只打开了页面" in browser.get(f"/audit/mine/{opened.id}").text
    note_event(account_id=world.account.id, person_id=world.person.id, action=action)
    listed = browser.get("/audit/mine/?whose=own").text
    assert ("· 只打开了页面" in listed, "· 办了" in listed) == (True, True)


def test_before_the_real_name_check_there_is_nothing_to_see(
    signed_in: SignedIn, session: Session
) -> None:
    account = make_account(session, phone="12000000123")
    session.commit()
    page = signed_in(account.id).get("/audit/mine/")
    assert page.status_code == 200
    assert "还没有实名认证" in page.text


def test_staff_without_a_role_keep_their_name(
    client: FlaskClient, bearer: Bearer, session: Session, world: World
) -> None:
    account = make_account(session, name="前同事")
    make_staff(session, make_institution(session), account_id=account.id)
    session.commit()
    note_event(account_id=account.id, person_id=world.person.id)
    items = client.get("/api/v1/audit/mine", headers=bearer(world.account.id)).get_json()["items"]
    assert items[0]["who"]["name"] == "前同事"


def test_an_event_is_handed_out_as_fhir(
    client: FlaskClient, bearer: Bearer, session: Session, world: World
) -> None:
    event = session.scalars(select(AuditEvent).where(AuditEvent.resource_id == "here")).one()
    headers = bearer(world.auditors[CITY])
    answer = client.get(f"/api/v1/audit/events/{event.id}/fhir", headers=headers)
    assert answer.mimetype == "application/fhir+json"
    assert answer.json is not None or answer.get_json(force=True)["resourceType"] == "AuditEvent"
    bundle = client.get("/api/v1/audit/events/fhir?limit=2", headers=headers).get_json(force=True)
    assert (bundle["resourceType"], bundle["type"], len(bundle["entry"])) == (
        "Bundle",
        "searchset",
        2,
    )
    assert [link["relation"] for link in bundle["link"]] == ["self", "next"]

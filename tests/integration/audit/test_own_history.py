"""One's own page: with the records that were merged into one's own, and for whom one acts."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.models import Question
from auth.services.accounts import grant_role
from core.access import Role
from core.models import AuditEvent
from notifications.models import Message
from residents.schemas import Keeping, MergePair, Scope
from residents.services.merging import merge_pair
from tests.factories.audit import note_event
from tests.factories.auth import make_account
from tests.factories.directory import CITY
from tests.factories.residents import make_consent, make_duplicate, make_person, make_resident
from tests.integration.audit.test_events import World
from tests.integration.residents.test_merging import staff

Bearer = Callable[[UUID], dict[str, str]]
SignedIn = Callable[[UUID], FlaskClient]


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def test_a_merge_takes_the_history_along(
    client: FlaskClient, bearer: Bearer, signed_in: SignedIn, session: Session
) -> None:
    actor = staff(session)
    kept, former = make_person(session, name="覃大文"), make_person(session, name="谭大文")
    pair = make_duplicate(session, kept, former)
    account = make_account(session, name="谭大文", person_id=former.id)
    doctor = make_account(session, name="张医生").id
    auditor = make_account(session, roles={Role.AUDITOR: [CITY]}).id
    session.commit()
    note_event(account_id=doctor, person_id=former.id)
    own = bearer(account.id)
    event = client.get("/api/v1/audit/mine", headers=own).get_json()["items"][0]["id"]
    address = f"/api/v1/audit/mine/{event}/question"
    asked = client.post(address, headers=own, json={"reason": "谁看了我的信息"}).get_json()
    merge_pair(session, actor, pair.id, MergePair(keep=Keeping.FIRST))
    session.commit()
    note_event(account_id=doctor, person_id=kept.id)
    items = client.get("/api/v1/audit/mine", headers=own).get_json()["items"]
    looked = [item for item in items if item["who"]["id"] == str(doctor)]
    assert [item["question"] for item in looked] == [None, "open"]
    assert client.get(address, headers=own).get_json() == asked
    assert signed_in(account.id).get(f"/audit/mine/{event}").status_code == 200
    again = client.post(address, headers=own, json={"reason": "再问一次，谁看了"}).get_json()
    assert again == asked
    for record in (kept, former):
        search = f"/api/v1/audit/events?action=residents:read-person&person_id={record.id}"
        found = client.get(search, headers=bearer(auditor)).get_json()["items"]
        assert len(found) == 2
    by_name = "/api/v1/audit/events?action=residents:read-person&person=覃大文"
    assert len(client.get(by_name, headers=bearer(auditor)).get_json()["items"]) == 2


def test_a_merge_opens_nothing_to_others(
    client: FlaskClient, bearer: Bearer, session: Session, world: World
) -> None:
    event = session.scalars(select(AuditEvent).where(AuditEvent.resource_id == "there")).one()
    session.commit()
    address = f"/api/v1/audit/mine/{event.id}/question"
    assert client.get(address, headers=bearer(world.account.id)).status_code == 403
    listed = f"/api/v1/audit/mine?person_id={world.other.id}"
    assert client.get(listed, headers=bearer(world.account.id)).status_code == 403


class Family:
    """A parent, their child, and a doctor who looked at the child's data."""

    def __init__(self, session: Session) -> None:
        self.account, self.parent = make_resident(session, name="陈父")
        self.child = make_person(session, name="陈小宝", birth_date=date(2020, 5, 1))
        self.child.household_id = self.parent.household_id
        self.doctor = make_account(session, name="张医生").id
        self.auditor = make_account(session, roles={Role.AUDITOR: [CITY]}).id
        session.commit()
        note_event(account_id=self.doctor, person_id=self.child.id)
        seen = select(AuditEvent.id).where(AuditEvent.person_id == self.child.id)
        self.event = session.scalars(seen).one()
        session.commit()


def test_a_parent_sees_who_looked_at_their_child(
    client: FlaskClient, bearer: Bearer, signed_in: SignedIn, session: Session
) -> None:
    family = Family(session)
    browser = signed_in(family.account.id)
    assert f"/audit/mine/?person_id={family.child.id}" in browser.get("/me/family").text
    page = browser.get(f"/audit/mine/?person_id={family.child.id}").text
    assert ("谁看过陈小宝的信息" in page, "张医生" in page) == (True, True)
    listed = client.get(
        f"/api/v1/audit/mine?whose=all&person_id={family.child.id}",
        headers=bearer(family.account.id),
    ).get_json()["items"]
    assert [item["who"]["id"] for item in listed] == [str(family.account.id), str(family.doctor)]
    own = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "audit:read-own-events").limit(1)
    ).one()
    assert (own.person_id, own.acting_for) == (family.child.id, family.child.id)


def test_a_parent_asks_for_their_child_and_hears_the_answer(
    client: FlaskClient, bearer: Bearer, signed_in: SignedIn, session: Session
) -> None:
    family = Family(session)
    browser = signed_in(family.account.id)
    asked = browser.post(f"/audit/mine/{family.event}", data={"reason": "为什么看孩子的信息？"})
    assert asked.status_code == 302
    question = session.scalars(select(Question)).one()
    assert question.person_id == family.child.id
    session.commit()
    client.post(
        f"/api/v1/audit/questions/{question.id}/answer",
        json={"answer": "为预防接种查看。"},
        headers=bearer(family.auditor),
    )
    told = session.scalars(select(Message.person_id)).all()
    assert set(told) == {family.child.id, family.parent.id}
    page = browser.get(f"/audit/mine/{family.event}").text
    assert ("为预防接种查看。" in page, "谁看过陈小宝的信息" in page) == (True, True)


def test_a_parent_does_not_answer_for_the_auditor(
    client: FlaskClient, bearer: Bearer, session: Session
) -> None:
    family = Family(session)
    grant_role(session, family.account.id, Role.AUDITOR, CITY, "")
    session.commit()
    headers = bearer(family.account.id)
    client.post(
        f"/api/v1/audit/mine/{family.event}/question",
        json={"reason": "为什么看孩子的信息？"},
        headers=headers,
    )
    question = session.scalars(select(Question.id)).one()
    session.commit()
    answer = client.post(
        f"/api/v1/audit/questions/{question}/answer",
        json={"answer": "没有不当之处。"},
        headers=headers,
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(("scope", "status"), [(Scope.SEE_RECORDS, 200), (Scope.BOOK, 403)])
def test_who_acts_by_consent_sees_it_where_they_may_see_the_records(
    client: FlaskClient, bearer: Bearer, session: Session, world: World, scope: Scope, status: int
) -> None:
    make_consent(session, world.person, world.other, scopes=[scope])
    session.commit()
    address = f"/api/v1/audit/mine?person_id={world.person.id}"
    answer = client.get(address, headers=bearer(world.others_account.id))
    assert answer.status_code == status

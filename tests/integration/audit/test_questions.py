"""A resident asks about an access, an auditor answers once, and the resident hears of it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auth.services.accounts import grant_role
from core.access import Role
from core.models import AuditEvent
from notifications.models import Message
from tests.factories.audit import note_event
from tests.factories.auth import make_account
from tests.factories.directory import CITY, OTHER_COUNTY, make_team
from tests.factories.residents import make_resident

Bearer = Callable[[UUID], dict[str, str]]
SignedIn = Callable[[UUID], FlaskClient]
REASON = "我不认识这个人，为什么看我的信息？"
ANSWER = "是您签约团队的护士，为预约随访查看。"


class Case:
    """A nurse looked at a resident's data; there is an auditor for each."""

    def __init__(self, session: Session) -> None:
        self.team, self.leader, self.nurse = make_team(session)
        self.account, self.person = make_resident(session, name="陈小满")
        self.stranger, _ = make_resident(session)
        self.auditor = make_account(session, roles={Role.AUDITOR: [CITY]}).id
        self.elsewhere = make_account(session, roles={Role.AUDITOR: [OTHER_COUNTY]}).id
        session.commit()
        note_event(account_id=self.nurse, person_id=self.person.id)
        query = select(AuditEvent.id).where(AuditEvent.account_id == self.nurse)
        self.event = session.scalars(query).one()


@pytest.fixture
def case(session: Session) -> Case:
    return Case(session)


@pytest.fixture
def ask(client: FlaskClient, bearer: Bearer, case: Case) -> Callable[..., Any]:
    """A function: let an account ask about the nurse's access, over the API."""

    def asking(account_id: UUID | None = None, reason: str = REASON) -> Any:
        return client.post(
            f"/api/v1/audit/mine/{case.event}/question",
            json={"reason": reason},
            headers=bearer(account_id or case.account.id),
        )

    return asking


def answered(client: FlaskClient, headers: dict[str, str], question: str, **more: object) -> Any:
    body = {"answer": ANSWER, **more}
    return client.post(f"/api/v1/audit/questions/{question}/answer", json=body, headers=headers)


def test_a_question_is_asked_once(ask: Callable[..., Any], case: Case) -> None:
    first = ask()
    assert (first.status_code, first.get_json()["state"]) == (201, "open")
    again = ask(reason="再问一次，还是不明白")
    assert again.get_json() == first.get_json()


def test_only_whom_it_concerns_may_ask(ask: Callable[..., Any], case: Case) -> None:
    assert ask(case.stranger.id).status_code == 403
    assert ask(case.nurse).status_code == 403


def test_ones_own_acts_are_no_question(
    client: FlaskClient, bearer: Bearer, session: Session, case: Case
) -> None:
    note_event(account_id=case.account.id, person_id=case.person.id)
    query = select(AuditEvent.id).where(
        AuditEvent.account_id == case.account.id, AuditEvent.resource_type == "Person"
    )
    own = session.scalars(query).first()
    answer = client.post(
        f"/api/v1/audit/mine/{own}/question",
        json={"reason": REASON},
        headers=bearer(case.account.id),
    )
    assert (answer.status_code, answer.get_json()["code"]) == (422, "own_access")


@pytest.mark.parametrize(("improper", "state"), [(False, "answered"), (True, "improper")])
def test_an_answer_reaches_the_resident(
    client: FlaskClient,
    bearer: Bearer,
    session: Session,
    ask: Callable[..., Any],
    case: Case,
    improper: bool,
    state: str,
) -> None:
    question = ask().get_json()["id"]
    auditor = bearer(case.auditor)
    (entry,) = client.get("/api/v1/audit/questions", headers=auditor).get_json()["items"]
    assert (entry["id"], entry["person"]["name"]) == (question, "陈**")
    assert answered(client, auditor, question, improper=improper).status_code == 200
    own = client.get(
        f"/api/v1/audit/mine/{case.event}/question", headers=bearer(case.account.id)
    ).get_json()
    assert (own["state"], own["answer"]) == (state, ANSWER)
    message = session.scalars(select(Message).where(Message.person_id == case.person.id)).one()
    assert message.link == f"/audit/mine/{case.event}"
    twice = answered(client, auditor, question)
    assert (twice.status_code, twice.get_json()["code"]) == (409, "already_answered")


def test_auditors_of_other_units_see_nothing_of_it(
    client: FlaskClient, bearer: Bearer, ask: Callable[..., Any], case: Case
) -> None:
    question = ask().get_json()["id"]
    elsewhere = bearer(case.elsewhere)
    assert client.get("/api/v1/audit/questions", headers=elsewhere).get_json()["items"] == []
    address = f"/api/v1/audit/questions/{question}"
    assert client.get(address, headers=elsewhere).status_code == 403
    assert answered(client, elsewhere, question).status_code == 403


def test_nobody_judges_in_their_own_cause(
    client: FlaskClient, bearer: Bearer, session: Session, ask: Callable[..., Any], case: Case
) -> None:
    for account in (case.nurse, case.account.id):
        grant_role(session, account, Role.AUDITOR, CITY, "")
    session.commit()
    question = ask().get_json()["id"]
    for account in (case.nurse, case.account.id):
        assert answered(client, bearer(account), question).status_code == 403
    assert answered(client, bearer(case.auditor), question).status_code == 200


def test_words_about_people_are_sealed_at_rest(
    client: FlaskClient, bearer: Bearer, session: Session, ask: Callable[..., Any], case: Case
) -> None:
    answered(client, bearer(case.auditor), ask().get_json()["id"])
    stored = session.execute(text("SELECT reason, answer FROM audit_question")).one()
    assert REASON.encode() not in bytes(stored.reason)
    assert ANSWER.encode() not in bytes(stored.answer)


def test_the_pages_lead_through_a_case(
    signed_in: SignedIn, case: Case, count_statements: Callable[[], Any]
) -> None:
    resident, auditor = signed_in(case.account.id), signed_in(case.auditor)
    address = f"/audit/mine/{case.event}"
    assert "请审计员查一查" in resident.get(address).text
    assert resident.post(address, data={"reason": "？"}).status_code == 422
    assert resident.post(address, data={"reason": REASON}).location == address
    assert "待答复" in resident.get(address).text
    with count_statements() as counted:
        page = auditor.get("/audit/questions").text
    assert len(counted) <= 8
    question = page.split("/audit/questions/")[1].split('"')[0]
    with count_statements() as counted:
        assert REASON in auditor.get(f"/audit/questions/{question}").text
    assert len(counted) <= 8
    assert auditor.post(f"/audit/questions/{question}", data={"answer": ""}).status_code == 422
    done = auditor.post(f"/audit/questions/{question}", data={"answer": ANSWER})
    assert done.location == "/audit/questions"
    late = auditor.post(f"/audit/questions/{question}", data={"answer": ANSWER})
    assert late.status_code == 409
    assert ANSWER in resident.get(address).text
    assert "已答复" in resident.get("/audit/mine/").text

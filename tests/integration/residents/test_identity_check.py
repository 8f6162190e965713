"""The real-name check: who is joined to whom, and what is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from auth.models import Account
from core.database import transaction
from residents.models import Person
from residents.ports import IdentityVerifier, Verdict
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import TOWNSHIP, make_divisions
from tests.factories.residents import make_id_number, make_person, make_resident, number_of


@pytest.fixture(autouse=True)
def verdict(monkeypatch: pytest.MonkeyPatch) -> list[Verdict]:
    """What the identity service answers next; change the first element."""
    answers = [Verdict.MATCH]
    monkeypatch.setattr(IdentityVerifier, "verify", lambda self, name, number: answers[0])
    return answers


@pytest.fixture
def newcomer(session: Session) -> Account:
    """An account that has only proved its phone."""
    make_divisions(session)
    return make_account(session, phone=make_phone())


def submit(
    client: FlaskClient, headers: dict[str, str], number: str, name: str = "示例居民"
) -> tuple[int, str]:
    body = {"name": name, "id_number": number, "division_code": TOWNSHIP}
    answer = client.post("/api/v1/residents/me/verification", json=body, headers=headers)
    return answer.status_code, (answer.json or {}).get("code", "")


def test_an_unknown_person_is_registered_with_the_number_encrypted(
    client: FlaskClient,
    session: Session,
    newcomer: Account,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    number = make_id_number()
    assert submit(client, bearer(newcomer.id), number)[0] == 201
    person = session.scalars(select(Person)).one()
    assert person.id_number == number
    raw = (
        session.connection().exec_driver_sql("SELECT id_number FROM residents_person").scalar_one()
    )
    assert number.encode() not in bytes(raw)
    mine = client.get("/api/v1/residents/me", headers=bearer(newcomer.id)).json
    assert mine and number not in str(mine)


def test_a_known_person_is_joined_by_their_phone(
    client: FlaskClient, session: Session, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    phone = make_phone()
    person = make_person(session, phone=phone)
    account = make_account(session, phone=phone)
    assert submit(client, bearer(account.id), number_of(person))[0] == 201
    session.refresh(account)
    assert account.person_id == person.id


def test_knowing_a_name_and_number_is_not_being_that_person(
    client: FlaskClient,
    session: Session,
    newcomer: Account,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    person = make_person(session, phone=make_phone())
    assert submit(client, bearer(newcomer.id), number_of(person)) == (409, "phone_differs")


def test_a_mismatch_is_said_at_the_field(
    client: FlaskClient,
    newcomer: Account,
    bearer: Callable[[UUID], dict[str, str]],
    verdict: list[Verdict],
) -> None:
    verdict[0] = Verdict.MISMATCH
    assert submit(client, bearer(newcomer.id), make_id_number()) == (422, "identity_mismatch")


@pytest.mark.parametrize(
    "number", ["990102198005170019X"[:18], "99010219801332001X", "99010219800517ABCD"]
)
def test_a_number_that_cannot_be_is_refused(
    client: FlaskClient, newcomer: Account, bearer: Callable[[UUID], dict[str, str]], number: str
) -> None:
    assert submit(client, bearer(newcomer.id), number) == (422, "bad_id_number")


def test_a_verified_account_cannot_become_another(
    client: FlaskClient, session: Session, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    account, _ = make_resident(session)
    assert submit(client, bearer(account.id), make_id_number())[0] == 403


def test_the_page_keeps_what_was_typed(
    session: Session, newcomer: Account, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    browser = signed_in(newcomer.id)
    page = browser.post("/me/verify", data={"name": "黄示例", "id_number": "123"})
    assert page.status_code == 422
    assert 'value="黄示例"' in page.text


def test_of_two_who_register_one_number_at_once_one_is_refused(
    app: APIFlask, committed_database: Engine, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    number = make_id_number()
    with transaction() as work:
        make_divisions(work)
        accounts = [make_account(work, phone=make_phone()).id for _ in range(2)]
    callers = [bearer(account) for account in accounts]
    with ThreadPoolExecutor(2) as pool:
        given = list(pool.map(lambda each: submit(app.test_client(), each, number), callers))
    assert sorted(given) == [(201, ""), (409, "phone_differs")]

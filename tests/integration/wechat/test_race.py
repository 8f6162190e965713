"""Two at once: of tickets, binds and token refreshes one wins, and nothing answers 5xx."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from apiflask import APIFlask
from sqlalchemy import Engine, select

from auth.models import WeChatIdentity
from core.database import transaction
from tests.factories.auth import make_account, make_phone
from tests.factories.wechat import MINI_PROGRAM, Standin, client_for
from tests.integration.wechat.test_mini_program import bind_phone, ticket_of
from wechat.models import AccessToken

AT_ONCE = 8
T = TypeVar("T")


def at_once(work: list[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(lambda do: do(), work))


def test_a_ticket_is_used_once(committed_database: Engine, app: APIFlask, standin: Standin) -> None:
    ticket = ticket_of(app.test_client(), standin)
    codes = [standin.codes()[1] for _ in range(AT_ONCE)]
    answers = at_once(
        [
            lambda code=code: bind_phone(app.test_client(), ticket, code).status_code  # type: ignore[misc]
            for code in codes
        ]
    )
    assert sorted(answers) == [201] + [422] * (AT_ONCE - 1)


def test_one_wechat_goes_to_one_of_two_accounts(
    committed_database: Engine, app: APIFlask, standin: Standin, sent: list[tuple[str, str]]
) -> None:
    """Each with a ticket and a phone of their own."""
    phones = [make_phone() for _ in range(AT_ONCE)]
    bodies = []
    for phone in phones:
        client = app.test_client()
        ticket = ticket_of(client, standin)
        asked = client.post("/api/v1/auth/codes", json={"phone": phone}).get_json()
        bodies.append(
            {"ticket": ticket, "challenge_id": asked["challenge_id"], "code": sent[-1][1]}
        )
    address = "/api/v1/auth/wechat/mini-program/bindings/code"
    answers = at_once(
        [
            lambda body=body: app.test_client().post(address, json=body).status_code  # type: ignore[misc]
            for body in bodies
        ]
    )
    assert sorted(answers) == [201] + [409] * (AT_ONCE - 1)
    with transaction() as session:
        assert len(session.scalars(select(WeChatIdentity)).all()) == 1


def test_both_applications_at_once_join_the_same_account(
    committed_database: Engine, app: APIFlask, standin: Standin
) -> None:
    with transaction() as session:
        make_account(session, phone=make_phone())
    tickets = [ticket_of(app.test_client(), standin) for _ in range(AT_ONCE)]
    codes = [standin.codes()[1] for _ in range(AT_ONCE)]
    answers = at_once(
        [
            lambda pair=pair: bind_phone(app.test_client(), *pair).status_code  # type: ignore[misc]
            for pair in zip(tickets, codes, strict=True)
        ]
    )
    assert answers == [201] * AT_ONCE
    with transaction() as session:
        assert len(session.scalars(select(WeChatIdentity)).all()) == 1


def test_the_access_token_is_fetched_by_one(committed_database: Engine, standin: Standin) -> None:
    clients = [client_for(standin.url) for _ in range(AT_ONCE)]
    for stale in (False, True):
        if stale:
            standin.trouble(expire_tokens=True)
        codes = [standin.codes()[1] for _ in range(AT_ONCE)]
        before = standin.calls().get("stable_token", 0)
        at_once(
            [
                lambda pair=pair: pair[0].phone_number(pair[1])  # type: ignore[misc]
                for pair in zip(clients, codes, strict=True)
            ]
        )
        assert standin.calls()["stable_token"] - before == 1
    with transaction() as session:
        kept = session.scalars(select(AccessToken)).one()
        assert kept.app_id == MINI_PROGRAM[0]
        raw = session.connection().exec_driver_sql("SELECT token FROM wechat_access_token")
        assert kept.token.encode() not in bytes(raw.scalar_one())

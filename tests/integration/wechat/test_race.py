"""Two at once: of tickets, binds and token refreshes one wins, and nothing answers 5xx."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from auth.models import SignInSession, WeChatIdentity
from auth.services.wechat import bind_own
from core.access import Actor
from core.database import transaction
from core.errors import Conflict
from tests.factories.auth import make_account, make_phone
from tests.factories.wechat import MINI_PROGRAM, Standin, client_for
from tests.integration.wechat.test_mini_program import bind_phone, sign_in, ticket_of
from wechat.models import AccessToken
from wechat.schemas import App, WeChatUser

AT_ONCE = 8
T = TypeVar("T")


def at_once(work: Sequence[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(work)) as pool:
        return [done.result() for done in [pool.submit(do) for do in work]]


def status(call: Callable[..., TestResponse], app: APIFlask, *arguments: str, **more: Any) -> int:
    """What a client of its own is answered."""
    return call(app.test_client(), *arguments, **more).status_code


def test_a_ticket_is_used_once(committed_database: Engine, app: APIFlask, standin: Standin) -> None:
    ticket = ticket_of(app.test_client(), standin)
    codes = [standin.codes()[1] for _ in range(AT_ONCE)]
    answers = at_once([partial(status, bind_phone, app, ticket, code) for code in codes])
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
        [partial(status, FlaskClient.post, app, address, json=body) for body in bodies]
    )
    assert sorted(answers) == [201] + [409] * (AT_ONCE - 1)
    with transaction() as session:
        assert len(session.scalars(select(WeChatIdentity)).all()) == 1


def test_the_same_binding_at_once_is_one_binding(
    committed_database: Engine, app: APIFlask, standin: Standin
) -> None:
    tickets = [ticket_of(app.test_client(), standin) for _ in range(AT_ONCE)]
    codes = [standin.codes()[1] for _ in range(AT_ONCE)]
    pairs = zip(tickets, codes, strict=True)
    answers = at_once([partial(status, bind_phone, app, *pair) for pair in pairs])
    assert answers == [201] * AT_ONCE
    with transaction() as session:
        assert len(session.scalars(select(WeChatIdentity)).all()) == 1


def test_one_person_in_two_applications_goes_to_one_of_many_accounts(
    committed_database: Engine,
) -> None:
    """Only the union id tells that they are one person."""
    with transaction() as session:
        actors = [Actor(make_account(session).id) for _ in range(AT_ONCE)]

    def bind(number: int) -> str:
        app = list(App)[number % len(App)]
        user = WeChatUser(app=app, app_id=app, openid=f"o{number}", unionid="u")
        try:
            with transaction() as session:
                bind_own(session, actors[number], user)
        except Conflict as error:
            return error.code
        return "bound"

    answers = at_once([partial(bind, number) for number in range(AT_ONCE)])
    assert sorted(answers) == ["bound"] + ["wechat_taken"] * (AT_ONCE - 1)


def test_no_sign_in_outlives_an_unbinding_at_the_same_moment(
    committed_database: Engine,
    app: APIFlask,
    standin: Standin,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    bound = bind_phone(app.test_client(), ticket_of(app.test_client(), standin), standin.codes()[1])
    headers = bearer(UUID(bound.get_json()["account_id"]))
    with transaction() as session:
        identity_id = session.scalars(select(WeChatIdentity.id)).one()
    address = f"/api/v1/auth/wechat/identities/{identity_id}"
    codes = [standin.codes()[0] for _ in range(AT_ONCE)]
    work = [partial(status, sign_in, app, code) for code in codes]
    work.insert(2, partial(status, FlaskClient.delete, app, address, headers=headers))
    assert sorted(at_once(work)) == [201] * AT_ONCE + [204]
    with transaction() as session:
        live = select(SignInSession).where(SignInSession.ended_at.is_(None))
        assert session.scalars(live).all() == []


def test_the_access_token_is_fetched_by_one(committed_database: Engine, standin: Standin) -> None:
    clients = [client_for(standin.url) for _ in range(AT_ONCE)]
    for stale in (False, True):
        if stale:
            standin.trouble(expire_tokens=True)
        codes = [standin.codes()[1] for _ in range(AT_ONCE)]
        before = standin.calls().get("stable_token", 0)
        pairs = zip(clients, codes, strict=True)
        at_once([partial(client.phone_number, code) for client, code in pairs])
        assert standin.calls()["stable_token"] - before == 1
    with transaction() as session:
        kept = session.scalars(select(AccessToken)).one()
        assert kept.app_id == MINI_PROGRAM[0]
        raw = session.connection().exec_driver_sql("SELECT token FROM wechat_access_token")
        assert kept.token.encode() not in bytes(raw.scalar_one())

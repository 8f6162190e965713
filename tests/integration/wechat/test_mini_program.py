"""The mini-program: codes become tokens, phones are bound, and what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.models import Account, Notice, SignInSession, WeChatIdentity, WeChatTicket
from auth.schemas import NoticeKind
from auth.services.wechat import TRIES_PER_ADDRESS_HOUR
from core import clock
from core.access import Role
from core.models import AuditEvent
from tests.factories.auth import make_account, make_phone
from tests.factories.wechat import FIRST_PHONE, Standin, wechat_standin

BASE = "/api/v1/auth/wechat"


def sign_in(client: FlaskClient, code: str) -> TestResponse:
    return client.post(f"{BASE}/mini-program/sessions", json={"code": code})


def ticket_of(client: FlaskClient, standin: Standin, person: str = "a") -> str:
    """The ticket of somebody whom no account is joined to."""
    answer = sign_in(client, standin.codes(person)[0])
    assert answer.status_code == 201, answer.json
    assert answer.json
    assert answer.json["signed_in"] is None
    return str(answer.json["binding"]["ticket"])


def bind_phone(client: FlaskClient, ticket: str, code: str) -> TestResponse:
    body = {"ticket": ticket, "code": code}
    return client.post(f"{BASE}/mini-program/bindings/phone", json=body)


def bind_code(
    client: FlaskClient, ticket: str, phone: str, sent: list[tuple[str, str]], wrong: int = 0
) -> TestResponse:
    asked = client.post("/api/v1/auth/codes", json={"phone": phone})
    assert asked.json
    code = f"{(int(sent[-1][1]) + wrong) % 1_000_000:06d}"
    body = {"ticket": ticket, "challenge_id": asked.json["challenge_id"], "code": code}
    return client.post(f"{BASE}/mini-program/bindings/code", json=body)


def code_of(answer: TestResponse) -> tuple[int, str]:
    """The status and the stable code of a refusal."""
    assert answer.json
    return answer.status_code, answer.json["code"]


def me(client: FlaskClient, answer: TestResponse) -> dict[str, Any]:
    """Whom the token of an answer belongs to."""
    body = answer.get_json()
    token = (body.get("signed_in") or body)["token"]
    found = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert found.status_code == 200
    return dict(found.get_json())


def test_the_phone_of_wechat_makes_the_account_and_the_next_time_is_direct(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    first = bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    assert first.status_code == 201, first.json
    account = session.scalars(select(Account)).one()
    assert account.phone == FIRST_PHONE
    assert FIRST_PHONE not in account.display_name
    again = sign_in(client, standin.codes()[0])
    assert me(client, again)["account_id"] == str(account.id)
    opened = session.scalars(select(SignInSession).order_by(SignInSession.id)).all()
    assert [row.methods for row in opened] == [["wechat"], ["wechat"]]
    assert {row.assurance for row in opened} == {1}
    actions = session.scalars(select(AuditEvent.action)).all()
    assert actions.count("auth:bind-wechat") == 1


def test_neither_openid_nor_union_id_can_be_read_in_the_database(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    row = session.scalars(select(WeChatIdentity)).one()
    kept = session.connection().exec_driver_sql(
        "SELECT openid::text || openid_index::text || unionid::text FROM auth_wechat_identity"
    )
    assert row.openid.encode().hex() not in str(kept.scalar())
    answer = sign_in(client, standin.codes()[0]).text
    assert "session_key" not in answer
    assert row.openid not in answer


def test_a_phone_with_an_account_joins_that_account(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    known = make_account(session, phone=FIRST_PHONE)
    answer = bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    assert me(client, answer)["account_id"] == str(known.id)


def test_a_code_by_sms_binds_another_phone(
    client: FlaskClient, session: Session, standin: Standin, sent: list[tuple[str, str]]
) -> None:
    ticket, phone = ticket_of(client, standin), make_phone()
    wrong = bind_code(client, ticket, phone, sent, wrong=1)
    assert code_of(wrong) == (422, "wrong_code")
    right = bind_code(client, ticket, phone, sent)
    assert right.status_code == 201
    assert sent[0][0] == phone
    assert session.scalars(select(SignInSession.methods)).one() == ["wechat", "sms"]


def test_a_ticket_works_once_and_for_ten_minutes(
    client: FlaskClient, standin: Standin, sent: list[tuple[str, str]]
) -> None:
    ticket = ticket_of(client, standin)
    with clock.shifted(timedelta(minutes=11)):
        late = bind_phone(client, ticket, standin.codes()[1])
    assert code_of(late) == (422, "wechat_ticket")
    assert bind_phone(client, ticket, standin.codes()[1]).status_code == 201
    for again in (
        bind_phone(client, ticket, standin.codes()[1]),
        bind_code(client, ticket, make_phone(), sent),
        bind_phone(client, "made-up", standin.codes()[1]),
    ):
        assert code_of(again) == (422, "wechat_ticket")


def test_a_ticket_is_kept_as_its_hash(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    ticket = ticket_of(client, standin)
    assert ticket.encode() not in session.scalars(select(WeChatTicket.token_hash)).one()


def test_used_late_and_foreign_codes_are_refused(client: FlaskClient, standin: Standin) -> None:
    login, phone = standin.codes()
    assert sign_in(client, login).status_code == 201
    assert code_of(sign_in(client, login)) == (422, "wechat_code_used")
    assert code_of(sign_in(client, phone)) == (422, "wechat_code")
    assert code_of(sign_in(client, "0" * 31)) == (422, "wechat_code")


def test_a_code_ends_after_its_time(client: FlaskClient) -> None:
    with wechat_standin(wechat_code_seconds=0) as standin:
        assert code_of(sign_in(client, standin.codes()[0])) == (422, "wechat_code")


def test_what_wechat_refuses_is_said_clearly(client: FlaskClient, standin: Standin) -> None:
    risky = sign_in(client, standin.codes("risky")[0])
    assert code_of(risky) == (403, "wechat_risk")
    ticket = ticket_of(client, standin, "abroad")
    abroad = bind_phone(client, ticket, standin.codes("abroad")[1])
    assert code_of(abroad) == (422, "wechat_phone_abroad")
    standin.trouble(busy=2)
    assert code_of(sign_in(client, standin.codes()[0])) == (503, "wechat_unavailable")
    standin.trouble(busy=1)
    assert sign_in(client, standin.codes()[0]).status_code == 201


def test_too_often_at_wechat_is_said_clearly(client: FlaskClient) -> None:
    with wechat_standin(wechat_per_minute=1) as standin:
        assert sign_in(client, standin.codes()[0]).status_code == 201
        assert code_of(sign_in(client, standin.codes()[0])) == (429, "wechat_too_often")


def test_guessing_from_one_address_is_limited_before_wechat_is_asked(
    client: FlaskClient, standin: Standin
) -> None:
    for _ in range(TRIES_PER_ADDRESS_HOUR):
        assert sign_in(client, "0" * 31).status_code == 422
    before = standin.calls()["jscode2session"]
    assert sign_in(client, standin.codes()[0]).status_code == 429
    assert standin.calls()["jscode2session"] == before


def test_getting_in_is_not_counted(client: FlaskClient, standin: Standin) -> None:
    for _ in range(TRIES_PER_ADDRESS_HOUR + 1):
        assert sign_in(client, standin.codes()[0]).status_code == 201


def test_who_holds_a_role_signs_in_by_password(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    staff = make_account(session, phone=FIRST_PHONE, roles={Role.ANALYST: ["990100"]})
    answer = bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    assert code_of(answer) == (403, "wechat_staff")
    assert session.scalars(select(WeChatIdentity)).all() == []
    refused = session.scalars(select(AuditEvent).where(AuditEvent.outcome == "denied")).one()
    assert (refused.action, refused.account_id) == ("auth:sign-in", staff.id)


def test_a_role_given_later_ends_this_way_of_signing_in(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    from auth.services.accounts import grant_role

    bound = bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    account_id = UUID(me(client, bound)["account_id"])
    grant_role(session, account_id, Role.ANALYST, "990100", "990100")
    session.flush()
    assert code_of(sign_in(client, standin.codes()[0])) == (403, "wechat_staff")


def test_a_disabled_account_does_not_sign_in(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    session.scalars(select(Account)).one().disabled_at = clock.now()
    session.flush()
    assert code_of(sign_in(client, standin.codes()[0])) == (403, "account_disabled")


def test_one_account_a_wechat_and_one_wechat_an_account(
    client: FlaskClient, standin: Standin, sent: list[tuple[str, str]]
) -> None:
    early, phone = ticket_of(client, standin), make_phone()
    assert bind_phone(client, ticket_of(client, standin), standin.codes()[1]).status_code == 201
    taken = bind_code(client, early, phone, sent)
    assert code_of(taken) == (409, "wechat_taken")
    other = bind_code(client, ticket_of(client, standin, "b"), FIRST_PHONE, sent)
    assert code_of(other) == (409, "wechat_other_bound")


def test_the_same_binding_twice_is_the_same_binding(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    one, two = ticket_of(client, standin), ticket_of(client, standin)
    for ticket in (one, two):
        assert bind_phone(client, ticket, standin.codes()[1]).status_code == 201
    assert len(session.scalars(select(WeChatIdentity)).all()) == 1
    assert session.scalars(select(Notice.kind)).all() == [NoticeKind.WECHAT_BOUND]


def test_unbinding_ends_what_was_opened_through_it_and_nothing_else(
    client: FlaskClient,
    session: Session,
    standin: Standin,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    answer = bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    by_wechat = {"Authorization": f"Bearer {answer.get_json()['token']}"}
    account_id = UUID(me(client, answer)["account_id"])
    otherwise = bearer(account_id)
    [listed] = client.get(f"{BASE}/identities", headers=otherwise).get_json()["items"]
    assert listed["app"] == "mini_program"
    stranger = bearer(make_account(session).id)
    address = f"{BASE}/identities/{listed['id']}"
    assert client.delete(address, headers=stranger).status_code == 404
    assert client.get("/api/v1/auth/me", headers=by_wechat).status_code == 200
    assert client.delete(address, headers=otherwise).status_code == 204
    assert client.get("/api/v1/auth/me", headers=by_wechat).status_code == 401
    assert client.get("/api/v1/auth/me", headers=otherwise).status_code == 200
    assert client.delete(address, headers=otherwise).status_code == 404
    assert ticket_of(client, standin)


def test_where_wechat_is_not_set_up_it_is_not_offered(client: FlaskClient) -> None:
    assert code_of(sign_in(client, "x")) == (404, "wechat_not_offered")


@pytest.mark.parametrize("code", ["", "a" * 257, "with space", "\u0000"])
def test_what_is_no_code_never_reaches_wechat(
    client: FlaskClient, standin: Standin, code: str
) -> None:
    assert sign_in(client, code).status_code == 422
    assert "jscode2session" not in standin.calls()

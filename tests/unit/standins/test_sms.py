"""The SMS gateway: what it accepts, refuses and shows."""

from collections.abc import Mapping

import pytest
import requests
from flask.testing import FlaskClient

from standins.app import create_app
from tests.unit.standins.conftest import config

KEY = {"Authorization": "Bearer sms-test"}
NUMBER = "19900000001"


def message(**changes: object) -> dict[str, object]:
    return {
        "to": NUMBER,
        "template": "sign_in_code",
        "params": {"code": "482913"},
        "text": "【示例】验证码 482913，5 分钟内有效。",
        "idempotency_key": "one",
    } | changes


@pytest.fixture
def web() -> FlaskClient:
    settings = config(sms_per_minute=2, sms_unavailable_numbers={"19900000009"}, kept=3)
    return create_app(settings).test_client()


def test_a_message_is_accepted_and_listed(web: FlaskClient) -> None:
    answer = web.post("/sms/messages", json=message(), headers=KEY)
    assert answer.status_code == 202
    [listed] = web.get(f"/sms/messages?to={NUMBER}").get_json()
    assert listed["id"] == answer.get_json()["id"]
    assert listed["params"] == {"code": "482913"}


def test_the_same_key_gives_the_same_message(web: FlaskClient) -> None:
    ids = {
        web.post("/sms/messages", json=message(), headers=KEY).get_json()["id"] for _ in range(5)
    }
    assert len(ids) == 1
    assert len(web.get("/sms/messages").get_json()) == 1


def test_a_key_of_another_message_is_refused(web: FlaskClient) -> None:
    web.post("/sms/messages", json=message(), headers=KEY)
    answer = web.post("/sms/messages", json=message(text="别的"), headers=KEY)
    assert answer.status_code == 409
    assert answer.get_json()["error"]["field"] == "idempotency_key"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "é"}])
def test_the_key_is_required(web: FlaskClient, headers: Mapping[str, str]) -> None:
    assert web.post("/sms/messages", json=message(), headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "not a number"}, "to"),
        ({"text": ""}, "text"),
        ({"params": {"code": 1}}, "params.code"),
        ({"priority": "high"}, "priority"),
    ],
)
def test_a_malformed_message_names_the_field(
    web: FlaskClient, changes: dict[str, object], field: str
) -> None:
    answer = web.post("/sms/messages", json=message(**changes), headers=KEY)
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (400, field)


def test_too_many_to_one_number_are_refused(web: FlaskClient) -> None:
    for key in "ab":
        web.post("/sms/messages", json=message(idempotency_key=key), headers=KEY)
    answer = web.post("/sms/messages", json=message(idempotency_key="c"), headers=KEY)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    other = message(to="19900000002", idempotency_key="d")
    assert web.post("/sms/messages", json=other, headers=KEY).status_code == 202


def test_some_numbers_fail_on_purpose(web: FlaskClient) -> None:
    answer = web.post("/sms/messages", json=message(to="19900000009"), headers=KEY)
    assert answer.status_code == 503


def test_only_the_last_messages_are_kept(web: FlaskClient) -> None:
    for n in range(5):
        sent = message(to=f"1990000001{n}", idempotency_key=str(n))
        web.post("/sms/messages", json=sent, headers=KEY)
    assert [m["idempotency_key"] for m in web.get("/sms/messages").get_json()] == ["4", "3", "2"]


def test_the_inbox_shows_searches_and_refreshes(web: FlaskClient) -> None:
    web.post("/sms/messages", json=message(text="<b>验证码</b> 482913"), headers=KEY)
    page = web.get("/sms/inbox").text
    assert "&lt;b&gt;验证码&lt;/b&gt; 482913" in page
    assert 'http-equiv="refresh"' in page
    assert "482913" in web.get("/sms/inbox?number=0001").text
    assert "没有发给 77 的短信" in web.get("/sms/inbox?number=77").text
    assert 'http-equiv="refresh"' not in web.get("/sms/inbox?refresh=off").text


def test_the_inbox_speaks_the_browsers_language(web: FlaskClient) -> None:
    assert "No messages yet" in web.get("/sms/inbox", headers={"Accept-Language": "en"}).text
    assert "还没有短信" in web.get("/sms/inbox", headers={"Accept-Language": "fr"}).text
    assert "No messages yet" in web.get("/sms/inbox?lang=en").text
    assert "No messages yet" in web.get("/sms/inbox").text  # the choice is remembered


def test_it_runs_for_real(standins: str, browser: requests.Session) -> None:
    answer = browser.post(f"{standins}/sms/messages", json=message(), headers=KEY, timeout=10)
    assert answer.status_code == 202
    assert "482913" in browser.get(f"{standins}/sms/inbox", timeout=10).text

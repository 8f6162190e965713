"""The real-name verifier."""

import time

import pytest
from flask.testing import FlaskClient

from standins.app import create_app
from standins.identity import check_character
from tests.unit.standins.conftest import config


def made_up(order: str) -> str:
    """A number of nobody: an unused division code, a date, an order, the right check."""
    first = f"999999{19800229}{order}"
    return first + check_character(first)


RIGHT, SLOW, SILENT = made_up("001"), made_up("002"), made_up("003")
WRONG_CHECK = RIGHT[:17] + ("0" if RIGHT[17] != "0" else "1")


@pytest.fixture
def web() -> FlaskClient:
    settings = config(
        identity_slow_numbers={SLOW},
        identity_slow_seconds=0.2,
        identity_unavailable_numbers={SILENT},
        identity_mismatch_names={"示例黑名单"},
    )
    client = create_app(settings).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer identity-test"
    return client


def test_the_check_character_is_that_of_the_standard() -> None:
    # The example of GB 11643-1999, annex A.
    assert check_character("11010519491231002") == "X"


@pytest.mark.parametrize(
    ("name", "number", "status", "result"),
    [
        ("示例甲", RIGHT, 200, "match"),
        ("示例不符", RIGHT, 200, "mismatch"),
        ("示例黑名单", RIGHT, 200, "mismatch"),
        ("示例甲", WRONG_CHECK, 200, "not_found"),
        ("示例甲", SILENT, 503, "unavailable"),
    ],
)
def test_answers(web: FlaskClient, name: str, number: str, status: int, result: str) -> None:
    answer = web.post("/identity/verify", json={"name": name, "id_number": number})
    assert (answer.status_code, answer.get_json()) == (status, {"result": result})


@pytest.mark.parametrize(
    "number",
    [
        "",
        RIGHT[:17],
        RIGHT + "0",
        "99999919800230001X",
        RIGHT[:17] + "x",
        "9" * 6 + "20990101" + "0011",
    ],
)
def test_a_malformed_number_is_refused(web: FlaskClient, number: str) -> None:
    answer = web.post("/identity/verify", json={"name": "示例甲", "id_number": number})
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (400, "id_number")


def test_a_slow_register_answers_in_the_end(web: FlaskClient) -> None:
    start = time.monotonic()
    answer = web.post("/identity/verify", json={"name": "示例甲", "id_number": SLOW})
    assert answer.json == {"result": "match"}
    assert time.monotonic() - start >= 0.2


def test_the_key_is_required(web: FlaskClient) -> None:
    body = {"name": "示例甲", "id_number": RIGHT}
    answer = web.post("/identity/verify", json=body, headers={"Authorization": "Bearer no"})
    assert answer.status_code == 401

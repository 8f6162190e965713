"""The hospital's own system: signed calls only, a number once, a return before its lock."""

import json
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests

from standins.hospital.pages import document
from standins.hospital.signing import sign
from standins.hospital.system import Mode
from standins.server import running
from tests.unit.standins.conftest import config

SECRET = "whsec_c3RhbmRpbnMgb2YgdGhlIGhvc3BpdGFs"
LOCK = {
    "booking_id": "b1",
    "session_id": "S1",
    "starts_at": "2026-11-27T08:00:00+08:00",
    "patient": {"name": "示例居民", "id_number": "x"},
}


@pytest.fixture
def url() -> Iterator[str]:
    with running(config(hospital_link_secret=SECRET)) as base:
        yield f"{base}/hospital"


def call(url: str, name: str, body: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    payload = json.dumps(body).encode()
    headers = sign(more.get("secret", SECRET), "m1", payload, more.get("moment"))
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{url}/api/{name}",
            data=payload,
            headers={**headers, "Content-Type": "application/json"},
            timeout=5,
            allow_redirects=False,
        )
    return answer.status_code, answer.json()


def switch(url: str, mode: Mode) -> None:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {SECRET}"}
        answer = session.put(f"{url}/mode", json={"mode": mode}, headers=headers, timeout=5)
    assert answer.status_code == 200


def test_a_number_is_given_once(url: str) -> None:
    first = call(url, "lock", LOCK)
    assert first == (200, {"result": "done", "number": "A001"})
    assert call(url, "lock", LOCK) == first
    assert call(url, "lock", LOCK | {"booking_id": "b2"})[1]["number"] == "A002"
    assert call(url, "confirm", LOCK) == first
    assert call(url, "return", LOCK) == first
    assert call(url, "confirm", LOCK) == (409, {"result": "refused"})
    assert call(url, "test", {}) == (200, {"result": "done"})


def test_a_return_before_its_lock_is_remembered(url: str) -> None:
    assert call(url, "return", LOCK)[0] == 200
    assert call(url, "lock", LOCK) == (409, {"result": "refused"})


def test_only_signed_calls_of_now(url: str) -> None:
    assert call(url, "lock", LOCK, secret="whsec_b3RoZXI=")[0] == 401
    assert call(url, "lock", LOCK, moment=int(time.time()) - 301)[0] == 401
    assert call(url, "nonsense", LOCK)[0] == 401


def test_it_goes_wrong_as_it_is_told(url: str) -> None:
    switch(url, Mode.TAKEN)
    assert call(url, "lock", LOCK)[0] == 409
    switch(url, Mode.FAILING)
    assert call(url, "lock", LOCK)[0] == 500
    switch(url, Mode.LOST)
    assert call(url, "lock", LOCK)[0] == 500
    switch(url, Mode.HONEST)
    assert call(url, "lock", LOCK)[1]["number"] == "A001"
    switch(url, Mode.LATER)
    assert call(url, "confirm", LOCK) == (202, {})


def test_the_page_shows_numbers_and_switches(url: str) -> None:
    call(url, "lock", LOCK)
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(f"{url}/", timeout=5, headers={"Accept-Language": "zh"}).text
        assert "A001" in page and "已锁号" in page
        session.post(f"{url}/", data={"mode": "failing"}, timeout=5)
    assert call(url, "lock", LOCK)[0] == 500


def test_the_schedule_names_each_department_each_day() -> None:
    sessions = document(["内科", "外科"], date(2026, 11, 26))["sessions"]
    assert len({each["id"] for each in sessions}) == len(sessions) == 6

"""A provider that misbehaves: every bad answer is refused by its name, every good one accepted."""

import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.models import Account, SignInSession, UpstreamArrival
from auth.upstream import client as upstream_client
from tests.factories.upstream import NAME, Traveller, make_upstream, provider_running

JOIN = "/auth/upstream/join"
NEXT = "/appointments/hospitals"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider_running() as issuer:
        yield issuer


@pytest.fixture
def traveller(issuer: str, client: FlaskClient, session: Session) -> Iterator[Traveller]:
    upstream_client.forget()
    traveller = Traveller(client, issuer, make_upstream(session, issuer).id)
    yield traveller
    traveller.switch()


BAD = {
    "bad_signature": "upstream_bad_signature",
    "wrong_issuer": "upstream_wrong_issuer",
    "wrong_audience": "upstream_wrong_audience",
    "wrong_party": "upstream_wrong_audience",
    "wrong_nonce": "upstream_wrong_nonce",
    "no_nonce": "upstream_wrong_nonce",
    "lone_surrogate": "upstream_wrong_nonce",
    "strange_access_token": "upstream_wrong_access_token",
    "no_subject": "upstream_wrong_subject",
    "no_expiry": "upstream_untimed",
    "no_issue_time": "upstream_untimed",
    "not_yet_valid": "upstream_early",
    "no_key_id": "upstream_no_key_id",
    "unknown_key": "upstream_unknown_key",
    "unsigned": "upstream_wrong_algorithm",
    "symmetric": "upstream_wrong_algorithm",
    "wrong_at_hash": "upstream_wrong_access_token",
    "no_id_token": "upstream_no_id_token",
    "no_jwt": "upstream_unreadable",
    "other_userinfo": "upstream_wrong_subject",
    "mixed_up": "upstream_mixed_up_issuer",
    "no_issuer_named": "upstream_mixed_up_issuer",
    "refuses_code": "upstream_code_refused",
}
# By a clock that is so many seconds wrong, with ID tokens that live so long.
BAD_TIMES = {
    "future iat": ({"skew_seconds": 62}, "upstream_early"),
    "far future iat": ({"skew_seconds": 3600}, "upstream_early"),
    "expired": ({"skew_seconds": -61, "lifetime_seconds": 0}, "upstream_expired"),
    "long expired": ({"skew_seconds": -3600}, "upstream_expired"),
}
BAD_METADATA = {
    "other_metadata": (400, "upstream_wrong_metadata"),
    "open_metadata": (400, "upstream_wrong_metadata"),
    "broken_endpoint": (400, "upstream_wrong_metadata"),
    "strange_endpoint": (400, "upstream_wrong_metadata"),
    "garbage": (400, "upstream_unreadable"),
    "endless": (400, "upstream_unreadable"),
    "redirecting": (400, "upstream_redirected"),
    "failing": (503, "upstream_unavailable"),
    "slow": (503, "upstream_unavailable"),
    "dripping": (503, "upstream_unavailable"),
    "dripping_headers": (503, "upstream_unavailable"),
}


@pytest.mark.parametrize(("mode", "code"), BAD.items(), ids=BAD)
def test_a_bad_answer_signs_nobody_in(
    traveller: Traveller, session: Session, mode: str, code: str
) -> None:
    traveller.switch(mode=mode)
    refused(traveller, session, code)


@pytest.mark.parametrize(("clock", "code"), BAD_TIMES.values(), ids=BAD_TIMES)
def test_a_wrong_clock_signs_nobody_in(
    traveller: Traveller, session: Session, clock: dict[str, int], code: str
) -> None:
    traveller.switch(**clock)
    refused(traveller, session, code)


def refused(traveller: Traveller, session: Session, code: str) -> None:
    answer = traveller.travel(next=NEXT)
    assert (answer.status_code, code in answer.text) == (400, True), answer.text
    for text in (NAME, "没有登录成功", f"next={NEXT}", "用其他方式登录", "再试一次"):
        assert text in answer.text
    for nothing in (SignInSession, UpstreamArrival, Account):
        assert session.scalar(select(func.count()).select_from(nothing)) == 0


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
@pytest.mark.parametrize(
    "clock",
    [
        {},
        {"skew_seconds": 10},
        {"skew_seconds": -10},
        {"skew_seconds": -10, "lifetime_seconds": 0},
    ],
    ids=["right", "fast", "slow", "just expired"],
)
def test_a_good_answer_is_believed(
    traveller: Traveller, session: Session, algorithm: str, clock: dict[str, int]
) -> None:
    traveller.switch(algorithm=algorithm, **clock)
    answer = traveller.travel(next=NEXT)
    assert (answer.status_code, answer.location) == (302, f"{JOIN}?next={NEXT}")
    arrival = session.scalars(select(UpstreamArrival)).one()
    assert (arrival.name, arrival.subject) == ("韦示例", "45090012")


@pytest.mark.parametrize(("mode", "outcome"), BAD_METADATA.items(), ids=BAD_METADATA)
def test_bad_metadata_leads_nowhere(
    traveller: Traveller,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    outcome: tuple[int, str],
) -> None:
    monkeypatch.setattr(upstream_client, "TIMEOUT_SECONDS", 1.5)
    monkeypatch.setattr(upstream_client, "PATIENCE_SECONDS", 1.5)
    traveller.switch(mode=mode)
    began = time.monotonic()
    answer = traveller.set_out(next=NEXT)
    assert time.monotonic() - began < 4
    status, code = outcome
    assert (answer.status_code, code in answer.text) == (status, True), answer.text
    assert f"next={NEXT}" in answer.text

    traveller.switch()  # nothing bad was remembered
    assert traveller.set_out(next=NEXT).status_code == 302


def test_a_provider_that_is_gone_leads_nowhere(client: FlaskClient, session: Session) -> None:
    upstream = make_upstream(session, "http://127.0.0.1:9")
    answer = client.get(f"/auth/upstream/{upstream.id}")
    assert (answer.status_code, "upstream_unavailable" in answer.text) == (503, True)


def test_a_provider_whose_name_is_none_leads_nowhere(client: FlaskClient, session: Session) -> None:
    upstream = make_upstream(session, "https://a..b")
    answer = client.get(f"/auth/upstream/{upstream.id}")
    assert (answer.status_code, "upstream_unavailable" in answer.text) == (503, True)


def test_new_keys_are_found_once_and_made_up_ones_do_not_tire_the_provider(
    traveller: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []
    honest = upstream_client._fetch_keys

    def counted(provider: object) -> object:
        fetched.append(1)
        return honest(provider)  # type: ignore[arg-type]

    monkeypatch.setattr(upstream_client, "_fetch_keys", counted)
    assert traveller.travel().status_code == 302
    traveller.switch(key=2)
    assert traveller.travel().status_code == 302
    assert len(fetched) == 2
    traveller.switch(mode="unknown_key")
    for _ in range(3):
        assert "upstream_unknown_key" in traveller.travel().text
    assert len(fetched) == 2

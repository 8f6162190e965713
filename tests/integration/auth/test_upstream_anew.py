"""A fresh proof at a provider: asked for where it is wanted, and believed only where it is told."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from auth.assurance import FRESH
from auth.models import SignInSession
from core import clock
from tests.factories.directory import make_divisions
from tests.factories.sso import RelyingParty, answer_of, make_client
from tests.factories.upstream import DESK, NAME, PLAIN, Traveller, make_upstream, provider_running

OPEN = "/auth/upstream/account"
PHONE = "/auth/security/phone"
STEP_UP = f"/auth/step-up?next={PHONE}"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider_running() as issuer:
        yield issuer


@pytest.fixture
def traveller(issuer: str, client: FlaskClient, session: Session) -> Iterator[Traveller]:
    """Somebody with an account that a provider opened, and nothing else."""
    make_divisions(session)
    make_client(session)
    traveller = Traveller(client, issuer, make_upstream(session, issuer).id)
    traveller.travel()
    client.post(OPEN)
    yield traveller
    traveller.switch()


def age(session: Session) -> None:
    old = clock.now() - FRESH - timedelta(minutes=1)
    session.execute(update(SignInSession).values(authenticated_at=old, created_at=old))


def asked(traveller: Traveller, **query: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(traveller.set_out(**query).location).query)


def test_an_ordinary_way_leaves_it_to_the_provider(traveller: Traveller) -> None:
    assert {"prompt", "max_age"} & set(asked(traveller)) == set()


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "300"}], ids=str)
def test_an_application_that_wants_a_fresh_proof_gets_one(
    traveller: Traveller, session: Session, wish: dict[str, str]
) -> None:
    RelyingParty().agree(traveller.portal)
    age(session)
    traveller.switch(mode="still_signed_in")
    rp = RelyingParty()
    address = rp.address(**wish)
    assert traveller.portal.get(address).location.startswith("/auth/sign-in")
    assert asked(traveller, next=address)["prompt"] == ["login"]
    assert traveller.travel(next=address).location == address
    assert answer_of(traveller.portal.get(address))["code"]


@pytest.mark.parametrize("mode", ["never_asks", "no_auth_time"])
@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "300"}], ids=str)
def test_a_provider_that_does_not_ask_leads_to_an_answer_and_not_in_a_circle(
    traveller: Traveller, session: Session, wish: dict[str, str], mode: str
) -> None:
    RelyingParty().agree(traveller.portal)
    age(session)
    traveller.switch(mode=mode)
    address = RelyingParty().address(**wish)
    traveller.portal.get(address)
    traveller.travel(next=address)
    assert answer_of(traveller.portal.get(address))["error"] == "login_required"


@pytest.mark.parametrize("mode", ["never_asks", "no_auth_time"])
def test_a_silent_bounce_is_no_fresh_proof(traveller: Traveller, mode: str) -> None:
    traveller.switch(mode=mode)
    traveller.travel()
    assert traveller.portal.get(PHONE).location == STEP_UP


def test_an_account_that_only_a_provider_opens_adds_its_first_own_means(
    traveller: Traveller, session: Session
) -> None:
    age(session)
    assert traveller.portal.get(PHONE).location == STEP_UP
    page = traveller.portal.get(STEP_UP).text
    assert f"用{NAME}确认" in page
    assert f"/auth/upstream/{traveller.upstream_id}?again=yes&amp;next={PHONE}" in page
    traveller.switch(mode="still_signed_in")
    assert asked(traveller, again="yes", next=PHONE)["prompt"] == ["login"]
    assert traveller.travel(again="yes", next=PHONE).location == PHONE
    assert traveller.portal.get(PHONE).status_code == 200


@pytest.mark.parametrize("mode", ["never_asks", "no_auth_time"])
def test_a_provider_that_does_not_ask_again_proves_nothing(
    traveller: Traveller, session: Session, mode: str
) -> None:
    age(session)
    traveller.switch(mode=mode)
    answer = traveller.travel(again="yes", next=PHONE)
    assert (answer.status_code, "upstream_not_asked_anew" in answer.text) == (400, True)
    assert traveller.portal.get(PHONE).location == STEP_UP


def test_somebody_elses_proof_does_not_prove_the_account(
    traveller: Traveller,
) -> None:
    traveller.travel(DESK)
    traveller.portal.post(OPEN)
    answer = traveller.travel(PLAIN, again="yes", next=PHONE)
    assert (answer.status_code, "upstream_taken" in answer.text) == (409, True)

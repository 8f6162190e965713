"""npm oidc-provider as another institution's provider: signing in, joining, opening an account."""

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant, SignInSession, UpstreamIdentity
from auth.schemas.upstream import MapRole
from auth.services.upstream_administration import map_role
from auth.upstream import client as upstream_client
from core.access import Actor, Role
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import CITY, make_divisions
from tests.factories.upstream import SECRET, Traveller, make_upstream
from tests.peers import PEERS

PORTAL = "http://127.0.0.1:8000"
Browser = Callable[[UUID], FlaskClient]


class PeerTraveller(Traveller):
    """Signs in at oidc-provider's own pages, agrees, and comes back."""

    def choose(self, address: str, person: str | None = "zhang") -> str:
        answer = self.abroad.get(address, allow_redirects=False, timeout=10)
        while not answer.headers.get("Location", "").startswith(PORTAL):
            answer = self._step(answer, person)
        return answer.headers["Location"].removeprefix(PORTAL)

    def _step(self, answer: requests.Response, person: str | None) -> requests.Response:
        if "Location" in answer.headers:
            address = requests.compat.urljoin(answer.url, answer.headers["Location"])
            return self.abroad.get(address, allow_redirects=False, timeout=10)
        assert answer.status_code == 200, answer.text
        action = re.findall(r'<form[^>]* action="([^"]+)"', answer.text)[0]
        prompt = re.findall(r'name="prompt" value="(\w+)"', answer.text)[0]
        typed = {"prompt": prompt, "login": person or "", "password": "any"}
        return self.abroad.post(action, data=typed, allow_redirects=False, timeout=10)


@pytest.fixture
def traveller(
    request: pytest.FixtureRequest, client: FlaskClient, session: Session
) -> Iterator[PeerTraveller]:
    """A browser at a portal that trusts the peer, which signs with ES256 unless told otherwise."""
    make_divisions(session)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    upstream = make_upstream(session, issuer)
    given = {
        "port": port,
        "clientId": upstream.client_id,
        "clientSecret": SECRET,
        "redirectUri": f"{PORTAL}/auth/upstream/{upstream.id}/callback",
        "algorithm": getattr(request, "param", "ES256"),
    }
    node = shutil.which("node")
    assert node, "the peers need Node.js"
    upstream_client.forget()
    with subprocess.Popen(
        [node, "upstream.mjs", json.dumps(given)],
        cwd=PEERS,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as peer:
        assert peer.stdout
        while "ready" not in (line := peer.stdout.readline()):
            assert line, "oidc-provider did not start; run: python -m tests.peers"
        yield PeerTraveller(client, issuer, upstream.id)
        peer.terminate()
    upstream_client.forget()


@pytest.mark.parametrize("traveller", ["RS256", "ES256", "PS256", "EdDSA"], indirect=True)
def test_a_new_person_opens_an_account_with_the_role_of_their_claim(
    traveller: PeerTraveller, session: Session
) -> None:
    administrator = Actor(make_account(session).id, grants={Role.ADMINISTRATOR: frozenset({CITY})})
    rule = MapRole(value="desk", role=Role.ANALYST, unit=CITY)
    map_role(session, administrator, traveller.upstream_id, rule)
    arrived = traveller.travel("zhang", next="/")
    assert "示例zhang" in traveller.portal.get(arrived.location).text
    assert traveller.portal.post("/auth/upstream/account", data={"next": "/"}).status_code == 303
    identity = session.scalars(select(UpstreamIdentity)).one()
    account = session.get_one(Account, identity.account_id)
    assert (identity.subject, account.display_name) == ("zhang", "示例zhang")
    grant = session.scalars(select(RoleGrant).where(RoleGrant.account_id == account.id)).one()
    assert (grant.role, grant.unit) == ("analyst", CITY)
    # Whoever holds a role is let in with a second factor only, which they set up first.
    assert session.scalars(select(SignInSession.methods)).all() == []
    assert traveller.travel("zhang", next="/").location == "/auth/set-up?next=/"


def test_an_account_is_joined_and_signed_in_to(
    traveller: PeerTraveller, session: Session, signed_in: Browser
) -> None:
    resident = make_account(session, name="居民甲", phone=make_phone())
    browser = PeerTraveller(signed_in(resident.id), traveller.issuer, traveller.upstream_id)
    arrived = browser.travel("li", join="yes", next="/auth/identities")
    assert browser.portal.post(arrived.location).status_code == 303
    assert traveller.travel("li", next="/").location == "/"
    assert "居民甲" in traveller.portal.get("/").text


def test_cancelling_there_is_understood(traveller: PeerTraveller) -> None:
    address = traveller.set_out(next="/").location
    page = traveller.abroad.get(address, timeout=10)
    abort = re.findall(r'href="([^"]*/abort)"', page.text)[0]
    back = traveller.abroad.get(abort, allow_redirects=False, timeout=10)
    while not back.headers["Location"].startswith(PORTAL):
        address = requests.compat.urljoin(back.url, back.headers["Location"])
        back = traveller.abroad.get(address, allow_redirects=False, timeout=10)
    declined = traveller.portal.get(back.headers["Location"].removeprefix(PORTAL))
    assert (declined.status_code, "upstream_declined" in declined.text) == (403, True)

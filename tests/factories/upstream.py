"""Another institution's provider for tests, and a browser on its way there and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import requests
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.models import Upstream
from auth.schemas.upstream import RegisterUpstream
from auth.services.upstream_administration import add_upstream
from auth.upstream import client
from core.access import NOBODY, Actor
from standins.config import StandinConfig
from standins.server import running

SECRET = "what the provider gave us"
NAME = "示例政务"
# People of the stand-in: with nothing, with a second factor, with a passkey.
PLAIN, DESK, STATISTICS = "45090012", "45090034", "45090056"


def make_upstream(session: Session, issuer: str = "https://gov.example", **values: Any) -> Upstream:
    """A registered provider, with what people of the stand-in may become."""
    given = {
        "issuer": issuer,
        "name": NAME,
        "client_id": "kangqiao",
        "client_secret": SECRET,
        "just_in_time": True,
        "role_claim": "roles",
        "two_factor_values": ["otp"],
        "phishing_resistant_values": ["hwk"],
    }
    command = RegisterUpstream.model_validate(given | values)
    made = add_upstream(session, Actor(NOBODY, name="tests"), command)
    return session.scalars(select(Upstream).where(Upstream.id == made.id)).one()


@contextmanager
def provider_running(portal: str = "http://127.0.0.1:8000") -> Iterator[str]:
    """The stand-in; gives its issuer. What was known of providers is forgotten."""
    keys = {"sms_key": "k", "identity_key": "k", "stripe_secret_key": "k"}
    more = {"stripe_webhook_secret": "k", "upstream_client_secret": SECRET, "portal_url": portal}
    client.forget()
    with running(StandinConfig.model_validate(keys | more)) as url:
        yield f"{url}/upstream"
    client.forget()


@dataclass
class Traveller:
    """Somebody's browser: the portal's test client, and HTTP to the provider."""

    portal: FlaskClient
    issuer: str
    upstream_id: UUID
    abroad: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.abroad.trust_env = False

    def switch(self, **values: object) -> None:
        """Tell the provider how to behave; what is not given is honest."""
        answer = self.abroad.put(f"{self.issuer}/switch", json=values, timeout=5)
        assert answer.ok, answer.text

    def set_out(self, **query: str) -> TestResponse:
        """Press the provider's button."""
        return self.portal.get(f"/auth/upstream/{self.upstream_id}", query_string=query)

    def choose(self, address: str, person: str | None = PLAIN) -> str:
        """Be ``person`` at the provider; gives the path it sends the browser back to."""
        answer = self.abroad.post(
            address, data={"person": person or ""}, allow_redirects=False, timeout=5
        )
        assert answer.status_code == 303, answer.text
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    def travel(self, person: str | None = PLAIN, **query: str) -> TestResponse:
        """There and back; gives the portal's answer to the callback."""
        leaving = self.set_out(**query)
        assert leaving.status_code == 302, leaving.text
        return self.portal.get(self.choose(leaving.location, person))

"""A hospital with a system of its own: its application's token, its link, its schedule."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import requests
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from appointments.hospital.signing import make_secret
from appointments.models import HospitalLink
from auth.schemas.applications import Placement
from auth.services.applications import place_client
from core import clock
from standins.config import StandinConfig
from standins.hospital.system import Mode
from standins.server import running
from tests.factories.appointments import Clinic, make_clinic, make_rule
from tests.factories.directory import make_institution
from tests.factories.sso import make_client

API = "/api/v1/appointments/exchange/hospitals"
CLIENT_SECRET = "a-client-secret-of-more-than-32-characters"
LINK_SECRET = make_secret()
SCOPE = "appointments.exchange"


@dataclass(frozen=True)
class Hospital:
    """Where, and how its system is known to the portal."""

    clinic: Clinic
    client_id: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """Its part of the API."""
        return f"{API}/{self.clinic.institution.id}"

    def send(self, caller: FlaskClient, *sessions: Mapping[str, Any]) -> TestResponse:
        """Send these sessions."""
        body = {"sessions": list(sessions)}
        return caller.put(f"{self.path}/schedule", json=body, headers=self.headers)

    def session(self, number: str = "S1", **changes: Any) -> dict[str, Any]:
        """A morning of the doctor in three days' time: two slots of three patients."""
        given: dict[str, Any] = {
            "id": number,
            "date": (clock.today() + timedelta(days=3)).isoformat(),
            "half_day": "morning",
            "department": self.clinic.department.name,
            "doctor": self.clinic.doctor.name,
            "room": "3 诊室",
            "fee_fen": 1200,
            "slots": [slot("08:00", "08:30"), slot("08:30", "09:00")],
        }
        return {key: value for key, value in (given | changes).items() if value is not None}


def slot(start: str, end: str, capacity: int = 3) -> dict[str, Any]:
    """A slot of a document."""
    return {"starts_at": start, "ends_at": end, "capacity": capacity}


def moment(day: date, start: str) -> str:
    """When a slot begins, as the hospital writes it."""
    hour, minute = start.split(":")
    return clock.at(day, int(hour), int(minute)).isoformat()


def make_hospital(
    caller: FlaskClient, session: Session, client_id: str = "his", **rule: object
) -> Hospital:
    """A hospital whose application has a token; ``rule`` is how it takes bookings."""
    institution = make_institution(session)
    make_rule(session, institution, **rule)
    clinic = make_clinic(session, institution)
    make_service(session, client_id, str(clinic.institution.id))
    session.commit()
    return Hospital(clinic, client_id, token_headers(caller, client_id))


def make_service(session: Session, client_id: str, unit: str | None, **more: Any) -> None:
    """An application that calls by itself, placed at ``unit``."""
    given = {
        "secret": CLIENT_SECRET,
        "grants": ["client_credentials"],
        "redirect_uris": [],
        "service_scopes": [SCOPE],
    }
    make_client(session, client_id, **(given | more))
    if unit is not None:
        place_client(session, client_id, Placement(unit=unit))


def token_headers(caller: FlaskClient, client_id: str) -> dict[str, str]:
    """What its calls carry."""
    body = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": CLIENT_SECRET,
    }
    answer = caller.post("/oauth/token", data=body).get_json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def make_link(session: Session, clinic: Clinic, url: str, *, enabled: bool = True) -> HospitalLink:
    """The hospital's system is called at ``url``."""
    link = HospitalLink(
        institution_id=clinic.institution.id,
        institution_name=clinic.institution.name,
        division_code=clinic.institution.division_code,
        base_url=url,
        secret=LINK_SECRET,
        enabled=enabled,
    )
    session.add(link)
    session.flush()
    return link


@dataclass(frozen=True)
class StandIn:
    """The stand-in, and its switch."""

    url: str

    @property
    def api(self) -> str:
        """What the portal calls."""
        return f"{self.url}/hospital/api"

    def answers(self, mode: Mode) -> None:
        """From now on."""
        self._ask("PUT", "mode", json={"mode": mode.value})

    def state(self) -> dict[str, Any]:
        """Its numbers, and what it heard."""
        return self._ask("GET", "state")

    def heard(self) -> list[tuple[str, int]]:
        """The calls that came, each with the status of its answer."""
        return [(each["call"], each["status"]) for each in self.state()["heard"]]

    def number_of(self, booking_id: object) -> dict[str, Any]:
        """What it keeps for a booking."""
        found: dict[str, Any] = self.state()["numbers"][str(booking_id)]
        return found

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {LINK_SECRET}"}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                method, f"{self.url}/hospital/{path}", headers=headers, timeout=10, **more
            )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def hospital_running(
    hospital_id: str = "", portal: str = "http://127.0.0.1:9"
) -> Iterator[StandIn]:
    """The hospital's own system as a stand-in."""
    keys = {"sms_key": "k", "identity_key": "k", "stripe_secret_key": "k"}
    more = {
        "stripe_webhook_secret": "k",
        "hospital_id": hospital_id,
        "hospital_link_secret": LINK_SECRET,
        "hospital_client_secret": CLIENT_SECRET,
        "hospital_client_id": "his",
        "portal_url": portal,
        "hospital_slow_seconds": 0.4,
        # The tests move the portal's clock, not this one.
        "hospital_tolerance_seconds": 86_400,
    }
    with running(StandinConfig.model_validate(keys | more)) as url:
        yield StandIn(url)

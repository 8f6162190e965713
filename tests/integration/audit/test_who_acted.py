"""Who acted is told as they were then: those who left, residents, applications."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.models import Client, RoleGrant
from core import clock
from core.access import Role
from tests.factories.audit import note_event
from tests.factories.directory import CITY
from tests.factories.residents import make_resident
from tests.factories.sso import make_client
from tests.integration.audit.test_events import World
from tests.integration.auth.test_sso_services import SERVICE

Bearer = Callable[[UUID], dict[str, str]]
SignedIn = Callable[[UUID], FlaskClient]


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


class Nurse:
    """A nurse whose holder is a resident too, and who looked at another's data while in office."""

    def __init__(self, session: Session, world: World) -> None:
        self.account, _ = make_resident(session, name="黄护士长")
        session.add(
            RoleGrant(
                account_id=self.account.id,
                role=Role.REGISTRAR,
                unit="x",
                unit_name="示例医院",
                starts_at=clock.now() - timedelta(days=9),
            )
        )
        session.commit()
        note_event(account_id=self.account.id, person_id=world.person.id, resource_id="nurse")
        session.execute(update(RoleGrant).values(ended_at=clock.now()))
        session.commit()


def test_who_left_is_told_as_they_were(
    client: FlaskClient, bearer: Bearer, session: Session, world: World
) -> None:
    nurse, own = Nurse(session, world), bearer(world.account.id)
    who = client.get("/api/v1/audit/mine", headers=own).get_json()["items"][0]["who"]
    assert (who["name"], who["resident"]) == ("黄护士长", False)
    assert [grant["unit_name"] for grant in who["roles"]] == ["示例医院"]
    found = client.get("/api/v1/audit/mine?search=黄护士", headers=own).get_json()["items"]
    assert [item["who"]["id"] for item in found] == [str(nurse.account.id)]
    # After leaving they are a resident like others, to be found by nobody's guess.
    note_event(account_id=nurse.account.id, person_id=world.person.id, outcome="denied")
    items = client.get("/api/v1/audit/mine", headers=own).get_json()["items"]
    assert [item["who"]["name"] for item in items[:2]] == ["黄**", "黄护士长"]
    assert len(client.get("/api/v1/audit/mine?search=黄护士", headers=own).get_json()["items"]) == 1


def test_auditors_see_whole_names(
    client: FlaskClient, bearer: Bearer, session: Session, world: World
) -> None:
    note_event(account_id=world.others_account.id, person_id=world.person.id, resource_id="other")
    headers = bearer(world.auditors[CITY])
    items = client.get("/api/v1/audit/events", headers=headers).get_json()["items"]
    (event,) = [item for item in items if item["resource_id"] == "other"]
    assert (event["who"]["name"], event["who"]["resident"]) == ("林大山", True)


def test_an_application_is_named(
    client: FlaskClient, bearer: Bearer, signed_in: SignedIn, session: Session, world: World
) -> None:
    make_client(session, "service", **SERVICE)
    service = session.scalar(select(Client.id).where(Client.client_id == "service"))
    session.commit()
    note_event(account_id=service, person_id=world.person.id, resource_id="exchange")
    headers = bearer(world.auditors[CITY])
    found = client.get("/api/v1/audit/events?account=示例", headers=headers).get_json()["items"]
    assert [(item["who"]["name"], item["who"]["application"]) for item in found] == [
        ("示例诊所", True)
    ]
    page = signed_in(world.auditors[CITY]).get(f"/audit/?account_id={service}").text
    assert ("示例诊所" in page, "未登录的访客" in page) == (True, False)
    own = client.get("/api/v1/audit/mine", headers=bearer(world.account.id)).get_json()["items"]
    assert own[0]["who"]["name"] == "示例诊所"

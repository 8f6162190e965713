"""Who may sign for a person also renews, changes and ends their contract, and sees it listed."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.models import AuditEvent
from family_doctor.models import Contract, Introduction
from family_doctor.states import State
from notifications.models import Message
from residents.models import Person
from tests.factories.directory import make_team
from tests.factories.family_doctor import days_ago, make_contract
from tests.factories.residents import make_consent, make_resident

BASE, PAGES = "/api/v1/family-doctor", "/family-doctor"
Bearer = Callable[[UUID], dict[str, str]]
Browser = Callable[[UUID], FlaskClient]


class Scene:
    """A mother under contract near its end, and a daughter who may sign for her."""

    def __init__(self, session: Session) -> None:
        self.account: Account
        self.daughter: Person
        self.account, self.daughter = make_resident(session, name="女儿")
        _, self.mother = make_resident(session, name="母亲", birth_date=date(1950, 1, 1))
        self.team, self.leader, _ = make_team(session)
        self.other, _, _ = make_team(session)
        self.contract: Contract = make_contract(
            session, self.mother, self.team, state=State.EXPIRING, starts_on=days_ago(350)
        )
        self.consent = make_consent(session, self.mother, self.daughter, ["sign"])
        session.commit()

    def told(self, session: Session) -> str:
        """What the mother read last."""
        query = select(Message.sentence).where(Message.person_id == self.mother.id)
        return session.scalars(query.order_by(Message.id.desc())).first() or ""


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_a_daughter_renews_and_takes_it_back(
    signed_in: Browser, session: Session, scene: Scene
) -> None:
    hers = signed_in(scene.account.id)
    about = f"{PAGES}/contracts/{scene.contract.id}"
    assert "续签，服务不断档" in hers.get(f"{about}/application").text
    sent = hers.post(f"{about}/renew", data={}, follow_redirects=True)
    assert "续签申请已送到团队" in sent.text
    assert scene.mother.name in sent.text
    assert "为您申请了与%(team)s续签" in scene.told(session)
    new = session.scalars(select(Contract).where(Contract.previous_id == scene.contract.id)).one()
    assert new.channel == "agent"
    assert session.get_one(Introduction, new.id).by_name == scene.account.display_name
    gone = hers.post(f"{PAGES}/contracts/{new.id}/cancel", follow_redirects=True)
    assert "申请已撤回" in gone.text
    assert gone.request.path == f"{about}/application"
    assert "撤回了向%(team)s的签约申请" in scene.told(session)
    audited = select(AuditEvent.acting_for).where(AuditEvent.action == "family_doctor:renew")
    assert scene.mother.id in set(session.scalars(audited))


def test_a_daughter_changes_the_team_and_keeps_it(
    client: FlaskClient, bearer: Bearer, session: Session, scene: Scene
) -> None:
    path, hers = f"{BASE}/contracts/{scene.contract.id}", bearer(scene.account.id)
    asked = client.post(f"{path}/change", json={"team_id": str(scene.other.id)}, headers=hers)
    assert asked.status_code == 201
    assert "申请更换签约" in scene.told(session)
    kept = client.post(f"{path}/withdraw-change", headers=hers).json
    assert kept
    assert kept["state"] in ("active", "expiring")
    assert "撤回了更换" in scene.told(session)


def test_a_daughter_ends_it_and_no_stranger_does(
    client: FlaskClient, bearer: Bearer, session: Session, scene: Scene
) -> None:
    path, body = f"{BASE}/contracts/{scene.contract.id}/terminate", {"reason": "own_wish"}
    stranger, _ = make_resident(session, name="路人")
    session.commit()
    assert client.post(path, json=body, headers=bearer(stranger.id)).status_code == 403
    scene.consent.scopes = ["book"]
    session.commit()
    assert client.post(path, json=body, headers=bearer(scene.account.id)).status_code == 403
    scene.consent.scopes = ["sign"]
    session.commit()
    ended = client.post(path, json=body, headers=bearer(scene.account.id)).json
    assert ended
    assert ended["state"] == "terminated"
    assert "解约了" in scene.told(session)


def test_the_familys_contracts_are_listed(
    client: FlaskClient, bearer: Bearer, signed_in: Browser, session: Session, scene: Scene
) -> None:
    hers = bearer(scene.account.id)
    listed = client.get(f"{BASE}/family/contracts", headers=hers).json
    assert listed
    assert [(each["person_name"], each["state"]) for each in listed["items"]] == [
        ("母亲", "expiring")
    ]
    page = signed_in(scene.account.id).get(f"{PAGES}/family").text
    assert f"{PAGES}/contracts/{scene.contract.id}/application" in page
    assert f'hx-get="{PAGES}/family"' in signed_in(scene.account.id).get(f"{PAGES}/mine").text
    scene.consent.ended_at, scene.consent.ended_by = clock.now(), "person"
    session.commit()
    after = client.get(f"{BASE}/family/contracts", headers=hers).json
    assert after == {"items": []}

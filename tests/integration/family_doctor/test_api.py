"""/api/v1/family-doctor: the same way as by the pages, with tokens."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from directory.models import Team
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_basic_pack, make_contract
from tests.factories.residents import make_person, make_resident
from tests.factories.signing import STROKES

BASE = "/api/v1/family-doctor"
Bearer = Callable[[UUID], dict[str, str]]


@pytest.fixture
def team(session: Session) -> tuple[Team, UUID, UUID]:
    make_basic_pack(session)
    made = make_team(session, capacity=3)
    session.commit()
    return made


@pytest.fixture
def resident(session: Session) -> UUID:
    account, _ = make_resident(session)
    session.commit()
    return account.id


def apply(client: FlaskClient, headers: dict[str, str], team_id: UUID, **more: str) -> Any:
    return client.post(f"{BASE}/contracts", json={"team_id": str(team_id)}, headers=headers | more)


def test_the_whole_way(
    client: FlaskClient, bearer: Bearer, team: tuple[Team, UUID, UUID], resident: UUID
) -> None:
    own, leads = bearer(resident), bearer(team[1])
    applied = apply(client, own, team[0].id)
    assert applied.status_code == 201
    path = f"{BASE}/contracts/{applied.json['id']}"
    assert applied.json["state"] == "applied"
    assert client.get(f"{path}/agreement", headers=own).status_code == 404
    assert client.post(f"{path}/accept", headers=leads).json["state"] == "pending_signature"  # type: ignore[index]
    agreement = client.get(f"{path}/agreement", headers=own).json
    assert agreement
    consent = {"agreement_sha256": agreement["sha256"], "agreed": True, "strokes": STROKES}
    signed = client.post(f"{path}/confirm", json=consent, headers=own)
    assert signed.json
    assert signed.json["state"] == "active"
    assert client.get(path, headers=leads).json == signed.json
    promised = client.get(f"{path}/obligations?limit=3", headers=own).json
    assert promised
    assert len(promised["items"]) == 3
    rest = client.get(f"{path}/obligations?cursor={promised['next_cursor']}", headers=own).json
    assert rest
    assert len(rest["items"]) == 2
    capacity = client.get(f"{BASE}/teams/{team[0].id}/capacity").json
    assert capacity == {"team_id": str(team[0].id), "capacity": 3, "taken": 1, "remaining": 2}
    ended = client.post(f"{path}/terminate", json={"reason": "own_wish"}, headers=own)
    assert ended.json
    assert ended.json["state"] == "terminated"


def test_a_retry_gets_the_same_answer(
    client: FlaskClient, bearer: Bearer, team: tuple[Team, UUID, UUID], resident: UUID
) -> None:
    own = bearer(resident)
    first = apply(client, own, team[0].id, **{"Idempotency-Key": "k1"})
    again = apply(client, own, team[0].id, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json) == (201, first.json)
    other = apply(client, own, uuid4(), **{"Idempotency-Key": "k1"})
    assert other.status_code == 409
    assert other.json["code"] == "idempotency_mismatch"
    twice = apply(client, own, team[0].id)
    assert twice.json["code"] == "contract_exists"


def test_consent_must_be_given(
    client: FlaskClient, bearer: Bearer, team: tuple[Team, UUID, UUID], resident: UUID
) -> None:
    own = bearer(resident)
    contract = apply(client, own, team[0].id).json
    client.post(f"{BASE}/contracts/{contract['id']}/accept", headers=bearer(team[1]))
    path = f"{BASE}/contracts/{contract['id']}/confirm"
    refused = client.post(
        path, json={"agreement_sha256": "0" * 64, "strokes": STROKES}, headers=own
    )
    assert refused.status_code == 422
    assert refused.json
    assert refused.json["errors"][0]["field"] == "agreed"


def test_a_rejection_needs_a_reason(
    client: FlaskClient, bearer: Bearer, team: tuple[Team, UUID, UUID], resident: UUID
) -> None:
    contract = apply(client, bearer(resident), team[0].id).json
    path = f"{BASE}/contracts/{contract['id']}/reject"
    refused = client.post(path, json={"reason": " "}, headers=bearer(team[1]))
    assert refused.status_code == 422
    done = client.post(path, json={"reason": "名额留给本辖区居民"}, headers=bearer(team[1]))
    assert done.json
    assert done.json["end_reason"] == "rejected"


def test_strangers_are_kept_out(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: tuple[Team, UUID, UUID],
    resident: UUID,
) -> None:
    contract = make_contract(session, make_person(session), team[0])
    _, rival, _ = make_team(session)
    session.commit()
    path = f"{BASE}/contracts/{contract.id}"
    assert client.get(path).status_code == 401
    for account in (resident, rival):
        assert client.get(path, headers=bearer(account)).status_code == 403
        assert client.get(f"{path}/obligations", headers=bearer(account)).status_code == 403
        assert client.get(f"{path}/agreement", headers=bearer(account)).status_code == 403
    assert client.post(f"{path}/accept", headers=bearer(resident)).status_code == 403
    assert client.post(f"{path}/cancel", headers=bearer(resident)).status_code == 403
    of_team = f"{BASE}/contracts?team_id={team[0].id}"
    assert client.get(of_team, headers=bearer(rival)).status_code == 403
    assert client.get(f"{BASE}/contracts/{uuid4()}", headers=bearer(rival)).status_code == 404


def test_lists_are_scoped(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: tuple[Team, UUID, UUID],
    resident: UUID,
) -> None:
    named = make_person(session, name="韦示例")
    make_contract(session, named, team[0])
    make_contract(session, make_person(session, name="覃示例"), team[0])
    session.commit()
    assert client.get(f"{BASE}/contracts", headers=bearer(resident)).json == {
        "items": [],
        "next_cursor": None,
    }
    assert client.get(f"{BASE}/contracts", headers=bearer(team[1])).json["items"] == []  # type: ignore[index]
    found = client.get(
        f"{BASE}/contracts?team_id={team[0].id}&search=韦", headers=bearer(team[2])
    ).json
    assert found
    assert [item["person_id"] for item in found["items"]] == [str(named.id)]

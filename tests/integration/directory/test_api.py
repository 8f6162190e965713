"""The directory's API: everybody reads, administrators change through the same services."""

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access import Role
from directory.models import Department
from directory.public import institution_facts
from tests.factories.auth import make_account
from tests.factories.directory import (
    COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_department,
    make_divisions,
    make_institution,
    make_staff,
    make_team,
)

Bearer = Callable[[UUID], dict[str, str]]
BASE = "/api/v1/directory"


def county_headers(session: Session, bearer: Bearer) -> dict[str, str]:
    """The token of a county's administrator."""
    make_divisions(session)
    return bearer(make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]}).id)


def test_everybody_reads_nobody_changes_without_a_token(
    client: FlaskClient, session: Session
) -> None:
    institution = make_institution(session)
    team, _, _ = make_team(session, institution)
    for path in (
        "institutions",
        f"departments?institution_id={institution.id}",
        f"staff?institution_id={institution.id}",
        "teams",
    ):
        assert len(client.get(f"{BASE}/{path}").get_json()["items"]) in (0, 1, 2)
    members = client.get(f"{BASE}/teams/{team.id}/members").get_json()["items"]
    assert [member["duty"] for member in members] == ["leader", "nurse"]
    assert client.post(f"{BASE}/institutions", json={}).status_code == 401
    assert client.patch(f"{BASE}/teams/{team.id}", json={"version": 1}).status_code == 401


def test_institutions_from_opening_to_closing(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    headers = county_headers(session, bearer)
    body = {
        "code": "990102-C220-01",
        "name": "一镇卫生院",
        "short_name": "一镇",
        "type_code": "C220",
        "level": "一级甲等",
        "ownership": "public",
        "division_code": TOWNSHIP,
    }
    made = client.post(f"{BASE}/institutions", json=body, headers=headers)
    assert made.status_code == 201
    address = f"{BASE}/institutions/{made.get_json()['id']}"
    changed = client.patch(address, json={"version": 1, "beds": 30}, headers=headers)
    assert (changed.get_json()["beds"], changed.get_json()["name"]) == (30, "一镇卫生院")
    stale = client.patch(address, json={"version": 1, "beds": 40}, headers=headers)
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale_version")
    beyond = client.patch(
        address, json={"version": 2, "division_code": OTHER_TOWNSHIP}, headers=headers
    )
    assert beyond.status_code == 403
    closed = client.post(f"{address}/disable", json={"version": 2}, headers=headers)
    assert closed.get_json()["disabled"] is True
    opened = client.post(f"{address}/enable", json={"version": 3}, headers=headers)
    assert opened.get_json()["disabled"] is False
    history = client.get(
        f"{BASE}/institution/{made.get_json()['id']}/history", headers=headers
    ).get_json()["items"]
    assert [entry["version"] for entry in history] == [4, 3, 2, 1]
    assert history[2]["changes"] == {"beds": [0, 30]}


def test_wrong_input_names_its_field(client: FlaskClient, session: Session, bearer: Bearer) -> None:
    headers = county_headers(session, bearer)
    institution = make_institution(session)
    for body, field in (
        ({"version": 1, "beds": -1}, "beds"),
        ({"version": 1, "type_code": "Z9"}, "type_code"),
        ({"version": 0}, "version"),
        ({"version": 1, "name": "a\x00b"}, "name"),
        ({"version": 1, "id": "x"}, "id"),
    ):
        answer = client.patch(f"{BASE}/institutions/{institution.id}", json=body, headers=headers)
        assert answer.status_code == 422, body
        assert field in [error["field"] for error in answer.get_json()["errors"]]
    assert client.get(f"{BASE}/institutions?search=%00").status_code == 422


def test_a_retry_with_the_same_key_creates_once(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    institution = make_institution(session)
    make_department(session, institution)
    headers = county_headers(session, bearer) | {"Idempotency-Key": "open it"}
    body = {"institution_id": str(institution.id), "specialty_code": "03", "name": "消化内科"}
    first = client.post(f"{BASE}/departments", json=body, headers=headers)
    second = client.post(f"{BASE}/departments", json=body, headers=headers)
    assert first.status_code == second.status_code == 201
    assert first.get_json() == second.get_json()
    count = select(func.count()).where(Department.name == "消化内科")
    assert session.scalar(count) == 1
    other = client.post(f"{BASE}/departments", json=body | {"name": "外科"}, headers=headers)
    assert other.status_code == 409


def test_staff_teams_and_accounts(client: FlaskClient, session: Session, bearer: Bearer) -> None:
    institution = make_institution(session, type_code="C220")
    headers = county_headers(session, bearer)

    def post(path: str, **body: object) -> dict[str, object]:
        answer = client.post(f"{BASE}/{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.get_json()
        result: dict[str, object] = answer.get_json()
        return result

    key = str(institution.id)
    leader = post("staff", institution_id=key, name="覃大夫", profession="doctor")
    nurse = post("staff", institution_id=key, name="黄护士", profession="nurse")
    opened = post(f"staff/{nurse['id']}/account", username="nurse.huang")
    assert len(str(opened["initial_password"])) >= 10
    team = post(
        "teams", institution_id=key, division_code=TOWNSHIP, name="一队", leader_id=leader["id"]
    )
    joined = post(f"teams/{team['id']}/members", version=1, staff_id=nurse["id"], duty="nurse")
    assert len(joined["members"]) == 2  # type: ignore[arg-type]
    me = client.get("/api/v1/auth/me", headers=bearer(UUID(str(opened["account_id"]))))
    assert [(role["role"], role["unit"]) for role in me.get_json()["roles"]] == [
        ("member", team["id"])
    ]
    left = client.delete(
        f"{BASE}/teams/{team['id']}/members/{nurse['id']}?version=2", headers=headers
    )
    assert len(left.get_json()["members"]) == 1
    closed = client.post(f"{BASE}/teams/{team['id']}/disable", json={"version": 3}, headers=headers)
    assert closed.get_json()["disabled"] is True
    too_big = client.patch(
        f"{BASE}/teams/{team['id']}", json={"version": 4, "capacity": 2001}, headers=headers
    )
    assert too_big.status_code == 422


def test_a_disabled_institution_is_in_no_list_and_no_figure(session: Session) -> None:
    make_institution(session, beds=10)
    closed = make_institution(session, beds=99)
    make_staff(session, closed)
    closed.disabled_at = closed.created_at
    session.flush()
    assert institution_facts(session) == [(TOWNSHIP, "A100", "二级", 10, 20, 30)]

"""The edge that every API route shares: problems, tokens, default deny."""

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories.auth import make_account, make_token
from tests.factories.directory import make_institution, make_team


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_an_unknown_address_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json and answer.json["code"] == "not_found"


def test_an_unknown_address_outside_the_api_is_a_page(client: FlaskClient) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "回到首页" in answer.get_data(as_text=True)


def test_a_bad_query_names_the_field(client: FlaskClient) -> None:
    answer = client.get("/api/v1/directory/institutions?limit=0")
    assert answer.status_code == 422
    assert answer.json and answer.json["errors"][0]["field"] == "limit"


def test_a_route_for_accounts_needs_a_token(client: FlaskClient) -> None:
    answer = client.get("/api/v1/auth/me")
    assert answer.status_code == 401
    assert answer.json and answer.json["code"] == "sign_in_required"


def test_a_token_signs_in(
    client: FlaskClient, session: Session, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    account = make_account(session, name="某人")
    answer = client.get("/api/v1/auth/me", headers=bearer(account.id))
    assert answer.json and answer.json["name"] == "某人"


def test_a_token_for_another_application_is_no_key(client: FlaskClient, session: Session) -> None:
    account = make_account(session)
    token = make_token(session, account.id, scope="openid")
    answer = client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_a_list_pages_through_all(client: FlaskClient, session: Session) -> None:
    made = {str(make_institution(session).id) for _ in range(5)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/api/v1/directory/institutions?limit=2&cursor={cursor}").json
        assert page
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen))
    assert made == set(seen)


def test_teams_are_found_by_leader(client: FlaskClient, session: Session) -> None:
    team, _, _ = make_team(session)
    found = client.get("/api/v1/directory/teams", query_string={"search": team.name}).json
    assert found and [item["id"] for item in found["items"]] == [str(team.id)]

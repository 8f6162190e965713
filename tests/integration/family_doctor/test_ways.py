"""The ways of signing: each ends in the same application, which says how it came."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.jobs import defer_by_name
from family_doctor.models import Invitation, WayRule
from family_doctor.services.inviting import SEND
from residents.models import Person
from tests.factories.auth import make_phone
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import (
    make_person,
    make_resident,
)
from tests.factories.signing import STROKES
from tests.factories.ways import link_of, make_card, make_invitation, make_share
from tests.integration.family_doctor.ways import (
    BASE,
    Bearer,
    Crew,
    apply,
    resident,
    sent,
    team,
)

__all__ = ["resident", "sent", "team"]


def test_a_card_says_whose_it_was(
    client: FlaskClient, bearer: Bearer, team: Crew, resident: tuple[Account, Person]
) -> None:
    own, staff = bearer(resident[0].id), bearer(team[2])
    card = client.post(f"{BASE}/cards", json={"team_id": str(team[0].id)}, headers=staff).json
    assert card
    days = clock.local(clock.now()).date() + timedelta(days=90)
    assert card["expires_at"][:7] == (days.isoformat())[:7]
    there = client.get(f"{BASE}/introductions/{card['link']}").json
    assert there
    assert (there["state"], there["channel"]) == ("valid", "card")
    applied = apply(client, own, team[0].id, introduction=card["link"])
    assert (applied.status_code, applied.json["channel"]) == (201, "card")
    path = f"{BASE}/contracts/{applied.json['id']}/introduction"
    for headers in (own, staff):
        shown = client.get(path, headers=headers).json
        assert shown
        assert (shown["by_name"], shown["link_kind"]) == (card["doctor_name"], "card")
        assert not shown["for_another"]


def test_cards_are_printed_again_and_stopped(
    client: FlaskClient, bearer: Bearer, team: Crew, resident: tuple[Account, Person]
) -> None:
    nurse, leads, own = bearer(team[2]), bearer(team[1]), bearer(resident[0].id)
    body: dict[str, object] = {"team_id": str(team[0].id)}
    first, second = (client.post(f"{BASE}/cards", json=body, headers=nurse).json for _ in range(2))
    assert first
    assert second
    assert first["link"] != second["link"]
    third = client.post(f"{BASE}/cards", json=body | {"revoke_older": True}, headers=nurse).json
    assert third
    for old in (first, second):
        refused = apply(client, own, team[0].id, introduction=old["link"])
        assert (refused.status_code, refused.json["code"]) == (409, "link_ended")
    listed = client.get(f"{BASE}/cards", headers=leads).json
    assert listed
    assert [card["state"] for card in listed["items"]] == ["valid", "revoked", "revoked"]
    stopped = client.post(f"{BASE}/cards/{third['id']}/revoke", headers=leads).json
    again = client.post(f"{BASE}/cards/{third['id']}/revoke", headers=nurse).json
    assert stopped
    assert stopped["state"] == "revoked"
    assert again == stopped


def test_a_members_card_is_not_for_other_members_to_stop(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew
) -> None:
    card = make_card(session, team[0], team[1])
    session.commit()
    path = f"{BASE}/cards/{card.id}/revoke"
    assert client.post(path, headers=bearer(team[2])).status_code == 403
    assert client.post(path, headers=bearer(team[1])).status_code == 200


def test_a_list_is_invited_line_by_line_and_nothing_is_lost(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    sent: list[tuple[str, str, str]],
    run_jobs: Callable[[], int],
) -> None:
    phones = [make_phone() for _ in range(4)]
    make_invitation(session, team[0], team[1], phones[2], created_at=clock.now())
    make_contract(session, make_person(session, phone=phones[3]), team[0])
    session.commit()
    lines = [f"甲,{phones[0]}", "不是号码1", phones[1], phones[0], phones[2], phones[3]]
    body = {"team_id": str(team[0].id), "numbers": "\n".join(lines)}
    done = client.post(f"{BASE}/invitations", json=body, headers=bearer(team[2])).json
    assert done
    assert (done["invited"], done["left_today"]) == (2, 200 - 1 - 2)
    assert [(line["line"], line["text"], line["flaw"]) for line in done["refused"]] == [
        (2, "不是号码1", "bad_number"),
        (4, phones[0], "repeated"),
        (5, phones[2], "invited_lately"),
        (6, phones[3], "already_signed"),
    ]
    run_jobs()
    assert sorted(phone for phone, _, _ in sent) == sorted(phones[:2])
    assert all("/family-doctor/in/i" in link and team[0].name in said for _, said, link in sent)
    listed = client.get(f"{BASE}/invitations?state=sent", headers=bearer(team[1]))
    assert [row["masked_phone"][3:7] for row in listed.json["items"]] == ["****"] * 3  # type: ignore[index]
    assert not any(phone in listed.get_data(as_text=True) for phone in phones)
    stored = session.scalar(text("SELECT phone FROM family_doctor_invitation LIMIT 1"))
    assert phones[0].encode() not in bytes(stored)


def test_an_invitation_is_followed_to_the_signature(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    signed_in: Callable[[UUID], FlaskClient],
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    phone = resident[1].phone
    assert phone
    invitation = make_invitation(session, team[0], team[1], phone, sent_at=None)
    session.commit()
    own, leads = bearer(resident[0].id), bearer(team[1])

    def state() -> str:
        listed = client.get(f"{BASE}/invitations", headers=leads).json
        assert listed
        return str(listed["items"][0]["state"])

    assert state() == "queued"
    invitation.sent_at = clock.now()
    session.commit()
    assert state() == "sent"
    assert client.get(f"/family-doctor/in/{link_of(invitation)}").status_code == 200
    assert state() == "opened"
    contract = apply(client, own, team[0].id, introduction=link_of(invitation)).json
    assert contract["channel"] == "invitation"
    assert state() == "applied"
    client.post(f"{BASE}/contracts/{contract['id']}/accept", headers=leads)
    agreement = client.get(f"{BASE}/contracts/{contract['id']}/agreement", headers=own).json
    assert agreement
    consent = {"agreement_sha256": agreement["sha256"], "agreed": True, "strokes": STROKES}
    client.post(f"{BASE}/contracts/{contract['id']}/confirm", json=consent, headers=own)
    assert state() == "signed"
    ways = client.get(f"{BASE}/teams/{team[0].id}/ways", headers=leads).json
    assert ways
    counted = {each["channel"]: (each["applied"], each["in_force"]) for each in ways["channels"]}
    assert counted["invitation"] == (1, 1)
    assert counted["card"] == (0, 0)


def test_do_not_invite_me_holds_for_every_team(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    sent: list[tuple[str, str, str]],
    run_jobs: Callable[[], int],
) -> None:
    phone = make_phone()
    invitation = make_invitation(session, team[0], team[1], phone)
    other, rival, _ = make_team(session)
    late = make_invitation(session, other, rival, phone, sent_at=None)
    session.commit()
    said = client.post(f"{BASE}/introductions/{link_of(invitation)}/refuse", json={"never": True})
    assert said.json
    assert said.json["state"] == "refused"
    for crew, account in ((team[0], team[1]), (other, rival)):
        body = {"team_id": str(crew.id), "numbers": phone}
        done = client.post(f"{BASE}/invitations", json=body, headers=bearer(account)).json
        assert done
        assert [line["flaw"] for line in done["refused"]] == ["stopped"]
    defer_by_name(session, SEND, invitation_id=str(late.id))
    session.commit()
    run_jobs()
    assert sent == []


def test_a_team_invites_so_many_a_day_and_again_after_some_days(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew
) -> None:
    session.scalars(select(WayRule)).one().invitations_per_day = 2
    old = make_phone()
    make_invitation(session, team[0], team[1], old, created_at=clock.now() - timedelta(days=31))
    session.commit()
    numbers = "\n".join([old, make_phone(), make_phone()])
    body = {"team_id": str(team[0].id), "numbers": numbers}
    done = client.post(f"{BASE}/invitations", json=body, headers=bearer(team[1])).json
    assert done
    assert (done["invited"], done["left_today"]) == (2, 0)
    assert [line["flaw"] for line in done["refused"]] == ["day_full"]


def test_a_share_keeps_its_chain_and_tells_numbers_only(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    signed_in: Callable[[UUID], FlaskClient],
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    second, third = make_resident(session)[0], make_resident(session)[0]
    session.commit()
    body = {"team_id": str(team[0].id)}
    first = client.post(f"{BASE}/shares", json=body, headers=bearer(resident[0].id)).json
    assert first
    again = client.post(f"{BASE}/shares", json=body, headers=bearer(resident[0].id)).json
    assert again
    assert again["link"] == first["link"]
    through = body | {"through": first["link"]}
    passed = client.post(f"{BASE}/shares", json=through, headers=bearer(second.id)).json
    assert passed
    assert passed["depth"] == 2
    ring = body | {"through": passed["link"]}
    kept = client.post(f"{BASE}/shares", json=ring, headers=bearer(resident[0].id)).json
    assert kept
    assert kept["depth"] == 1  # the chain that it first had
    browser = signed_in(third.id)
    for _ in range(3):
        assert browser.get(f"/family-doctor/in/{passed['link']}").status_code == 200
    contract = apply(client, bearer(third.id), team[0].id, introduction=passed["link"]).json
    assert contract["channel"] == "wechat_share"
    path = f"{BASE}/teams/{team[0].id}/shares"
    assert client.get(path, headers=bearer(team[2])).status_code == 403
    assert client.get(path, headers=bearer(team[1])).json == {
        "shares": 2, "deepest": 2, "opened": 1, "applied": 1, "signed": 0,
    }  # fmt: skip
    came = client.get(f"{BASE}/contracts/{contract['id']}/introduction", headers=bearer(team[1]))
    assert came.json
    assert came.json["by_name"] == ""


def test_ones_own_share_is_no_way(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    share = make_share(session, team[0], resident[0].id)
    session.commit()
    own = bearer(resident[0].id)
    contract = apply(client, own, team[0].id, introduction=link_of(share)).json
    assert contract["channel"] == "portal"


def test_invitations_of_one_moment_are_counted_together(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew
) -> None:
    body = {"team_id": str(team[0].id), "numbers": make_phone()}
    headers = bearer(team[1]) | {"Idempotency-Key": "once"}
    first, again = (
        client.post(f"{BASE}/invitations", json=body, headers=headers).json for _ in range(2)
    )
    assert first == again
    assert session.scalar(select(func.count()).select_from(Invitation)) == 1

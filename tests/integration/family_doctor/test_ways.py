"""The ways of signing: each ends in the same application, which says how it came."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.jobs import defer_by_name
from core.models import AuditEvent
from directory.models import Team
from family_doctor.models import Introduction, Invitation, Presence, Signature, WayRule
from family_doctor.services.inviting import SEND
from family_doctor.states import State
from notifications.models import Message
from notifications.public import SmsGateway
from residents.models import Person
from residents.ports import IdentityVerifier, Verdict
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_basic_pack, make_contract
from tests.factories.residents import (
    make_consent,
    make_id_number,
    make_person,
    make_resident,
)
from tests.factories.signing import STROKES
from tests.factories.ways import LASTING, link_of, make_card, make_invitation, make_share

BASE = "/api/v1/family-doctor"
Bearer = Callable[[UUID], dict[str, str]]
Crew = tuple[Team, UUID, UUID]


@pytest.fixture
def team(session: Session) -> Crew:
    make_basic_pack(session)
    made = make_team(session, capacity=9)
    session.commit()
    return made


@pytest.fixture
def resident(session: Session) -> tuple[Account, Person]:
    made = make_resident(session)
    session.commit()
    return made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What goes out by SMS: (phone, text, link)."""
    gone: list[tuple[str, str, str]] = []

    def send(_: SmsGateway, phone: str, text: str, link: str, message_id: UUID) -> None:
        gone.append((phone, text, link))

    monkeypatch.setattr(SmsGateway, "send_message", send)
    return gone


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers that the identity service was asked about; it knows every name but 不符."""
    asked: list[str] = []

    def verify(_: IdentityVerifier, name: str, id_number: str) -> Verdict:
        asked.append(id_number)
        return Verdict.MISMATCH if "不符" in name else Verdict.MATCH

    monkeypatch.setattr(IdentityVerifier, "verify", verify)
    return asked


def apply(client: FlaskClient, headers: dict[str, str], team_id: UUID, **more: str) -> Any:
    body = {"team_id": str(team_id), **more}
    return client.post(f"{BASE}/contracts", json=body, headers=headers)


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
    session.get_one(WayRule, 1).invitations_per_day = 2
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


def test_a_representative_applies_and_the_person_is_told(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    resident: tuple[Account, Person],
    sent: list[tuple[str, str, str]],
    run_jobs: Callable[[], int],
) -> None:
    mother_account, mother = make_resident(session, birth_date=date(1950, 1, 1))
    consent = make_consent(session, mother, resident[1], ["sign"])
    card = make_card(session, team[0], team[1])
    session.commit()
    daughter = bearer(resident[0].id)
    made = apply(client, daughter, team[0].id, person_id=str(mother.id), introduction=link_of(card))
    assert (made.status_code, made.json["channel"]) == (201, "agent")
    assert made.json["person_id"] == str(mother.id)
    path = f"{BASE}/contracts/{made.json['id']}"
    assert client.get(path, headers=daughter).status_code == 200
    came = client.get(f"{path}/introduction", headers=daughter).json
    assert came
    assert (came["by_name"], came["link_kind"], came["for_another"]) == (
        resident[0].display_name, "card", True,
    )  # fmt: skip
    run_jobs()
    assert [phone for phone, _, _ in sent] == [mother.phone]
    events = select(AuditEvent).where(AuditEvent.acting_for == mother.id)
    assert session.scalars(events).first() is not None
    refused = client.post(f"{path}/refuse", headers=bearer(mother_account.id)).json
    assert refused
    assert refused["state"] == "cancelled"
    assert session.get_one(Introduction, UUID(made.json["id"])).refused_at is not None
    consent.ended_at, consent.ended_by = clock.now(), "person"
    session.commit()
    assert apply(client, daughter, team[0].id, person_id=str(mother.id)).status_code == 403
    assert client.get(path, headers=daughter).status_code == 403


def test_a_representative_signs_and_is_told(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    account, daughter = resident
    _, mother = make_resident(session, name="黄秀莲", birth_date=date(1950, 1, 1))
    consent = make_consent(session, mother, daughter, ["sign"])
    session.commit()
    own, leads = bearer(account.id), bearer(team[1])
    made = apply(client, own, team[0].id, person_id=str(mother.id)).json
    path = f"{BASE}/contracts/{made['id']}"
    assert client.post(f"{path}/accept", headers=leads).status_code == 200
    agreement = client.get(f"{path}/agreement", headers=own).json
    assert agreement
    body = {"agreement_sha256": agreement["sha256"], "agreed": True, "typed_name": mother.name}
    refused = client.post(f"{path}/confirm", json=body, headers=own).json
    assert refused
    assert refused["code"] == "name_differs"
    body["typed_name"] = daughter.name
    signed = client.post(f"{path}/confirm", json=body, headers=own).json
    assert signed
    assert (signed["state"], signed["person_id"]) == ("active", str(mother.id))
    signature = session.scalars(select(Signature).where(Signature.side == "resident")).one()
    assert (signature.person_id, signature.name) == (daughter.id, daughter.name)
    signing = select(AuditEvent).where(AuditEvent.action == "family_doctor:sign")
    assert {each.acting_for for each in session.scalars(signing)} == {mother.id}
    told = session.scalars(select(Message).where(Message.person_id == daughter.id)).all()
    assert [each.link for each in told] == [
        f"/family-doctor/contracts/{made['id']}/application"
    ] * 2
    consent.ended_at, consent.ended_by = clock.now(), "person"
    session.commit()
    assert client.get(path, headers=own).status_code == 403


def test_nobody_applies_for_strangers(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    resident: tuple[Account, Person],
) -> None:
    stranger = make_person(session)
    session.commit()
    own = bearer(resident[0].id)
    for person_id in (stranger.id, team[1]):
        refused = apply(client, own, team[0].id, person_id=str(person_id))
        assert (refused.status_code, refused.json["code"]) == (403, "denied")


def present(team: Crew, **more: object) -> dict[str, object]:
    body: dict[str, object] = {
        "team_id": str(team[0].id), "name": "覃示例", "id_number": make_id_number(),
        "phone": make_phone(), "evidence": "authorisation", "evidence_number": "委2026-17",
    }  # fmt: skip
    return body | more


def test_staff_apply_on_behalf_with_evidence(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    register: list[str],
    sent: list[tuple[str, str, str]],
    run_jobs: Callable[[], int],
) -> None:
    body = present(team)
    path = f"{BASE}/applications/on-behalf"
    nurse = bearer(team[2])
    for lacking in ("evidence", "evidence_number"):
        unproven = client.post(path, json=body | {lacking: None}, headers=nurse)
        assert unproven.json
        assert (unproven.status_code, unproven.json["code"]) == (422, "evidence_needed")
        assert unproven.json["errors"][0]["field"] == lacking
    assert register == []
    made = client.post(path, json=body, headers=nurse)
    assert made.json
    assert (made.status_code, made.json["channel"]) == (201, "agent")
    person = session.get_one(Person, UUID(made.json["person_id"]))
    assert (person.phone, person.division_code) == (body["phone"], team[0].division_code)
    row = session.get_one(Introduction, UUID(made.json["id"]))
    assert (row.evidence, row.evidence_number) == ("authorisation", "委2026-17")
    kept = session.scalar(text("SELECT evidence_number FROM family_doctor_introduction"))
    assert "委2026-17".encode() not in bytes(kept)
    run_jobs()
    assert [(phone, str(made.json["id"]) in link) for phone, _, link in sent] == [
        (person.phone, True)
    ]
    account = make_account(session, phone=person.phone, person_id=person.id)
    session.commit()
    refused = client.post(
        f"{BASE}/contracts/{made.json['id']}/refuse", headers=bearer(account.id)
    ).json
    assert refused
    assert refused["state"] == "cancelled"


def test_nobody_is_applied_for_who_cannot_be_told(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew, register: list[str]
) -> None:
    path = f"{BASE}/applications/on-behalf"
    refused = client.post(path, json=present(team, phone=None), headers=bearer(team[1]))
    assert refused.json
    assert (refused.status_code, refused.json["code"]) == (409, "nobody_to_tell")
    assert session.scalar(select(func.count()).select_from(Introduction)) == 0


def test_staff_cannot_put_another_phone_on_somebody_known(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew, register: list[str]
) -> None:
    person = make_person(session, name="覃示例", phone=make_phone())
    session.commit()
    before = person.phone
    body = present(team, id_number=person.id_number)
    made = client.post(f"{BASE}/applications/on-behalf", json=body, headers=bearer(team[1]))
    assert made.status_code == 201
    session.refresh(person)
    assert person.phone == before
    wrong = present(team, id_number=person.id_number, name="覃某人")
    refused = client.post(f"{BASE}/applications/on-site", json=wrong, headers=bearer(team[1]))
    assert refused.json
    assert refused.json["code"] == "identity_mismatch"


def test_on_site_the_resident_confirms_on_the_device(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    team: Crew,
    register: list[str],
) -> None:
    nurse, leads = bearer(team[2]), bearer(team[1])
    begun = client.post(f"{BASE}/applications/on-site", json=present(team), headers=nurse).json
    assert begun
    assert begun["contract_id"] is None
    path = f"{BASE}/applications/on-site/{begun['id']}/confirm"
    assert client.post(path, json={}, headers=nurse).status_code == 422
    assert client.post(path, json={"agreed": True}, headers=leads).status_code == 404
    made = client.post(path, json={"agreed": True}, headers=nurse).json
    again = client.post(path, json={"agreed": True}, headers=nurse).json
    assert made
    assert made == again
    assert made["channel"] == "on_site"
    told = select(Message).where(Message.person_id == UUID(made["person_id"]))
    assert len(session.scalars(told).all()) == 1
    accepted = client.post(f"{BASE}/contracts/{made['id']}/accept", headers=leads).json
    assert accepted
    assert accepted["state"] == State.PENDING_SIGNATURE


def test_a_device_left_lying_confirms_nothing(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew, register: list[str]
) -> None:
    nurse = bearer(team[2])
    begun = client.post(f"{BASE}/applications/on-site", json=present(team), headers=nurse).json
    assert begun
    row = session.get_one(Presence, UUID(begun["id"]))
    row.begun_at, row.expires_at = clock.now() - LASTING, clock.now() - timedelta(minutes=1)
    session.commit()
    path = f"{BASE}/applications/on-site/{begun['id']}/confirm"
    refused = client.post(path, json={"agreed": True}, headers=nurse)
    assert refused.json
    assert (refused.status_code, refused.json["code"]) == (409, "presence_over")


def test_identities_are_asked_about_by_few_and_seldom(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew, register: list[str]
) -> None:
    session.get_one(WayRule, 1).checks_per_day = 2
    _, rival, _ = make_team(session)
    session.commit()
    path = f"{BASE}/applications/on-site"
    assert client.post(path, json=present(team), headers=bearer(rival)).status_code == 403
    assert register == []
    wrong = present(team, name="不符示例")
    for expected in (422, 422, 429):
        assert client.post(path, json=wrong, headers=bearer(team[1])).status_code == expected
    assert len(register) == 2
    assert session.scalar(select(func.count()).select_from(Person)) == 0


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

"""Applications in another's name: by who may sign for them, by staff, and on site."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.models import AuditEvent
from family_doctor.models import Introduction, Signature, WayRule
from notifications.models import Message
from residents.models import Person
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import make_team
from tests.factories.residents import (
    make_consent,
    make_id_number,
    make_person,
    make_resident,
)
from tests.factories.ways import link_of, make_card
from tests.integration.family_doctor.ways import (
    BASE,
    Bearer,
    Crew,
    apply,
    register,
    resident,
    sent,
    team,
)

__all__ = ["register", "resident", "sent", "team"]


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


def test_identities_are_asked_about_by_few_and_seldom(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew, register: list[str]
) -> None:
    session.scalars(select(WayRule)).one().checks_per_day = 2
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

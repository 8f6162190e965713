"""Signing at the desk on the team's tablet: no phone of the resident's, and no contract without the
leader.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from directory.models import Team
from family_doctor.agreement import digest
from family_doctor.models import (
    AgreementText,
    Contract,
    Obligation,
    OwnSignature,
    Presence,
    SealedAgreement,
    Signature,
)
from family_doctor.services.on_site import forget_unwitnessed
from family_doctor.services.present import TAILS_PER_DAY
from notifications.models import Message
from residents.models import GroupMembership, Person
from service_packs.models import Group
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract, taken
from tests.factories.residents import make_consent, make_id_number, make_person, number_of
from tests.factories.signing import STROKES
from tests.integration.family_doctor.ways import BASE, Bearer, Crew, register, sent, team

__all__ = ["register", "sent", "team"]
AT = f"{BASE}/applications/on-site"
PAGE = "/family-doctor/ways/on-site"
Sent = list[tuple[str, str, str]]


class Desk:
    """A team's desk with a nurse, and who comes to it."""

    def __init__(self, client: FlaskClient, session: Session, bearer: Bearer, crew: Crew) -> None:
        self.client, self.session = client, session
        self.team: Team = crew[0]
        self.leader, self.nurse = bearer(crew[1]), bearer(crew[2])

    def post(self, path: str, headers: dict[str, str] | None = None, **body: object) -> Any:
        return self.client.post(f"{AT}{path}", json=body, headers=headers or self.nurse)

    def begin(
        self, person: Person | None = None, headers: dict[str, str] | None = None, **more: object
    ) -> Any:
        body: dict[str, object] = {
            "team_id": str(self.team.id),
            "name": person.name if person else "覃示例",
            "id_number": number_of(person) if person else make_id_number(date(1942, 3, 1)),
        }
        return self.post("", headers, **(body | more))

    def prepared(
        self, person: Person | None = None, headers: dict[str, str] | None = None, **more: object
    ) -> tuple[str, str]:
        """The path of the resident at the device, and the digest of the text shown to them."""
        begun = self.begin(person, headers)
        assert begun.status_code == 201, begun.json
        path = f"/{begun.json['id']}"
        done = self.post(f"{path}/prepare", headers, **more)
        assert done.status_code == 200, done.json
        return path, done.json["agreement_sha256"]

    def signed(
        self, person: Person | None = None, headers: dict[str, str] | None = None, **more: object
    ) -> str:
        """The path of one who has signed on the tablet."""
        path, sha256 = self.prepared(person, headers, **more)
        done = self.sign(path, sha256, headers)
        assert (done.status_code, done.json["state"]) == (200, "signed")
        return path

    def sign(
        self, path: str, sha256: str, headers: dict[str, str] | None = None, **more: object
    ) -> Any:
        body: dict[str, object] = {"agreement_sha256": sha256, "agreed": True, "strokes": STROKES}
        return self.post(f"{path}/sign", headers, **(body | more))

    def witness(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.post(f"{path}/witness", headers, seen=True)


@pytest.fixture
def desk(
    client: FlaskClient, session: Session, bearer: Bearer, team: Crew, register: list[str]
) -> Desk:
    return Desk(client, session, bearer, team)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_a_resident_without_a_phone_signs_and_the_leader_brings_it_into_force(
    desk: Desk, session: Session, run_jobs: Callable[[], int], sent: Sent
) -> None:
    begun = desk.begin()
    path = f"/{begun.json['id']}"
    headers = desk.nurse
    assert begun.json["state"] == "begun"
    assert refusal(desk.client.get(f"{AT}{path}/agreement", headers=headers)) == (
        409, "not_prepared",
    )  # fmt: skip
    assert refusal(desk.witness(path)) == (409, "not_signed_yet")
    sha256 = desk.post(f"{path}/prepare").json["agreement_sha256"]
    shown = desk.client.get(f"{AT}{path}/agreement", headers=headers).json
    assert shown
    assert digest(shown["text"]).hex() == shown["sha256"] == sha256
    assert "自双方签名之日起" in shown["text"]
    assert refusal(desk.sign(path, "0" * 64)) == (409, "agreement_changed")
    assert desk.sign(path, sha256, agreed=False).status_code == 422
    assert refusal(desk.sign(path, sha256, strokes=None, typed_name="别人")) == (
        422, "name_differs",
    )  # fmt: skip
    assert desk.sign(path, sha256).status_code == 200
    kept = session.scalar(text("SELECT strokes FROM family_doctor_presence"))
    assert STROKES.encode() not in bytes(kept)
    assert session.scalar(select(func.count()).select_from(Contract)) == 0
    assert desk.post(f"{path}/witness", seen=False).status_code == 422
    made, again = desk.witness(path), desk.witness(path)
    assert made.json == again.json
    contract = session.get_one(Contract, UUID(made.json["id"]))
    assert (contract.state, contract.channel, contract.agreement_text) == (
        "applied", "on_site", shown["text"],
    )  # fmt: skip
    assert taken(session, desk.team.id) == 0
    signature = session.scalars(select(Signature)).one()
    assert (signature.side, signature.method, signature.strokes) == ("resident", "on_site", STROKES)
    assert (signature.person_id, signature.witness_name) == (contract.person_id, "nurse")
    row = session.get_one(Presence, UUID(begun.json["id"]), populate_existing=True)
    assert (row.strokes, row.proof_method is None) == (None, False)
    accepted = desk.client.post(f"{BASE}/contracts/{contract.id}/accept", headers=desk.leader).json
    assert accepted
    assert accepted["state"] == "active"
    assert accepted["agreement_sha256"] == sha256
    assert taken(session, desk.team.id) == 1
    assert session.scalar(select(func.count()).select_from(Obligation))
    run_jobs()
    assert session.get(SealedAgreement, contract.id)
    # They have no phone: the messages wait in the portal, and no SMS goes out.
    told = select(func.count()).where(Message.person_id == contract.person_id)
    assert session.scalar(told) == 2
    assert sent == []


def test_a_leader_who_witnesses_signs_at_once_and_a_phone_is_told_by_sms(
    desk: Desk, session: Session, run_jobs: Callable[[], int], sent: Sent
) -> None:
    person = make_person(session, name="覃示例", phone=make_phone())
    session.commit()
    path, sha256 = desk.prepared(person, desk.leader, years=2)
    typed = desk.sign(path, sha256, desk.leader, strokes=None, typed_name=person.name)
    assert typed.status_code == 200
    assert desk.witness(path, desk.nurse).status_code == 404
    done = desk.witness(path, desk.leader).json
    assert (done["state"], done["term_years"]) == ("active", 2)
    run_jobs()
    assert [phone for phone, _, _ in sent] == [person.phone]
    assert session.get(SealedAgreement, UUID(done["id"]))


def test_a_leader_without_a_kept_signature_leaves_an_application(
    desk: Desk, session: Session
) -> None:
    session.execute(delete(OwnSignature))
    session.commit()
    path = desk.signed(headers=desk.leader)
    assert desk.witness(path, desk.leader).json["state"] == "applied"


def test_only_the_teams_own_and_never_for_themselves(
    desk: Desk, session: Session, bearer: Bearer
) -> None:
    _, _, stranger = make_team(session)
    person = make_person(session, name="覃护士")
    child = make_person(session, name="覃幼儿", birth_date=clock.today() - timedelta(days=2000))
    child.household_id = person.household_id
    own = make_account(
        session, name="覃护士", person_id=person.id, roles={Role.MEMBER: [str(desk.team.id)]}
    )
    session.commit()
    assert desk.begin(headers=bearer(stranger)).status_code == 403
    path = desk.signed()
    assert desk.post(f"{path}/prepare", bearer(stranger)).status_code == 404
    assert desk.witness(path, bearer(stranger)).status_code == 404
    assert desk.begin(person, bearer(own.id)).status_code == 403
    begun = desk.begin(child, bearer(own.id)).json
    by = {"signer_id": str(person.id), "signer_tail": number_of(person)[-4:]}
    assert desk.post(f"/{begun['id']}/prepare", bearer(own.id), **by).status_code == 403


def test_without_a_fresh_proof_nothing_is_witnessed(
    desk: Desk,
    session: Session,
    team: Crew,
    signed_in: Callable[[UUID], FlaskClient],
) -> None:
    browser = signed_in(team[2])
    path = desk.signed()
    with clock.shifted(timedelta(minutes=16)):
        asked = browser.post(f"{PAGE}{path}/witness", data={"seen": "true"})
        assert asked.status_code == 403
        assert "请先确认是您本人" in asked.get_data(as_text=True)
        assert session.scalar(select(func.count()).select_from(Contract)) == 0
    assert browser.post(f"{PAGE}{path}/witness", data={"seen": "true"}).status_code == 303
    assert session.scalar(select(func.count()).select_from(Contract)) == 1


def test_one_key_is_one_contract_and_another_contract_is_none(
    desk: Desk, session: Session, team: Crew
) -> None:
    path = desk.signed()
    key = desk.nurse | {"Idempotency-Key": "once-and-for-all"}
    answers = [desk.witness(path, key).json["id"] for _ in range(2)]
    assert answers == [path[1:]] * 2
    assert session.scalar(select(func.count()).select_from(Contract)) == 1
    assert refusal(desk.sign(path, "0" * 64)) == (409, "presence_over")
    signed = make_person(session, name="覃已签")
    make_contract(session, signed, team[0])
    session.commit()
    assert refusal(desk.begin(signed)) == (409, "contract_exists")
    # Somebody signs elsewhere while they read here.
    late = make_person(session, name="覃两处")
    session.commit()
    path = desk.signed(late)
    make_contract(session, late, team[0])
    session.commit()
    assert refusal(desk.witness(path)) == (409, "contract_exists")


def test_what_is_near_its_end_is_renewed(desk: Desk, session: Session, team: Crew) -> None:
    person = make_person(session, name="覃续签")
    old = make_contract(session, person, team[0], starts_on=clock.today() - timedelta(days=355))
    session.commit()
    path = desk.signed(person, desk.leader)
    done = desk.witness(path, desk.leader).json
    assert old.ends_on
    following = (old.ends_on + timedelta(days=1)).isoformat()
    assert (done["state"], done["kind"], done["starts_on"]) == ("signed", "renewal", following)
    shown = session.get_one(Contract, UUID(done["id"])).agreement_text
    assert shown
    assert f"自 {following} 起" in shown
    assert taken(session, desk.team.id) == 1


def test_a_parent_on_site_signs_for_a_child_and_a_guardian_for_a_ward(
    desk: Desk, session: Session
) -> None:
    parent, other = make_person(session, name="覃家长"), make_person(session, name="覃邻居")
    child = make_person(session, name="覃幼儿", birth_date=clock.today() - timedelta(days=2000))
    child.household_id = parent.household_id
    ward = make_person(session, name="覃受监护")
    make_consent(session, ward, parent, ("sign",)).basis = "ward"
    session.commit()
    tail = number_of(parent)[-4:]
    begun = desk.begin(child).json
    path = f"/{begun['id']}"
    detail = desk.client.get(f"{AT}{path}", headers=desk.nurse).json
    assert detail
    assert detail["needs_signer"]
    assert [each["name"] for each in detail["signers"]] == [parent.name]
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "minor"),
        ({"signer_id": str(other.id), "signer_tail": tail}, "not_represented"),
        ({"signer_id": str(parent.id)}, "evidence_needed"),
        ({"signer_id": str(parent.id), "signer_tail": "0000"}, "identity_mismatch"),
    )
    for body, code in wrong:
        assert desk.post(f"{path}/prepare", **body).json["code"] == code
    for each in (child, ward):
        path, sha256 = desk.prepared(each, signer_id=str(parent.id), signer_tail=tail)
        assert refusal(desk.sign(path, sha256, strokes=None, typed_name=each.name)) == (
            422, "name_differs",
        )  # fmt: skip
        assert desk.sign(path, sha256).status_code == 200
        made = desk.witness(path).json
        assert made["person_id"] == str(each.id)
    signatures = session.scalars(select(Signature)).all()
    assert [(each.person_id, each.name) for each in signatures] == [(parent.id, parent.name)] * 2
    told = select(func.count()).where(Message.person_id == parent.id)
    assert session.scalar(told) == 2
    refused = desk.post(f"/{desk.begin(other).json['id']}/prepare", signer_id=str(parent.id))
    assert refusal(refused) == (409, "not_represented")
    # Who may no longer sign does not, though they were chosen when they might.
    sibling = make_person(session, name="覃妹妹", birth_date=child.birth_date)
    sibling.household_id = parent.household_id
    session.commit()
    path = desk.signed(sibling, signer_id=str(parent.id), signer_tail=tail)
    sibling.household_id = None
    session.commit()
    assert refusal(desk.witness(path)) == (409, "not_represented")


def test_the_digits_of_a_paper_nobody_saw_are_not_found_by_trying(
    desk: Desk, session: Session
) -> None:
    parent = make_person(session, name="覃母亲")
    child = make_person(session, name="覃女儿", birth_date=clock.today() - timedelta(days=2000))
    child.household_id = parent.household_id
    session.commit()
    right = number_of(parent)[-4:]
    for _ in range(2):  # as often as one begins anew
        path = f"/{desk.begin(child).json['id']}"
        for tail in [f"{each:04d}" for each in range(TAILS_PER_DAY // 2)]:
            said = desk.post(f"{path}/prepare", signer_id=str(parent.id), signer_tail=tail)
            assert said.status_code in (422, 200), tail
    late = desk.post(f"{path}/prepare", signer_id=str(parent.id), signer_tail=right)
    assert refusal(late) == (429, "too_many")
    assert int(late.headers["Retry-After"]) > 0


def test_the_text_is_that_of_the_group_and_of_the_day(desk: Desk, session: Session) -> None:
    session.add(Group(code="T-OLD", name="老年人", name_en="Older people"))
    session.flush()
    person = make_person(session, name="覃老人", birth_date=date(1942, 3, 1))
    session.add(
        GroupMembership(
            person_id=person.id, group_code="T-OLD", source="staff", since=clock.today()
        )
    )
    session.add(
        AgreementText(
            group_code="T-OLD", version=1, title="老年人协议", valid_from=clock.today(),
            body="老年人协议\n{{ contract_id }}{{ resident }}{{ team }}{{ items }}{{ years }}",
            published_at=clock.now(),
        )
    )  # fmt: skip
    session.commit()
    path, sha256 = desk.prepared(person)
    shown = desk.client.get(f"{AT}{path}/agreement", headers=desk.nurse).json
    assert shown
    assert shown["text"].startswith("老年人协议")
    # What one signed is what one read: a name that is another now asks for a new text.
    desk.sign(path, sha256)
    person.name = "覃老人家"
    session.commit()
    assert refusal(desk.sign(path, sha256)) == (409, "agreement_changed")
    assert refusal(desk.witness(path)) == (409, "agreement_changed")
    assert desk.post(f"{path}/prepare").json["state"] == "prepared"
    assert refusal(desk.witness(path)) == (409, "not_signed_yet")


def test_a_tablet_left_lying_signs_nothing_and_forgets(desk: Desk, session: Session) -> None:
    path = desk.signed()
    row = session.get_one(Presence, UUID(path[1:]))
    row.begun_at = clock.now() - timedelta(hours=2)
    row.expires_at = clock.now() - timedelta(minutes=1)
    session.commit()
    assert refusal(desk.witness(path)) == (409, "presence_over")
    forget_unwitnessed(session)
    session.refresh(row)
    assert (row.strokes, row.signed_at) == (None, None)

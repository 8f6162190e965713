"""Signing at a desk, packs that wait, labels proposed, transfers, homes, papers, phones, messages:
each address of the other county, asked for by whoever holds a role in this one, with whole bodies.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from family_doctor.models import LabelProposal, Offer, Presence, Transfer, WaitingPack
from notifications.models import Message
from residents.models import PaperClaim, PhoneChange
from service_packs.models import Group
from tests.factories.auth import make_phone
from tests.factories.directory import make_team
from tests.factories.residents import make_person
from tests.factories.signing import STROKES
from tests.integration.security.world import Side, make_sides

Bearer = Callable[[UUID], dict[str, str]]
V = "/api/v1"
FD, RES = f"{V}/family-doctor", f"{V}/residents"
SIGNED = {"strokes": STROKES, "agreed": True, "agreement_sha256": "0" * 64}
ENDED = {"reason": "不再同住", "paper": "household_book", "paper_number": "450000123"}
HOME: dict[str, object] = {"village_code": "990102201001", "house": "1", "whole": False}
ADDRESSES: list[tuple[str, str, Mapping[str, object] | None]] = [
    ("GET", f"{FD}/applications/on-site/{{presence}}", None),
    ("GET", f"{FD}/applications/on-site/{{presence}}/agreement", None),
    ("POST", f"{FD}/applications/on-site/{{presence}}/prepare", {"signer_tail": "0000"}),
    ("POST", f"{FD}/applications/on-site/{{presence}}/sign", SIGNED),
    ("POST", f"{FD}/applications/on-site/{{presence}}/witness", {"seen": True}),
    ("GET", f"{FD}/contracts/{{contract}}/waiting-packs", None),
    ("POST", f"{FD}/waiting-packs/{{pack}}/answer", {"give_back": True}),
    ("GET", f"{FD}/teams/{{team}}/label-proposals", None),
    ("POST", f"{FD}/label-proposals/{{proposal}}/confirm", None),
    ("POST", f"{FD}/label-proposals/{{proposal}}/decline", {"reason": "不是"}),
    ("GET", f"{FD}/transfer-offers/{{offer}}", None),
    ("POST", f"{FD}/transfer-offers/{{offer}}/consent", None),
    ("POST", f"{FD}/transfer-offers/{{offer}}/decline", None),
    ("GET", f"{FD}/transfers/{{transfer}}", None),
    ("GET", f"{FD}/transfers/{{transfer}}/residents", None),
    ("POST", f"{FD}/transfers/{{transfer}}/accept", None),
    ("POST", f"{FD}/transfers/{{transfer}}/decline", {"reason": "满了"}),
    ("POST", f"{FD}/transfers/{{transfer}}/withdraw", None),
    ("GET", f"{FD}/contracts/{{contract}}/agreement.pdf", None),
    ("POST", f"{FD}/contracts/{{contract}}/invite-to-renew", None),
    ("POST", f"{V}/service-packs/service-records/{{record}}/rate", {"stars": 1}),
    ("GET", f"{RES}/people/{{child}}/acting", None),
    ("POST", f"{RES}/people/{{child}}/acting/{{person}}/end", ENDED),
    ("GET", f"{RES}/people/{{person}}/home", None),
    ("PUT", f"{RES}/people/{{person}}/home", HOME),
    ("GET", f"{RES}/claims/{{claim}}", None),
    ("POST", f"{RES}/claims/{{claim}}/confirmation", {"same": "{person}"}),
    ("POST", f"{RES}/claims/{{claim}}/refusal", {"reason": "不符"}),
    ("DELETE", f"{RES}/me/papers/{{claim}}", None),
    ("GET", f"{RES}/phones/{{phone}}", None),
    ("POST", f"{RES}/phones/{{phone}}/code", {"code": "123456"}),
    ("DELETE", f"{RES}/phones/{{phone}}", None),
    ("POST", f"{V}/notifications/messages/read", {"message_id": "{message}"}),
    ("DELETE", f"{V}/auth/identities/{{message}}", None),
]
LISTS = (
    f"{RES}/claims", f"{RES}/phones", f"{FD}/transfers", f"{FD}/transfer-offers",
    f"{V}/notifications/messages", f"{RES}/me/papers",
)  # fmt: skip
ROLES = ("resident", "leader", "registrar", "administrator")


@pytest.fixture
def sides(session: Session) -> tuple[Side, Side]:
    mine, theirs = make_sides(session)
    theirs.ids.update(waiting(session, theirs))
    session.commit()
    return mine, theirs


def waiting(session: Session, side: Side) -> dict[str, UUID]:
    """One of each that waits for somebody of that side."""
    now, person, contract = clock.now(), side.person, side.contract
    other = make_team(session)[0]
    session.add(Group(code="T-04", name="高血压患者", name_en="Hypertension"))
    session.flush()
    child = make_person(
        session,
        name="乙县孩子",
        birth_date=clock.today() - timedelta(days=3000),
        division_code=person.division_code,
    )
    child.household_id, child.relation = person.household_id, "child"
    presence = Presence(
        id=new_id(), team_id=side.team.id, person_id=person.id, account_id=side.nurse,
        evidence="id_card", begun_at=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    pack = WaitingPack(
        id=new_id(), contract_id=contract.id, order_id=side.ids["order"], person_id=person.id,
        team_id=side.team.id, institution_id=contract.institution_id, pack_name="乙县服务包",
        pack_name_en="Pack", waits_until=clock.today() + timedelta(days=9),
    )  # fmt: skip
    proposal = LabelProposal(
        id=new_id(), person_id=person.id, group_code="T-04", said="乙县的话", said_en="Said",
        records=[], made_at=now,
    )  # fmt: skip
    transfer = Transfer(
        id=new_id(), from_team_id=side.team.id, to_team_id=other.id, state="proposed", residents=1,
        note="", proposed_at=now, proposed_by=side.leader, by_name="乙县队长",
        waits_until=now + timedelta(days=9),
    )  # fmt: skip
    offer = Offer(id=new_id(), transfer_id=transfer.id, contract_id=contract.id, state="proposed")
    claim = PaperClaim(
        id=new_id(), account_id=side.resident.id, kind="passport", issuer="VNM",
        number="C1234567", number_index=b"0" * 32, name="乙县来客", sex="male",
        birth_date=clock.today(), division_code=person.division_code,
        institution_id=side.institution.id, state="waiting",
    )  # fmt: skip
    phone = PhoneChange(
        id=new_id(), person_id=person.id, institution_id=side.institution.id, paper="id_card",
        new_phone=make_phone(), challenge_id=new_id(), state="asked", recorded_by=side.registrar,
        recorded_by_name="乙县前台",
    )  # fmt: skip
    message = Message(
        id=new_id(), person_id=person.id, sentence="乙县消息", values={}, link="/", created_at=now
    )
    session.add_all((presence, pack, proposal, transfer, claim, phone, message))
    session.flush()
    session.add(offer)
    session.flush()
    made: dict[str, Any] = {
        "presence": presence, "pack": pack, "proposal": proposal, "transfer": transfer,
        "offer": offer, "claim": claim, "phone": phone, "message": message, "child": child,
    }  # fmt: skip
    return {name: row.id for name, row in made.items()}


def filled(value: object, ids: Mapping[str, UUID]) -> object:
    return value.format(**ids) if isinstance(value, str) else value


def test_the_newest_addresses_keep_the_neighbour_out(
    client: FlaskClient, session: Session, sides: tuple[Side, Side], bearer: Bearer
) -> None:
    mine, theirs = sides
    rows = [WaitingPack, LabelProposal, Transfer, Offer, PaperClaim, PhoneChange, Message]
    before = states(session, rows)
    let_in: list[tuple[str, str, str, int, str]] = []
    for role in ROLES:
        headers = bearer(mine.accounts[role])
        for method, path, body in (*ADDRESSES, *(("GET", each, None) for each in LISTS)):
            sent = {name: filled(value, theirs.ids) for name, value in (body or {}).items()}
            address = str(filled(path, theirs.ids))
            answer = client.open(
                address, method=method, headers=headers, json=sent if body else None
            )
            allowed = (200, 403) if path in LISTS else (403, 404)
            if answer.status_code not in allowed or "乙县" in answer.text:
                let_in.append((role, method, path, answer.status_code, answer.text[:300]))
    assert let_in == []
    assert states(session, rows) == before


def states(session: Session, models: list[Any]) -> list[Any]:
    """What might have been changed."""
    session.expire_all()
    return [
        {column.key: getattr(row, column.key) for column in model.__table__.columns}
        for model in models
        for row in session.scalars(select(model).order_by(model.id))
    ]

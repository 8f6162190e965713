"""Signed in a village without a network: what comes back is taken once, and judged one by one."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from directory.models import Team
from family_doctor.models import (
    AgreementText,
    Contract,
    Introduction,
    OwnSignature,
    SealedAgreement,
)
from family_doctor.queries.signing import signatures_of
from family_doctor.services.field_package import tail_digest
from notifications.models import Message
from residents.models import Person
from service_packs.models import Entitlement
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_basic_pack, make_contract, taken
from tests.factories.field import DEVICE, Tablet
from tests.factories.residents import make_consent, make_id_number, make_person
from tests.factories.service_packs import make_pack, make_paid_order
from tests.integration.family_doctor.ways import BASE, Bearer, Crew, register, team

__all__ = ["register", "team"]
VILLAGE = "试验村"


class Field:
    """A team on its way to a village of three, the nurse with the tablet."""

    def __init__(self, client: FlaskClient, session: Session, bearer: Bearer, crew: Crew) -> None:
        self.client, self.session = client, session
        self.team, leader, nurse = crew
        self.people = [make_person(session, name=f"村民{each}") for each in "甲乙丙"]
        session.commit()
        self.leader, self.nurse = bearer(leader), bearer(nurse)
        self.visit: str = self.post("", self.nurse, **self.wish()).json["id"]

    def wish(self) -> dict[str, object]:
        village = f"{self.team.division_code}201"
        return {"team_id": str(self.team.id), "village_code": village}

    def post(self, path: str, headers: dict[str, str], **body: object) -> Any:
        return self.client.post(f"{BASE}/visits{path}", json=body, headers=headers)

    def of_visit(self, path: str, headers: dict[str, str] | None = None, **body: object) -> Any:
        return self.post(f"/{self.visit}/{path}", headers or self.nurse, **body)

    def load(self) -> Tablet:
        assert self.of_visit("authorise", self.leader).status_code == 200
        loaded = self.of_visit("load", device=DEVICE)
        assert loaded.status_code == 200, loaded.json
        return Tablet(loaded.json)

    def sync(self, *entries: dict[str, Any], device: str = DEVICE) -> Any:
        return self.of_visit("entries", device=device, entries=list(entries))

    def outcomes(self, *entries: dict[str, Any]) -> list[str]:
        answer = self.sync(*entries)
        assert answer.status_code == 200, answer.json
        return [item["outcome"] for item in answer.json["items"]]

    def contracts(self) -> int:
        query = select(func.count()).select_from(Contract)
        return self.session.scalar(query.where(Contract.team_id == self.team.id)) or 0


@pytest.fixture
def field(client: FlaskClient, session: Session, bearer: Bearer, team: Crew) -> Field:
    return Field(client, session, bearer, team)


def test_a_village_is_signed_and_synced_once(
    field: Field, session: Session, run_jobs: Callable[[], int]
) -> None:
    tablet = field.load()
    assert [each["name"] for each in tablet.package["residents"]] == ["村民甲", "村民乙", "村民丙"]
    entries = [tablet.sign(person) for person in field.people]
    first, again = field.sync(*entries), field.sync(*entries)
    assert first.json == again.json
    assert [item["outcome"] for item in first.json["items"]] == ["signed"] * 3
    assert (field.contracts(), taken(session, field.team.id)) == (3, 3)
    contract = session.get_one(Contract, UUID(entries[0]["id"]))
    assert (contract.state, contract.channel, contract.starts_on) == (
        "active", "on_site", clock.today(),
    )  # fmt: skip
    resident, leader = signatures_of(session, contract.id)
    assert (resident.method, resident.name) == ("on_site", "村民甲")
    assert leader.method == "console"
    way = session.get_one(Introduction, contract.id)
    assert (str(way.visit_id), way.evidence) == (field.visit, "id_card")
    told = select(func.count()).where(Message.person_id == field.people[0].id)
    assert session.scalar(told) == 1
    run_jobs()
    assert session.get(SealedAgreement, contract.id)
    closed = field.of_visit("close", device=DEVICE, entries=3, hash=tablet.last_hash)
    assert (closed.json["state"], closed.json["signed"], closed.json["waiting"]) == ("closed", 3, 0)
    late = field.sync(tablet.sign(field.people[0]))
    assert (late.status_code, late.json["code"]) == (409, "visit_over")
    assert field.sync(*entries).json["items"] == first.json["items"]


def test_the_list_does_not_give_away_the_papers_it_checks(field: Field) -> None:
    listed = {each["person_id"]: each["tail_digest"] for each in field.load().package["residents"]}
    person = field.people[0]
    told = listed[str(person.id)]
    assert tail_digest(person.id, (person.id_number or "")[-4:]) == told
    # Four digits that somebody made up do not fit, as a rule; of all there are, many do.
    fits = sum(tail_digest(person.id, f"{four:04d}") == told for four in range(10_000))
    assert 10 < fits < 100


def test_what_cannot_be_signed_waits_for_the_team(field: Field, session: Session) -> None:
    tablet = field.load()
    other = make_team(session)[0]
    make_contract(session, field.people[0], other)
    child = make_person(session, name="村童", birth_date=date(clock.today().year - 9, 1, 1))
    session.commit()
    first, second, third = field.people
    entries = [
        tablet.sign(first),
        tablet.sign(second, id_tail="0000"),
        tablet.sign(second, name="别人"),
        tablet.sign(child),
        tablet.sign(second, agreement_sha256="0" * 64),
        tablet.sign(second, pack_code=tablet.package["pack_code"], years=5,
                    agreement_sha256="0" * 64),
        tablet.sign(second, at=clock.now() - timedelta(days=1)),
        tablet.write(new_id(), '{"name": "不完整"}'),
        tablet.sign(third),
    ]  # fmt: skip
    assert field.outcomes(*entries) == [
        "already_signed", "identity_mismatch", "identity_mismatch", "identity_mismatch",
        "text_withdrawn", "text_withdrawn", "clock_wrong", "unreadable", "signed",
    ]  # fmt: skip
    assert field.contracts() == 1
    waiting = field.client.get(f"{BASE}/visit-entries", headers=field.leader).json
    assert waiting
    assert len(waiting["items"]) == 8
    path = f"{BASE}/visit-entries/{waiting['items'][0]['id']}/settle"
    done = [
        field.client.post(path, json={"note": note}, headers=field.nurse).json
        for note in ("已经联系原团队", "另一句")
    ]
    assert done[0]
    assert done[0]["settled_note"] == "已经联系原团队"
    assert done[0] == done[1]
    of_visit = field.client.get(f"{BASE}/visits/{field.visit}", headers=field.nurse).json
    assert of_visit
    assert (of_visit["signed"], of_visit["waiting"]) == (1, 7)


def test_a_full_team_leaves_nothing_behind(
    field: Field, session: Session, register: list[str]
) -> None:
    tablet = field.load()
    session.get_one(Team, field.team.id).capacity = 1
    session.commit()
    number = make_id_number()
    new = tablet.sign(None, name="新来的", id_number=number)
    assert field.outcomes(tablet.entries[0]) == ["signed"]
    refused = tablet.sign(None, name="再一位", id_number=make_id_number(date(1981, 1, 2)))
    assert field.outcomes(refused) == ["over_capacity"]
    assert len(register) == 2
    assert session.scalar(select(func.count()).where(Person.name == "新来的")) == 1
    assert session.scalar(select(func.count()).where(Person.name == "再一位")) == 0
    assert field.outcomes(new, refused) == ["signed", "over_capacity"]
    assert len(register) == 2
    unknown = tablet.sign(None, name="不符", id_number=make_id_number(date(1982, 1, 2)))
    assert field.outcomes(unknown) == ["identity_mismatch"]


def test_a_child_of_the_township_does_not_sign(field: Field, register: list[str]) -> None:
    tablet = field.load()
    born = date(clock.today().year - 9, 1, 1)
    assert field.outcomes(tablet.sign(None, name="村童", id_number=make_id_number(born))) == [
        "minor"
    ]
    assert len(register) == 1


def household(field: Field, session: Session) -> tuple[Person, Person, Contract]:
    """A child who lives with the first of the village, and the last one's contract that ends soon;
    prepared anew, as the list is of the day.
    """
    parent, _, last = field.people
    child = make_person(session, name="村童", birth_date=date(clock.today().year - 9, 1, 1))
    child.household_id = parent.household_id
    begun = clock.today() - timedelta(days=355)
    old = make_contract(session, last, field.team, starts_on=begun)
    session.commit()
    field.visit = field.post("", field.nurse, **field.wish()).json["id"]
    return child, last, old


def test_a_child_is_signed_by_a_parent_and_a_contract_is_renewed(
    field: Field, session: Session, run_jobs: Callable[[], int]
) -> None:
    child, last, old = household(field, session)
    parent = field.people[0]
    pack, short = make_pack(session, name="慢病管理包"), make_pack(session, name="快到期的包")
    bought = make_paid_order(session, last, pack)
    # It is over before the renewal begins, and goes on by nobody's agreement.
    soon = make_paid_order(session, last, short)
    session.get_one(Entitlement, soon.id).ends_on = clock.today() + timedelta(days=1)
    session.commit()
    tablet = field.load()
    # Bought after the tablet left: it knows nothing of it, and what it showed is what was signed.
    make_paid_order(session, last, make_pack(session, name="后来买的包"))
    session.commit()
    tablet.tails[str(parent.id)] = (parent.id_number or "")[-4:]
    listed = {each["person_id"]: each for each in tablet.package["residents"]}
    assert [each["name"] for each in listed[str(child.id)]["standers"]] == [parent.name]
    assert listed[str(last.id)]["renewal"]["contract_id"] == str(old.id)
    entries = [tablet.sign(child), tablet.sign(last)]
    first, again = field.sync(*entries), field.sync(*entries)
    assert first.json == again.json
    assert [item["outcome"] for item in first.json["items"]] == ["signed", "signed"]
    of_child, renewal = (session.get_one(Contract, UUID(each["id"])) for each in entries)
    assert (of_child.state, of_child.person_id) == ("active", child.id)
    signed = signatures_of(session, of_child.id)[0]
    assert (signed.name, signed.method) == (parent.name, "on_site")
    assert [each.on_behalf for each in signatures_of(session, of_child.id)] == [True, False]
    told = select(func.count()).where(Message.person_id == parent.id)
    assert session.scalar(told) == 1
    assert (renewal.state, renewal.kind, renewal.previous_id) == ("signed", "renewal", old.id)
    assert [each["name"] for each in renewal.agreement_extras or ()] == [pack.name]
    assert renewal.agreement_text is not None
    assert f"到 {bought.ends_on.isoformat()} 为止继续有效" in renewal.agreement_text
    assert of_child.agreement_extras == []
    assert old.ends_on is not None
    assert renewal.starts_on == old.ends_on + timedelta(days=1)
    session.refresh(old)
    assert old.state == "expiring"
    # The renewal goes on in the place of the old contract.
    assert taken(session, field.team.id) == 2
    run_jobs()
    assert session.get(SealedAgreement, of_child.id)


def test_what_changed_meanwhile_is_refused(field: Field, session: Session) -> None:
    child, last, old = household(field, session)
    parent, other, _ = field.people
    tablet = field.load()
    tablet.tails[str(parent.id)] = (parent.id_number or "")[-4:]
    wrong = tablet.sign(child)
    signed_by = json.loads(wrong["payload"])["signed_by"]
    entries = [
        wrong,
        tablet.sign(child, signed_by=signed_by | {"id_tail": "0000"}),
        tablet.sign(child, signed_by=signed_by | {"person_id": str(other.id)}),
        tablet.sign(last),
        tablet.sign(last, renews=str(new_id())),
        tablet.sign(last, at=clock.now()),
    ]
    child.household_id = None
    old.state = "change_requested"
    session.commit()
    assert field.outcomes(entries[0]) == ["not_represented"]
    child.household_id = parent.household_id
    session.commit()
    assert field.outcomes(*entries[1:5]) == [
        "identity_mismatch", "not_represented", "renewal_changed", "renewal_changed",
    ]  # fmt: skip
    old.state = "active"
    session.commit()
    assert field.outcomes(entries[5]) == ["signed"]
    again = tablet.sign(last)
    assert field.outcomes(again) == ["renewal_changed"]
    # A guardian was appointed since: the ward does not sign alone.
    bound = make_consent(session, other, parent, ("sign",))
    bound.basis = "ward"
    session.commit()
    assert field.outcomes(tablet.sign(other)) == ["not_represented"]


def test_a_newer_text_refuses_the_old_one(field: Field, session: Session) -> None:
    tablet = field.load()
    old = session.scalars(select(AgreementText)).one()
    session.add(
        AgreementText(
            id=new_id(),
            version=2,
            title=old.title,
            body=old.body + "\n八、新的一条。",
            valid_from=clock.today(),
            published_at=clock.now(),
        )
    )
    session.commit()
    assert field.outcomes(tablet.sign(field.people[0])) == ["text_withdrawn"]


def test_a_missing_or_changed_entry_is_noticed(field: Field, session: Session) -> None:
    tablet = field.load()
    entries = [tablet.sign(person) for person in field.people]
    assert field.outcomes(entries[1]) == ["chain_broken"]
    changed = dict(entries[0], payload=entries[0]["payload"].replace("id_card", "household_book"))
    assert field.outcomes(changed, entries[1]) == ["chain_broken"]
    assert field.contracts() == 0
    assert field.outcomes(*entries[:2]) == ["signed", "signed"]
    again = dict(entries[1], hash=entries[2]["hash"])
    refused = field.sync(again)
    assert (refused.status_code, refused.json["code"]) == (409, "entry_changed")
    gone = field.of_visit("close", device=DEVICE, entries=3, hash=tablet.last_hash)
    assert (gone.status_code, gone.json["code"]) == (409, "entries_missing")
    shown = field.client.get(f"{BASE}/visits/{field.visit}", headers=field.leader).json
    assert shown
    assert shown["broken_at"]


def test_a_visit_is_of_one_member_and_one_tablet(
    field: Field, session: Session, bearer: Bearer
) -> None:
    early = field.of_visit("load", device=DEVICE)
    assert (early.status_code, early.json["code"]) == (409, "not_authorised")
    assert field.of_visit("authorise", field.nurse).status_code == 403
    tablet = field.load()
    assert field.of_visit("load", device=DEVICE).json == tablet.package
    other = field.of_visit("load", device="e" * 64)
    assert (other.status_code, other.json["code"]) == (409, "other_device")
    entry = tablet.sign(field.people[0])
    assert field.sync(entry, device="e" * 64).json["code"] == "other_device"
    assert field.of_visit("load", field.leader, device=DEVICE).status_code == 403
    stranger = bearer(make_team(session)[1])
    session.commit()
    assert field.of_visit("cancel", stranger).status_code == 403
    assert field.client.get(f"{BASE}/visits/{field.visit}", headers=stranger).status_code == 403
    assert field.of_visit("cancel", field.leader).json["state"] == "cancelled"
    assert field.sync(entry).json["code"] == "visit_over"


def test_a_package_expires(field: Field, bearer: Bearer, team: Crew) -> None:
    tablet = field.load()
    entry = tablet.sign(field.people[0])
    with clock.shifted(timedelta(days=4)):
        field.nurse = bearer(team[2])
        assert field.of_visit("load", device=DEVICE).json["code"] == "visit_over"
        late = tablet.sign(field.people[1])
        assert field.outcomes(entry, late) == ["signed", "clock_wrong"]
    with clock.shifted(timedelta(days=11)):
        field.nurse = bearer(team[2])
        assert field.sync(tablet.sign(field.people[2])).json["code"] == "visit_over"


def test_a_leader_without_a_signature_authorises_nothing(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    make_basic_pack(session)
    crew = make_team(session)
    make_person(session)
    session.execute(delete(OwnSignature))
    session.commit()
    body = {"team_id": str(crew[0].id), "village_code": f"{crew[0].division_code}201"}
    leader = bearer(crew[1])
    made = client.post(f"{BASE}/visits", json=body, headers=leader).json
    assert made
    refused = client.post(f"{BASE}/visits/{made['id']}/authorise", headers=leader).json
    assert refused
    assert refused["code"] == "no_signature"
    nowhere = client.post(f"{BASE}/visits", json=body | {"village_code": "0"}, headers=leader)
    assert nowhere.status_code == 422

"""People for tests."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy.orm import Session

from auth.models import Account
from auth.services.sign_in import phone_index
from core import clock
from core.ids import new_id
from residents.identity import check_digit
from residents.models import (
    Binding,
    Duplicate,
    GroupMembership,
    Household,
    PaperClaim,
    Person,
    Representation,
)
from residents.queries.known_by import identifier_index
from residents.services.identity import id_index, id_tail_index
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import TOWNSHIP, make_divisions

_numbers = count(1)


def make_id_number(birth_date: date = date(1980, 5, 17), division: str = "990102") -> str:
    """A valid number in a division that does not exist."""
    first = f"{division}{birth_date:%Y%m%d}{next(_numbers) % 1000:03d}"
    return first + check_digit(first)


def number_of(person: Person) -> str:
    """The ID number of somebody who has one."""
    assert person.id_number is not None
    return person.id_number


def make_person(
    session: Session,
    *,
    name: str = "示例居民",
    birth_date: date = date(1980, 5, 17),
    division_code: str = TOWNSHIP,
    phone: str | None = None,
    groups: tuple[str, ...] = ("10",),
    id_number: str | None = None,
) -> Person:
    """A person in a household of their own."""
    make_divisions(session)
    household = Household(
        id=new_id(),
        division_code=division_code,
        village_code=f"{division_code}201",
        village_name="试验村",
    )
    session.add(household)
    session.flush()
    number = id_number or make_id_number(birth_date)
    person = Person(
        id=new_id(),
        household_id=household.id,
        relation="self",
        name=name,
        sex="female",
        birth_date=birth_date,
        id_number=number,
        id_index=id_index(number),
        id_tail_index=id_tail_index(number),
        phone=phone,
        phone_index=phone_index(phone) if phone else None,
        division_code=division_code,
    )
    session.add(person)
    session.flush()
    for group in groups:
        session.add(
            GroupMembership(
                person_id=person.id, group_code=group, source="test", since=date(2026, 1, 1)
            )
        )
    session.flush()
    return person


def make_resident(session: Session, **more: object) -> tuple[Account, Person]:
    """A resident who has passed the real-name check, with an account."""
    phone = make_phone()
    person = make_person(session, phone=phone, **more)  # type: ignore[arg-type]
    account = make_account(session, name=person.name, phone=phone, person_id=person.id)
    return account, person


def make_consent(
    session: Session, person: Person, other: Person, scopes: Sequence[str] = ("book",)
) -> Representation:
    """``person`` lets ``other`` act for them."""
    consent = Representation(
        person_id=person.id,
        representative_id=other.id,
        representative_name=other.name,
        representative_index=other.id_index,
        scopes=list(scopes),
        basis="named",
        since=clock.now(),
    )
    session.add(consent)
    session.flush()
    return consent


def make_binding(
    session: Session, applicant: Person, institution_id: UUID, **more: object
) -> Binding:
    """A request to act for a child that nobody here knows, to be checked at an institution."""
    values: dict[str, object] = {
        "way": "document",
        "basis": "child",
        "evidence": "birth_certificate",
        "evidence_number": "T450000001",
        "representative_id": applicant.id,
        "name": "示例孩子",
        "sex": "female",
        "birth_date": clock.today() - timedelta(days=400),
        "scopes": ["book"],
        "until": clock.today() + timedelta(days=5000),
        "institution_id": institution_id,
        "state": "waiting",
        "created_at": clock.now(),
    }
    binding = Binding(**(values | more))
    session.add(binding)
    session.flush()
    return binding


def make_claim(session: Session, institution_id: UUID, **more: object) -> PaperClaim:
    """An account of its own that says to be somebody by a passport, to be shown there."""
    account = make_account(session, phone=make_phone())
    waits = more.get("state", "waiting") == "waiting"
    values: dict[str, object] = {
        "account_id": account.id,
        "kind": "passport",
        "issuer": "VNM",
        "number": "C1234567",
        "number_index": identifier_index("C1234567"),
        "name": "NGUYEN VAN AN",
        "sex": "male",
        "birth_date": date(1990, 5, 17),
        "division_code": TOWNSHIP,
        "institution_id": institution_id,
        "state": "waiting",
        "settled_at": None if waits else clock.now(),
        "created_at": clock.now(),
    }
    claim = PaperClaim(**(values | more))
    session.add(claim)
    session.flush()
    return claim


def make_duplicate(session: Session, one: Person, other: Person, **more: object) -> Duplicate:
    """Two records that may be of one person."""
    first, second = sorted((one, other), key=lambda person: person.id)
    values: dict[str, object] = {
        "first_id": first.id,
        "second_id": second.id,
        "first_division": first.division_code,
        "second_division": second.division_code,
        "score": 0.97,
        "reasons": ["name_same", "sex_same", "id_close"],
        "state": "waiting",
    }
    pair = Duplicate(**(values | more))
    session.add(pair)
    session.flush()
    return pair

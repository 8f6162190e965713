"""People without an ID number: registered by any paper, never twice unasked, numbered later."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.models import Account
from auth.public import phone_index
from core.access import Actor
from core.errors import Conflict, Denied, Invalid
from directory.models import Institution
from residents.models import Duplicate, Identifier, IdentityStep, PaperClaim, Person
from residents.papers import PapersDesk
from residents.ports import IdentityVerifier, Verdict
from residents.queries import find_own_identity, may_act
from residents.queries.identifiers import get_identifiers
from residents.queries.known_by import tails_of
from residents.schemas import (
    AddNumber,
    ClaimPaper,
    ClaimState,
    ConfirmBinding,
    ConfirmClaim,
    IdentifierKind,
    Keeping,
    MergePair,
    RefuseClaim,
    RegisterPerson,
    RegisterState,
    Scope,
)
from residents.services.adding import add_number
from residents.services.bindings import ask_for_child, confirm_binding
from residents.services.claims import claim_paper, confirm_claim, refuse_claim, withdraw_claim
from residents.services.identity import id_tail_index
from residents.services.merging import merge_pair, undo_merge
from residents.services.papers import register_at_desk
from tests.factories.auth import make_account, make_phone
from tests.factories.directory import TOWNSHIP, make_divisions
from tests.factories.residents import make_consent, make_id_number, make_person
from tests.integration.residents.binding import registrar, request, resident, serving

Browser = Callable[[UUID], FlaskClient]
BORN = date(1990, 5, 17)


@pytest.fixture
def place(session: Session) -> Institution:
    make_divisions(session)
    return serving(session)


def foreigner(place: Institution, **more: object) -> RegisterPerson:
    values: dict[str, object] = {
        "institution_id": place.id,
        "kind": IdentifierKind.PASSPORT,
        "number": "C1234567",
        "issuer": "VNM",
        "name": "Nguyen  Van An",
        "sex": "male",
        "birth_date": BORN,
        "division_code": TOWNSHIP,
    }
    return RegisterPerson.model_validate(values | more)


def nobody(session: Session) -> Actor:
    account = make_account(session, phone=make_phone())
    return Actor(account_id=account.id, name="手机用户")


def claim(place: Institution, **more: object) -> ClaimPaper:
    asked = foreigner(place, **more).model_dump(exclude={"same", "anew", "village_code", "phone"})
    return ClaimPaper.model_validate(asked)


def people(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Person)).one()


def test_a_foreigner_is_registered_once_and_found_by_the_passport(
    session: Session, place: Institution
) -> None:
    staff = registrar(session, place)
    done = register_at_desk(session, staff, foreigner(place, phone=make_phone()), None)
    assert done.state is RegisterState.REGISTERED
    assert done.person is not None
    assert done.person.name == "NGUYEN VAN AN"
    again = register_at_desk(session, staff, foreigner(place), None)
    assert (again.state, again.person) == (RegisterState.KNOWN, done.person)
    person = session.get_one(Person, done.person.id)
    assert (person.id_number, person.id_index) == (None, person.id.bytes)
    assert person.record_number is not None
    assert person.verified_at is not None
    assert tails_of(session, [person]) == {person.id: "4567"}
    assert person.id_tail_index == id_tail_index("4567")
    paper = session.scalars(select(Identifier)).one()
    assert (paper.kind, paper.issuer, paper.number) == ("passport", "VNM", "C1234567")
    book = get_identifiers(session, staff, person.id)
    assert (book.masked_id_number, book.steps[0].by_name) == (None, "登记员甲")
    desk = PapersDesk()
    assert desk.person_of(session, "NGUYEN VAN AN", "C1234567") == person.id
    assert desk.person_of(session, "NGUYEN VAN BE", "C1234567") is None


def test_who_looks_the_same_is_asked_about_and_never_made_twice(
    session: Session, place: Institution
) -> None:
    staff = registrar(session, place)
    known = make_person(session, name="陈小港", birth_date=BORN)
    command = foreigner(
        place,
        kind=IdentifierKind.HK_MACAU_PERMIT,
        number="H1234567801",
        issuer="",
        name="陈小港",
        sex="female",
    )
    asked = register_at_desk(session, staff, command, None)
    assert asked.state is RegisterState.ASKED
    assert [(each.id, each.same_paper) for each in asked.alike] == [(known.id, False)]
    assert people(session) == 1
    stranger = make_person(session, name="别人")
    with pytest.raises(Invalid, match="bad_registration"):
        register_at_desk(session, staff, command.model_copy(update={"same": stranger.id}), None)
    same = command.model_copy(update={"same": known.id})
    answer = register_at_desk(session, staff, same, None)
    assert answer.person is not None
    assert (answer.state, answer.person.id) == (RegisterState.KNOWN, known.id)
    other = command.model_copy(update={"number": "H87654321", "anew": True})
    made = register_at_desk(session, staff, other, None)
    assert made.state is RegisterState.REGISTERED
    # The same paper under another name is somebody's already.
    misspelt = command.model_copy(update={"name": "陈小刚"})
    found = register_at_desk(session, staff, misspelt, None)
    assert [(each.id, each.same_paper) for each in found.alike] == [(known.id, True)]
    with pytest.raises(Conflict, match="number_of_another"):
        register_at_desk(session, staff, misspelt.model_copy(update={"anew": True}), None)


def test_a_household_book_is_of_all_who_live_there(session: Session, place: Institution) -> None:
    staff = registrar(session, place)
    book = {"kind": IdentifierKind.HOUSEHOLD_BOOK, "number": "450802001", "issuer": ""}
    first = register_at_desk(session, staff, foreigner(place, **book, name="覃大"), None)
    second = register_at_desk(session, staff, foreigner(place, **book, name="覃二"), None)
    assert [first.state, second.state] == [RegisterState.REGISTERED] * 2
    again = register_at_desk(session, staff, foreigner(place, **book, name="覃二"), None)
    assert (again.state, again.person) == (RegisterState.KNOWN, second.person)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"issuer": ""}, "issuer"),
        ({"number": "C-12345"}, "number"),
        ({"sex": None}, "sex"),
        ({"birth_date": date(2090, 1, 1)}, "birth_date"),
        ({"kind": IdentifierKind.BIRTH_CERTIFICATE, "number": "T450000123"}, "kind"),
        ({"village_code": "nowhere"}, "village_code"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    session: Session, place: Institution, more: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        register_at_desk(session, registrar(session, place), foreigner(place, **more), None)
    assert list(refused.value.fields) == [field]


def test_only_staff_of_the_institution_register_and_an_id_card_is_confirmed_outside(
    session: Session, place: Institution
) -> None:
    with pytest.raises(Invalid):
        register_at_desk(session, registrar(session, serving(session)), foreigner(place), None)
    with pytest.raises(Invalid):
        register_at_desk(session, resident(session), foreigner(place), None)
    staff = registrar(session, place)
    card = foreigner(place, kind=IdentifierKind.ID_CARD, number=make_id_number(), issuer="")
    with pytest.raises(Invalid, match="identity_mismatch"):
        register_at_desk(session, staff, card, Verdict.MISMATCH)
    done = register_at_desk(session, staff, card, Verdict.MATCH)
    assert done.person is not None
    assert session.get_one(Person, done.person.id).id_number == card.number


def test_an_account_becomes_a_person_only_when_staff_saw_the_paper(
    session: Session, place: Institution
) -> None:
    staff, actor = registrar(session, place), nobody(session)
    first = claim_paper(session, actor, claim(place)).items[0]
    second, withdrawn = claim_paper(session, actor, claim(place, number="C7654321")).items
    assert (first.id, withdrawn.state) == (withdrawn.id, ClaimState.WITHDRAWN)
    own = Actor(account_id=actor.account_id, grants=staff.grants)
    with pytest.raises(Denied):
        confirm_claim(session, own, second.id, ConfirmClaim())
    account = session.get_one(Account, actor.account_id)
    assert account.person_id is None
    case = confirm_claim(session, staff, second.id, ConfirmClaim())
    assert confirm_claim(session, staff, second.id, ConfirmClaim()) == case
    session.refresh(account)
    person = session.get_one(Person, account.person_id)
    assert (person.name, person.phone) == ("NGUYEN VAN AN", account.phone)
    seen = Actor(account_id=account.id, person_id=person.id, verified=True)
    identity = find_own_identity(session, seen)
    assert identity is not None
    assert (identity.masked_id_number, identity.paper) == (None, "C7****21")
    with pytest.raises(Denied):
        claim_paper(session, seen, claim(place))


def test_a_claim_joins_somebody_whom_staff_registered_and_is_refused_with_a_reason(
    session: Session, place: Institution
) -> None:
    staff, actor = registrar(session, place), nobody(session)
    known = register_at_desk(session, staff, foreigner(place), None).person
    assert known is not None
    waiting = claim_paper(session, actor, claim(place)).items[0]
    with pytest.raises(Invalid, match="bad_registration"):
        confirm_claim(session, staff, waiting.id, ConfirmClaim())
    case = confirm_claim(session, staff, waiting.id, ConfirmClaim(same=known.id))
    assert case.state is ClaimState.CONFIRMED
    assert session.get_one(Account, actor.account_id).person_id == known.id
    # Another account cannot take the person over.
    other = nobody(session)
    second = claim_paper(session, other, claim(place)).items[0]
    with pytest.raises(Conflict, match="person_has_account"):
        confirm_claim(session, staff, second.id, ConfirmClaim(same=known.id))
    refused = refuse_claim(session, staff, second.id, RefuseClaim(reason="照片不是本人"))
    assert refused.reason == "照片不是本人"
    with pytest.raises(Conflict, match="claim_settled"):
        withdraw_claim(session, other, second.id)


def test_a_claim_does_not_take_a_person_from_the_phone_on_record(
    session: Session, place: Institution
) -> None:
    staff, actor = registrar(session, place), nobody(session)
    known = register_at_desk(session, staff, foreigner(place, phone=make_phone()), None).person
    assert known is not None
    person = session.get_one(Person, known.id)
    before = person.phone
    # An accomplice at the desk says of another's passport that it is theirs.
    waiting = claim_paper(session, actor, claim(place)).items[0]
    with pytest.raises(Conflict, match="phone_on_record"):
        confirm_claim(session, staff, waiting.id, ConfirmClaim(same=person.id))
    assert session.get_one(Account, actor.account_id).person_id is None
    assert person.phone == before
    person.phone = session.get_one(Account, actor.account_id).phone
    person.phone_index = phone_index(person.phone or "")
    case = confirm_claim(session, staff, waiting.id, ConfirmClaim(same=person.id))
    assert case.state is ClaimState.CONFIRMED


def test_a_newborn_is_registered_by_the_birth_certificate_and_the_parent_acts(
    session: Session, place: Institution
) -> None:
    staff, parent = registrar(session, place), resident(session)
    asked = ask_for_child(session, parent, request(place, evidence_number="T450000123"))
    with pytest.raises(Invalid):
        confirm_binding(session, staff, asked.id, ConfirmBinding())
    confirm_binding(session, staff, asked.id, ConfirmBinding(by_document=True))
    child = session.scalars(select(Person).where(Person.name == "覃小宝")).one()
    assert (child.relation, child.id_number) == ("child", None)
    assert may_act(session, parent, child.id, Scope.SIGN)
    assert [(each.kind, each.number) for each in session.scalars(select(Identifier))] == [
        ("birth_certificate", "T450000123")
    ]
    # The other parent asks by the same certificate: the same child.
    mother = resident(session)
    second = ask_for_child(session, mother, request(place, evidence_number="T450000123"))
    confirm_binding(session, staff, second.id, ConfirmBinding(by_document=True))
    assert may_act(session, mother, child.id, Scope.SIGN)
    assert people(session) == 3


def test_the_number_given_later_joins_to_the_same_person(
    session: Session, place: Institution
) -> None:
    staff = registrar(session, place)
    done = register_at_desk(session, staff, foreigner(place), None).person
    assert done is not None
    person, child = session.get_one(Person, done.id), make_person(session, name="孩子")
    held = make_consent(session, child, person)
    card = AddNumber(name="阮文安", id_number=make_id_number(date(1990, 5, 18)))
    with pytest.raises(Invalid, match="identity_mismatch"):
        add_number(session, staff, person.id, card, Verdict.MISMATCH)
    with pytest.raises(Invalid, match="number_says_otherwise"):
        add_number(session, staff, person.id, card, Verdict.MATCH)
    right = card.model_copy(update={"corrects": True})
    assert add_number(session, staff, person.id, right, Verdict.MATCH).pair_id is None
    assert add_number(session, staff, person.id, right, Verdict.MATCH).pair_id is None
    session.refresh(person)
    session.refresh(held)
    assert (person.name, person.birth_date) == ("阮文安", date(1990, 5, 18))
    assert person.id_number == card.id_number
    assert held.representative_index == person.id_index
    steps = session.scalars(select(IdentityStep).order_by(IdentityStep.at)).all()
    assert [row.step for row in steps] == ["registered", "numbered"]
    assert get_identifiers(session, staff, person.id).steps[1].former_name == "NGUYEN VAN AN"
    with pytest.raises(Conflict, match="has_number"):
        other = right.model_copy(update={"id_number": make_id_number()})
        add_number(session, staff, person.id, other, Verdict.MATCH)


def test_a_number_that_another_record_has_is_for_a_merge(
    session: Session, place: Institution
) -> None:
    staff = registrar(session, place)
    done = register_at_desk(session, staff, foreigner(place), None).person
    assert done is not None
    person, other = session.get_one(Person, done.id), make_person(session, name="阮文安")
    number = other.id_number or ""
    card = AddNumber(name="阮文安", id_number=number)
    added = add_number(session, staff, person.id, card, Verdict.MATCH)
    assert added == add_number(session, staff, person.id, card, Verdict.MATCH)
    pair = session.scalars(select(Duplicate)).one()
    assert (added.pair_id, person.id_number) == (pair.id, None)
    keep = Keeping.FIRST if pair.first_id == person.id else Keeping.SECOND
    merge_pair(session, staff, pair.id, MergePair(keep=keep))
    assert (person.id_number, other.id_number, other.merged_into) == (number, None, person.id)
    undo_merge(session, staff, pair.id)
    assert (person.id_number, other.id_number) == (None, number)
    assert person.id_tail_index == id_tail_index("4567")


def test_the_pages_and_the_api_register_ask_claim_and_number(
    session: Session,
    place: Institution,
    signed_in: Browser,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(IdentityVerifier, "verify", lambda self, name, number: Verdict.MATCH)
    staff, actor = registrar(session, place), nobody(session)
    session.commit()
    desk = signed_in(staff.account_id)
    assert "凭证件登记" in desk.get("/residents/register").text
    body = foreigner(place).model_dump(mode="json", exclude_none=True, exclude={"anew"})
    wrong = desk.post("/residents/register", data=body | {"number": "C", "_once": "a"})
    assert wrong.status_code == 422
    done = desk.post("/residents/register", data=body | {"_once": "b"}, follow_redirects=True)
    assert "C1****67" in done.text
    alike = desk.post("/residents/register", data=body | {"number": "D7654321", "_once": "c"})
    assert alike.status_code == 409
    assert "姓名、性别和出生日期相同" in alike.text
    more = body | {"number": "D7654321", "same": "none", "_once": "d"}
    assert desk.post("/residents/register", data=more).status_code == 303
    person = session.scalars(select(Person).order_by(Person.id)).first()
    assert person is not None
    card = {"name": "阮文安", "id_number": make_id_number(BORN), "corrects": "true", "_once": "e"}
    numbered = desk.post(
        f"/residents/people/{person.id}/id-number", data=card, follow_redirects=True
    )
    assert "补登身份证号" in numbered.text  # as a step that was done
    phone = signed_in(actor.account_id)
    asked = claim(place, number="E1234567", name="李四海").model_dump(mode="json")
    assert phone.post("/me/paper/", data=asked | {"_once": "f"}).status_code == 303
    assert "等待核对" in phone.get("/me/paper/").text
    assert "等待核对" in phone.get("/me/").text
    waiting = session.scalars(select(PaperClaim)).one()
    assert "李四海" in desk.get("/residents/claims").text
    page = f"/residents/claims/{waiting.id}"
    assert "E1234567" in desk.get(page).text
    assert desk.post(f"{page}/confirm", data={"_once": "g"}).status_code == 303
    assert "E1****67" in phone.get("/me/").text
    assert signed_in(actor.account_id).get("/residents/register").status_code == 403
    told = client.post("/api/v1/residents/people", json=body, headers=bearer(staff.account_id)).json
    assert told is not None
    assert told["state"] == "asked"
    mine = client.get("/api/v1/residents/me/papers", headers=bearer(actor.account_id)).json
    assert mine is not None
    assert [each["state"] for each in mine["items"]] == ["confirmed"]

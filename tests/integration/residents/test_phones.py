"""A registered phone is changed at a desk, and its owner then joins an account."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from notifications.sms import SmsGateway
from residents.models import Person, PhoneChange
from residents.ports import IdentityVerifier, Verdict
from residents.schemas import AskPhone, PhoneObjection, PhoneState, ReadOut, VerifyIdentity
from residents.services.identity import join_identity
from residents.services.phones import (
    ask_phone,
    due_phones,
    object_to_phone,
    prove_phone,
    settle_phone,
    withdraw_phone,
)
from tests.factories.auth import make_account, make_phone
from tests.factories.residents import make_person, make_resident
from tests.integration.residents.binding import registrar, serving

Browser = Callable[[UUID], FlaskClient]
Jobs = Callable[[], int]
Sent = list[tuple[str, str, str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What went to phones: the phone, the template and the text."""
    gone: Sent = []
    monkeypatch.setattr(
        SmsGateway,
        "_send",
        lambda _, phone, template, params, text, key: gone.append((phone, template, text)),
    )
    monkeypatch.setattr(IdentityVerifier, "verify", lambda *_: Verdict.MATCH)
    return gone


def request(person: Person, institution_id: UUID, phone: str, **more: object) -> AskPhone:
    values: dict[str, object] = {
        "institution_id": institution_id,
        "paper": "id_card",
        "name": person.name,
        "number": person.id_number,
        "phone": phone,
    }
    return AskPhone.model_validate(values | more)


def changed(session: Session, staff: Actor, person: Person, place: UUID, phone: str) -> PhoneChange:
    change, _, code = ask_phone(session, staff, request(person, place, phone), genuine=True)
    for _ in range(2):
        prove_phone(session, staff, change.id, ReadOut(code=code))
    return session.get_one(PhoneChange, change.id)


def join(session: Session, person: Person, phone: str) -> UUID:
    account = make_account(session, name="", phone=phone)
    command = VerifyIdentity(name=person.name, id_number=person.id_number)
    return join_identity(session, Actor(account_id=account.id), command, Verdict.MATCH).id


def test_who_had_no_phone_joins_at_once(session: Session, sent: Sent, run_jobs: Jobs) -> None:
    place = serving(session)
    staff, person, phone = registrar(session, place), make_person(session), make_phone()
    change = changed(session, staff, person, place.id, phone)
    assert (change.state, change.old_phone, person.phone) == (PhoneState.DONE, None, phone)
    session.commit()
    run_jobs()
    ((to, template, text),) = sent
    assert (to, template) == (phone, "message")
    assert "实名认证" in text
    assert join(session, person, phone) == person.id
    with pytest.raises(Conflict, match="has_account"):
        changed(session, staff, person, place.id, make_phone())


def test_an_old_phone_is_told_and_may_stop_it(
    session: Session, sent: Sent, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = serving(session)
    staff, old, new = registrar(session, place), make_phone(), make_phone()
    person = make_person(session, phone=old)
    first = changed(session, staff, person, place.id, new)
    assert (first.state, person.phone) == (PhoneState.WAITING, old)
    with pytest.raises(Conflict, match="phone_waiting"):
        changed(session, staff, person, place.id, make_phone())
    session.commit()
    run_jobs()
    ((to, _, text),) = sent
    assert to == old
    assert f"code={first.objection}" in text
    object_to_phone(session, PhoneObjection(code=first.objection or ""))
    object_to_phone(session, PhoneObjection(code=first.objection or ""))
    with pytest.raises(NotFound):
        object_to_phone(session, PhoneObjection(code="nobody-got-this"))
    with pytest.raises(Conflict, match="phone_settled"):
        withdraw_phone(session, staff, first.id)
    second = changed(session, staff, person, place.id, new)
    settle_phone(session, second.id)
    assert person.phone == old
    later = clock.now() + timedelta(hours=24, minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert due_phones(session) == [second.id]
    settle_phone(session, second.id)
    settle_phone(session, second.id)
    assert (second.state, person.phone) == (PhoneState.DONE, new)
    with pytest.raises(Conflict, match="phone_settled"):
        object_to_phone(session, PhoneObjection(code=second.objection or ""))


def test_who_joined_meanwhile_keeps_their_phone(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = serving(session)
    old = make_phone()
    person = make_person(session, phone=old)
    change = changed(session, registrar(session, place), person, place.id, make_phone())
    join(session, person, old)
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    settle_phone(session, change.id)
    assert (change.state, person.phone) == (PhoneState.LAPSED, old)


def test_what_is_refused_at_the_desk(session: Session) -> None:
    place, elsewhere = serving(session), serving(session)
    staff = registrar(session, place)
    person, (taken, own) = make_person(session), make_resident(session)
    phone = make_phone()

    def refused(
        error: type[Exception], code: str, command: AskPhone, *, genuine: bool = True
    ) -> None:
        with pytest.raises(error, match=code):
            ask_phone(session, staff, command, genuine=genuine)

    refused(Invalid, "papers_differ", request(person, place.id, phone, name="别人"))
    refused(
        Invalid,
        "papers_differ",
        request(person, place.id, phone, number=(own.id_number or "")[::-1]),
    )
    refused(Invalid, "papers_differ", request(person, place.id, phone), genuine=False)
    refused(Invalid, "bad_institution", request(person, elsewhere.id, phone))
    refused(Conflict, "phone_of_another", request(person, place.id, taken.phone or ""))
    himself = Actor(
        account_id=staff.account_id, name="甲", person_id=person.id, grants=staff.grants
    )
    with pytest.raises(Denied):
        ask_phone(session, himself, request(person, place.id, phone), genuine=True)
    change, _, code = ask_phone(session, staff, request(person, place.id, phone), genuine=True)
    with pytest.raises(NotFound):
        prove_phone(session, registrar(session, place), change.id, ReadOut(code=code))


def test_the_pages_and_the_api(
    session: Session,
    sent: Sent,
    signed_in: Browser,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    place = serving(session)
    staff, person, phone = registrar(session, place), make_person(session), make_phone()
    session.commit()
    desk = signed_in(staff.account_id)
    assert "还没有更换过" in desk.get("/residents/phones/").text
    form = request(person, place.id, phone).model_dump(mode="json") | {"_once": "a"}
    assert desk.post("/residents/phones/new", data=form | {"name": "别人"}).status_code == 422
    asked = desk.post("/residents/phones/new", data=form)
    assert asked.status_code == 303
    code = sent[-1][2].split("验证码 ")[1][:6]
    wrong = "000000" if code != "000000" else "111111"
    body = {"code": wrong, "_once": "b"}
    assert desk.post(f"{asked.location}/code", data=body).status_code == 422
    # A colleague does not use up the tries of the code.
    colleague = registrar(session, place)
    session.commit()
    path = asked.location.replace("/residents/phones/", "/api/v1/residents/phones/")
    theirs = bearer(colleague.account_id)
    for _ in range(5):
        answer = client.post(f"{path}/code", json={"code": wrong}, headers=theirs)
        assert answer.status_code == 404
    body = {"code": code, "_once": "c"}
    assert (
        "手机号已更换" in desk.post(f"{asked.location}/code", data=body, follow_redirects=True).text
    )
    listed = client.get("/api/v1/residents/phones", headers=bearer(staff.account_id)).json
    assert listed is not None
    assert [each["state"] for each in listed["items"]] == ["done"]
    assert phone not in desk.get("/residents/phones/").text
    stop = signed_in(staff.account_id).post(
        "/residents/phone-objection", data={"code": "nobody-got-this"}
    )
    assert stop.status_code == 404

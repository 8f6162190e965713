"""Acting for an adult: a code to their own phone, or both before staff; no word to strangers."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth.models import Challenge
from auth.services.codes import CODE_TRIES, CODES_PER_PHONE_HOUR
from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied, Invalid, NotFound
from notifications.models import Message
from notifications.sms import SmsGateway
from residents.models import Binding, Person, Representation
from residents.queries import family_of, list_consents, may_act, representatives_of
from residents.schemas import (
    BindAdult,
    BindingState,
    ChangeConsent,
    EnterCode,
    Evidence,
    GiveConsent,
    RecordBinding,
    Scope,
    Way,
)
from residents.services.adults import ask_for_adult, count_code, enter_code, record_binding
from residents.services.consents import change_consent, end_consent, give_consent
from tests.factories.auth import overseer
from tests.factories.directory import make_institution, make_team
from tests.factories.residents import make_id_number, make_person, make_resident, number_of

Browser = Callable[[UUID], FlaskClient]
Jobs = Callable[[], int]
Codes = dict[str, str]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Codes:
    """The last code that reached each phone."""
    codes: Codes = {}

    def send(phone: str, code: str, challenge_id: UUID, name: str, scopes: Sequence[Scope]) -> None:
        codes[phone] = code

    monkeypatch.setattr("residents.jobs.send", send)
    monkeypatch.setattr(SmsGateway, "send_message", lambda *_: None)
    return codes


def resident(session: Session, **more: object) -> Actor:
    account, person = make_resident(session, **more)
    return Actor(account_id=account.id, name=person.name, person_id=person.id, verified=True)


def person_of(session: Session, actor: Actor) -> Person:
    return session.get_one(Person, actor.person_id)


def request(person: Person, **more: object) -> BindAdult:
    values: dict[str, object] = {
        "name": person.name,
        "id_number": person.id_number,
        "scopes": [Scope.BOOK, Scope.PAY],
    }
    return BindAdult.model_validate(values | more)


def test_a_daughter_acts_by_her_fathers_code(session: Session, run_jobs: Jobs, sent: Codes) -> None:
    daughter, father = resident(session), resident(session, name="韦大山")
    known = person_of(session, father)
    asked = ask_for_adult(session, daughter, request(known))
    session.commit()
    waiting = session.execute(text("SELECT args::text FROM procrastinate_jobs")).scalars().all()
    run_jobs()
    assert known.phone
    code = sent[known.phone]
    secrets = (code, known.phone, daughter.name)
    assert not any(each in job for job in waiting for each in secrets)
    wrong = "000000" if code != "000000" else "111111"
    count_code(session, daughter, asked.id)
    with pytest.raises(Invalid):
        enter_code(session, daughter, asked.id, EnterCode(code=wrong))
    with pytest.raises(NotFound):
        count_code(session, resident(session), asked.id)
    count_code(session, daughter, asked.id)
    for _ in range(2):
        done = enter_code(session, daughter, asked.id, EnterCode(code=code))
        assert done.state is BindingState.CONFIRMED
    assert may_act(session, daughter, known.id, Scope.PAY)
    assert not may_act(session, daughter, known.id, Scope.SIGN)
    (held,) = list_consents(session, father)
    assert held.scopes == (Scope.BOOK, Scope.PAY)
    session.commit()
    run_jobs()
    told = set(session.scalars(select(Message.person_id)))
    assert told == {daughter.person_id, father.person_id}
    end_consent(session, father, held.id)
    assert representatives_of(session, known.id, Scope.PAY) == frozenset()


def test_the_code_says_whom_to_tell_and_what_it_allows(
    session: Session, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[tuple[str, str]] = []
    monkeypatch.setattr(
        SmsGateway,
        "_send",
        lambda _, phone, template, params, text, key: gone.append((template, text)),
    )
    daughter, father = resident(session, name="韦小兰"), resident(session)
    ask_for_adult(session, daughter, request(person_of(session, father)))
    session.commit()
    run_jobs()
    ((template, text),) = gone
    assert template == "consent_code"
    for said in ("韦小兰申请为您代办：预约挂号、缴费", "只告诉您要授权的韦小兰本人", "收回"):
        assert said in text


def test_tries_are_limited_and_a_code_is_good_for_nothing_else(
    session: Session, run_jobs: Jobs, sent: Codes
) -> None:
    daughter, father = resident(session), resident(session)
    known = person_of(session, father)
    asked = ask_for_adult(session, daughter, request(known))
    session.commit()
    run_jobs()
    challenge = session.scalars(select(Challenge)).one()
    assert (challenge.purpose, challenge.account_id) == ("represent", daughter.account_id)
    for _ in range(CODE_TRIES):
        count_code(session, daughter, asked.id)
    with pytest.raises(Invalid):
        count_code(session, daughter, asked.id)
    later = ask_for_adult(session, daughter, request(known))
    with clock.shifted(timedelta(minutes=6)):
        session.commit()
        with pytest.raises(Conflict):
            enter_code(session, daughter, later.id, EnterCode(code="123456"))


def test_a_stranger_learns_nothing_from_any_answer(
    session: Session, run_jobs: Jobs, sent: Codes
) -> None:
    stranger, known = resident(session), person_of(session, resident(session, name="黄大山"))
    silent = make_person(session, name="无手机", phone=None)
    shared = make_person(session, name="同手机", phone=person_of(session, stranger).phone)
    nobody = make_id_number(date(1960, 1, 2))
    asked = [
        request(known),
        request(known, name="黄小山"),
        request(silent),
        request(shared),
        BindAdult(name="黄大山", id_number=nobody, scopes=[Scope.BOOK, Scope.PAY]),
    ]
    shown, errors = [], []
    for command in asked:
        view = ask_for_adult(session, stranger, command)
        shown.append(view.model_dump(exclude={"id", "name", "created_at"}))
        count_code(session, stranger, view.id)
        with pytest.raises(Invalid) as caught:
            enter_code(session, stranger, view.id, EnterCode(code="123456"))
        errors.append((caught.value.code, str(caught.value.message)))
    assert all(view == shown[0] for view in shown)
    assert len(set(errors)) == 1
    assert len({row.way for row in session.scalars(select(Binding))}) == 1
    jobs = session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
    assert jobs == len(asked)
    session.commit()
    run_jobs()
    assert set(sent) == {known.phone}


def test_a_phone_that_got_many_codes_does_not_show(
    session: Session, run_jobs: Jobs, sent: Codes
) -> None:
    known = person_of(session, resident(session))
    for number in range(CODES_PER_PHONE_HOUR + 1):
        view = ask_for_adult(session, resident(session), request(known))
        assert view.state is BindingState.WAITING
        session.commit()
        sent.clear()
        run_jobs()
        assert bool(sent) is (number < CODES_PER_PHONE_HOUR)


def test_who_cannot_be_asked_for_by_code(session: Session) -> None:
    daughter = resident(session)
    child = make_id_number(clock.today() - timedelta(days=4000))
    with pytest.raises(Invalid):
        ask_for_adult(session, daughter, request(person_of(session, daughter)))
    with pytest.raises(Invalid):
        ask_for_adult(
            session, daughter, BindAdult(name="某孩子", id_number=child, scopes=[Scope.BOOK])
        )
    minor = resident(session, birth_date=clock.today() - timedelta(days=4000))
    with pytest.raises(Conflict):
        ask_for_adult(session, minor, request(person_of(session, daughter)))


def test_both_before_staff(session: Session, run_jobs: Jobs, sent: Codes) -> None:
    place = make_institution(session)
    team, leader, _ = make_team(session, place)
    staff = overseer(session, Role.REGISTRAR, str(place.id), name="登记员甲")
    daughter, father = resident(session, name="韦小满"), resident(session, name="韦大山")
    son, parent = person_of(session, daughter), person_of(session, father)
    command = RecordBinding(
        institution_id=place.id,
        person_name=parent.name,
        person_tail=number_of(parent)[-4:],
        representative_name=son.name,
        representative_tail=number_of(son)[-4:],
        evidence=Evidence.ID_CARDS,
        scopes=[Scope.SIGN],
    )
    assert team
    done = record_binding(session, staff, command)
    assert (done.way, done.state, done.checked_by_name) == (
        Way.DESK, BindingState.CONFIRMED, "登记员甲",
    )  # fmt: skip
    assert representatives_of(session, parent.id, Scope.SIGN) == {son.id}
    assert not may_act(session, daughter, parent.id, Scope.BOOK)
    wider = command.model_copy(update={"scopes": [Scope.SIGN, Scope.BOOK]})
    record_binding(session, staff, wider)
    assert session.scalar(select(func.count()).select_from(Representation)) == 1
    assert may_act(session, daughter, parent.id, Scope.BOOK)
    for wrong in (
        {"person_tail": "0000"},
        {"evidence": Evidence.CODE},
        {"representative_name": parent.name, "representative_tail": number_of(parent)[-4:]},
        {"institution_id": make_institution(session).id},
    ):
        with pytest.raises(Invalid):
            record_binding(session, staff, command.model_copy(update=wrong))
    own = Actor(
        account_id=daughter.account_id,
        person_id=daughter.person_id,
        verified=True,
        grants={Role.REGISTRAR: frozenset({str(place.id)})},
    )
    with pytest.raises(Denied):
        record_binding(session, own, command)
    with pytest.raises(Invalid):
        record_binding(session, resident(session), command)
    session.commit()
    run_jobs()
    sentences = list(session.scalars(select(Message.sentence)))
    assert sum("能为您代办的事或期限" in sentence for sentence in sentences) == 1
    assert leader


def test_who_gave_it_changes_it_and_both_are_told(session: Session, run_jobs: Jobs) -> None:
    giver, other = resident(session, name="覃秀英"), resident(session, name="覃小满")
    number = person_of(session, other).id_number
    given = give_consent(session, giver, GiveConsent(name="覃小满", id_number=number))
    assert given.scopes == (Scope.BOOK,)
    session.commit()
    run_jobs()
    last = clock.today() + timedelta(days=10)
    command = ChangeConsent(scopes=[Scope.RENEW, Scope.SIGN], until=last)
    for _ in range(2):
        view = change_consent(session, giver, given.id, command)
        assert (view.scopes, view.until) == ((Scope.SIGN, Scope.RENEW), last)
    with pytest.raises(Denied):
        change_consent(session, other, given.id, command)
    assert family_of(session, other) == []
    (member,) = family_of(session, other, None)
    assert member.scopes == (Scope.SIGN, Scope.RENEW)
    session.commit()
    run_jobs()
    changed = select(Message.person_id).where(Message.sentence.contains("期限有变化"))
    assert set(session.scalars(changed)) == {giver.person_id, other.person_id}
    with clock.shifted(timedelta(days=11)):
        assert list_consents(session, giver) == []
        assert family_of(session, other, None) == []
        with pytest.raises(Conflict):
            change_consent(session, giver, given.id, command)
        again = give_consent(session, giver, GiveConsent(name="覃小满", id_number=number))
        assert again.id != given.id


def test_a_code_joins_what_was_given_under_another_name(
    session: Session, run_jobs: Jobs, sent: Codes
) -> None:
    daughter, father = resident(session, name="韦小满"), resident(session, name="韦大山")
    number, known = person_of(session, daughter).id_number, person_of(session, father)
    given = give_consent(session, father, GiveConsent(name="韦小曼", id_number=number))
    assert representatives_of(session, known.id) == frozenset()
    asked = ask_for_adult(session, daughter, request(known))
    session.commit()
    run_jobs()
    enter_code(session, daughter, asked.id, EnterCode(code=sent[known.phone or ""]))
    assert may_act(session, daughter, known.id, Scope.PAY)
    (held,) = list_consents(session, father)
    assert (held.id, held.name) == (given.id, "韦小曼")


def test_the_pages_bind_by_code(
    session: Session, signed_in: Browser, run_jobs: Jobs, sent: Codes
) -> None:
    account, _ = make_resident(session, name="韦小满")
    father_account, father = make_resident(session, name="韦大山")
    session.commit()
    mine, his = signed_in(account.id), signed_in(father_account.id)
    body = {
        "name": father.name,
        "id_number": father.id_number,
        "scopes": ["", "book"],
        "_once": "a",
    }
    page = mine.post("/me/bindings/adult", data=body, follow_redirects=True)
    assert "请对方读出验证码" in page.text
    run_jobs()
    asked = session.scalars(select(Binding)).one()
    wrong = mine.post(f"/me/bindings/{asked.id}/code", data={"code": "12"})
    assert wrong.status_code == 422
    code = {"code": sent[father.phone or ""], "_once": "b"}
    done = mine.post(f"/me/bindings/{asked.id}/code", data=code, follow_redirects=True)
    assert "现在可以为韦大山代办了" in done.text
    held = session.scalars(select(Representation)).one()
    assert "韦小满" in his.get("/me/family").text
    change = f"/me/family/{held.id}/change"
    assert "更改韦小满的授权" in his.get(change).text
    assert mine.get(change).status_code == 403
    saved = his.post(change, data={"scopes": ["", "sign"]}, follow_redirects=True)
    assert "授权已更改" in saved.text
    session.refresh(held)
    assert held.scopes == ["sign"]
    ended = his.post(f"/me/family/{held.id}/end", follow_redirects=True)
    assert "代办授权已结束" in ended.text

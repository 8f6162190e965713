"""Who may act for whom: children of the household, and adults who said so themselves."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid, TooMany
from notifications.models import Message
from residents.models import Person, Representation
from residents.ports import Verdict
from residents.queries import family_of, list_consents, representatives_of, represented_by
from residents.schemas import Basis, GiveConsent, VerifyIdentity
from residents.services.consents import (
    NAMED_PER_DAY,
    count_named,
    end_consent,
    give_consent,
)
from residents.services.identity import join_identity
from tests.factories.auth import make_account, make_phone
from tests.factories.residents import make_id_number, make_person, make_resident, number_of

Browser = Callable[[UUID], FlaskClient]
Jobs = Callable[[], int]


def resident(session: Session, **more: object) -> Actor:
    account, person = make_resident(session, **more)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def person_of(session: Session, actor: Actor) -> Person:
    return session.get_one(Person, actor.person_id)


def named(session: Session, actor: Actor) -> GiveConsent:
    person = person_of(session, actor)
    return GiveConsent(name=person.name, id_number=person.id_number)


def test_an_adult_lets_another_act_and_either_ends_it(session: Session, run_jobs: Jobs) -> None:
    mother, daughter = resident(session, name="覃秀英"), resident(session, name="覃小满")
    assert mother.person_id
    assert daughter.person_id
    given = give_consent(session, mother, named(session, daughter))
    assert give_consent(session, mother, named(session, daughter)).id == given.id
    assert representatives_of(session, mother.person_id) == {daughter.person_id}
    assert represented_by(session, daughter.person_id) == {mother.person_id}
    assert represented_by(session, mother.person_id) == frozenset()
    (member,) = family_of(session, daughter)
    assert (member.name, member.basis) == ("覃秀英", Basis.NAMED)
    for _ in range(2):
        assert end_consent(session, daughter, given.id).ended_at
    assert representatives_of(session, mother.person_id) == frozenset()
    assert session.get_one(Representation, given.id).ended_by == "representative"
    assert list_consents(session, mother) == []
    session.commit()
    run_jobs()
    told = {(message.person_id, message.sentence) for message in session.scalars(select(Message))}
    assert {who for who, sentence in told if "已结束" in sentence} == {
        mother.person_id,
        daughter.person_id,
    }
    assert {who for who, sentence in told if "授权您代办" in sentence} == {daughter.person_id}
    # A message to the giver would tell that the one they named is known here.
    assert [who for who, sentence in told if "可以为您代办" in sentence] == []


def test_nobody_learns_whether_a_number_is_known(session: Session) -> None:
    giver, known = resident(session), resident(session, name="黄大山")
    number = person_of(session, known).id_number
    right = give_consent(session, giver, GiveConsent(name="黄大山", id_number=number))
    nobody = give_consent(
        session, giver, GiveConsent(name="黄大山", id_number=make_id_number(date(1990, 1, 2)))
    )
    wrong_name = resident(session)
    other = give_consent(session, wrong_name, GiveConsent(name="黄小山", id_number=number))
    shown = [view.model_dump(exclude={"id", "since"}) for view in (right, nobody)]
    assert shown[0] == shown[1]
    assert other.name == "黄小山"
    assert wrong_name.person_id
    assert representatives_of(session, wrong_name.person_id) == frozenset()
    assert len(list_consents(session, giver)) == 2


def test_it_holds_from_when_the_named_person_is_known(session: Session) -> None:
    giver = resident(session)
    number = make_id_number(date(1985, 3, 4))
    for name in ("韦新来", "韦别人"):
        actor = giver if name == "韦新来" else resident(session)
        give_consent(session, actor, GiveConsent(name=name, id_number=number))
    account = make_account(session, phone=make_phone())
    command = VerifyIdentity(
        name="韦新来", id_number=number, division_code=person_of(session, giver).division_code
    )
    view = join_identity(session, Actor(account_id=account.id), command, Verdict.MATCH)
    assert represented_by(session, view.id) == {giver.person_id}


def test_a_member_of_the_household_is_chosen_by_name(session: Session) -> None:
    giver, stranger = resident(session), resident(session)
    son = make_person(session, name="覃大山", birth_date=date(1990, 1, 1))
    son.household_id = person_of(session, giver).household_id
    session.flush()
    view = give_consent(session, giver, GiveConsent(member_id=son.id))
    assert (view.name, view.basis) == ("覃大山", Basis.HOUSEHOLD)
    assert giver.person_id
    assert representatives_of(session, giver.person_id) == {son.id}
    with pytest.raises(Invalid):
        give_consent(session, stranger, GiveConsent(member_id=son.id))


def test_who_cannot_give_it(session: Session) -> None:
    adult = resident(session)
    child = resident(session, birth_date=clock.today() - timedelta(days=4000))
    unchecked = Actor(account_id=make_account(session).id)
    with pytest.raises(Conflict) as caught:
        give_consent(session, child, named(session, adult))
    assert caught.value.code == "not_of_age"
    with pytest.raises(Denied):
        give_consent(session, unchecked, named(session, adult))
    for bad in (
        named(session, adult),
        GiveConsent(),
        GiveConsent(name="某人", id_number="1" * 18),
    ):
        with pytest.raises(Invalid):
            give_consent(session, adult, bad)


def test_a_stranger_ends_nothing(session: Session) -> None:
    giver, other, stranger = (resident(session) for _ in range(3))
    given = give_consent(session, giver, named(session, other))
    with pytest.raises(Denied):
        end_consent(session, stranger, given.id)
    assert giver.person_id
    assert representatives_of(session, giver.person_id) == {other.person_id}


def test_naming_is_limited(session: Session) -> None:
    actor = resident(session)
    for _ in range(NAMED_PER_DAY):
        count_named(session, actor)
    with pytest.raises(TooMany):
        count_named(session, actor)


def test_the_page_shows_both_sides(session: Session, signed_in: Browser) -> None:
    account, giver = make_resident(session, name="覃秀英")
    other_account, other = make_resident(session, name="覃小满")
    child = make_person(session, name="覃小宝", birth_date=clock.today() - timedelta(days=2500))
    child.household_id = giver.household_id
    session.commit()
    mine, theirs = signed_in(account.id), signed_in(other_account.id)
    assert "同一户的未成年家人" in mine.get("/me/family").text
    body = {"name": other.name, "id_number": other.id_number, "_once": "a"}
    answer = mine.post("/me/family/new", data=body, follow_redirects=True)
    assert "已授权覃小满" in answer.text
    page = theirs.get("/me/family").text
    assert "覃秀英" in page
    assert "不再代办" in page
    assert number_of(other) not in mine.get("/me/family").text
    given = session.scalars(select(Representation)).one()
    ended = mine.post(f"/me/family/{given.id}/end", follow_redirects=True)
    assert "代办授权已结束" in ended.text
    assert "覃秀英" not in theirs.get("/me/family").text


def test_the_api_tells_gives_and_ends(
    session: Session, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    account, _ = make_resident(session)
    _, other = make_resident(session, name="覃小满")
    session.commit()
    headers = bearer(account.id)
    body = {"name": other.name, "id_number": other.id_number}
    made = client.post("/api/v1/residents/me/representatives", json=body, headers=headers)
    assert made.status_code == 201
    family = client.get("/api/v1/residents/me/family", headers=headers).json
    assert family
    assert [each["name"] for each in family["representatives"]] == ["覃小满"]
    assert made.json
    address = f"/api/v1/residents/me/representations/{made.json['id']}"
    for _ in range(2):
        assert client.delete(address, headers=headers).status_code == 200

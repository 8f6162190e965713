"""Adults act for the children of their household until a parent, they themselves or staff end it;
and who moves in or out is known to those who live there.
"""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Denied, Invalid, NotFound
from notifications.models import Message
from residents.models import Person, Representation
from residents.queries import carers_of, last_day_as_child, representatives_of, represented_by
from residents.queries.household import household_acting
from residents.queries.signers import standers
from residents.schemas import (
    BarPaper,
    Basis,
    EndHouseholdActing,
    MoveHome,
    MoveWay,
    PlaceInHome,
    Relation,
    Scope,
)
from residents.services.holding import hold
from residents.services.homes import move_home, place_in_home
from residents.services.household import end_household_acting
from tests.factories.residents import make_person, number_of
from tests.integration.residents.binding import child_of_ten, registrar, resident, serving
from tests.integration.residents.test_homes import HERE, person_of, villages

Browser = Callable[[UUID], FlaskClient]
PLAIN = EndHouseholdActing()
SEEN = EndHouseholdActing(reason="法院判归母亲抚养", paper=BarPaper.COURT, paper_number="2026-1")


class Home:
    """A mother, a father and an aunt with a child."""

    def __init__(self, session: Session) -> None:
        villages(session)
        self.session = session
        self.mother, self.father, self.aunt = (resident(session, name=n) for n in "母父姑")
        self.home = person_of(session, self.mother).household_id
        for each, relation in ((self.father, "spouse"), (self.aunt, "sibling")):
            person = person_of(session, each)
            person.household_id, person.relation = self.home, relation
        self.child = make_person(session, name="小宝", birth_date=child_of_ten())
        self.child.household_id, self.child.relation = self.home, "child"
        session.flush()

    def acts(self, actor: Actor) -> bool:
        """Whether an adult acts for the child, by every way in which it is asked."""
        session, own = self.session, actor.person_id
        assert own
        answers = {
            own in representatives_of(session, self.child.id),
            self.child.id in represented_by(session, own),
            own in (carers_of(session, {self.child.id}).get(self.child.id) or ("", ()))[1],
            own in {
                each.person.id
                for each in standers(session, [self.child.id], Scope.SIGN).get(self.child.id, [])
            },
        }  # fmt: skip
        assert len(answers) == 1
        return answers.pop()


@pytest.fixture
def home(session: Session) -> Home:
    return Home(session)


def said(session: Session, actor: Actor) -> str:
    query = select(Message.sentence).where(Message.person_id == actor.person_id)
    return "\n".join(session.scalars(query))


def test_a_parent_objects_and_others_may_only_stop(
    home: Home, session: Session, run_jobs: Callable[[], int]
) -> None:
    child = home.child.id
    mother, father, aunt = home.mother, home.father, home.aunt
    assert father.person_id
    assert aunt.person_id
    assert mother.person_id
    with pytest.raises(Denied):  # an aunt is no parent
        end_household_acting(session, aunt, child, mother.person_id, PLAIN)
    for _ in range(2):
        found = end_household_acting(session, mother, child, father.person_id, PLAIN)
    assert [each.name for each in found.adults] == ["母", "姑"]
    assert (home.acts(father), home.acts(mother), home.acts(aunt)) == (False, True, True)
    with pytest.raises(Denied):  # who may not act does not object either
        end_household_acting(session, father, child, mother.person_id, PLAIN)
    end_household_acting(session, aunt, child, aunt.person_id, PLAIN)
    assert not home.acts(aunt)
    session.commit()
    run_jobs()
    assert "不再按同住为" in said(session, father)
    assert "不再按同住为" in said(session, mother)
    # A document lets him act again, within what it says, and then by that alone.
    him = person_of(session, father)
    bound = bind(session, home.child, him)
    assert him.id in representatives_of(session, child, Scope.BOOK)
    assert him.id not in representatives_of(session, child, Scope.PAY)
    by = {each.name: each.by_document for each in household_acting(session, mother, child).adults}
    assert by == {"父": True, "母": False}
    bound.ended_at, bound.ended_by = bound.since, "representative"
    session.flush()
    assert not home.acts(father)


def bind(session: Session, child: Person, adult: Person) -> Representation:
    until = last_day_as_child(child.birth_date)
    assert adult.id_index
    named = (adult.name, adult.id_index)
    return hold(session, child, adult, named, Basis.CHILD, [Scope.BOOK], until)


def test_staff_end_it_by_a_document(
    home: Home, session: Session, client: FlaskClient, signed_in: Browser,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:  # fmt: skip
    institution = serving(session)
    desk, child = registrar(session, institution), home.child.id
    assert home.father.person_id
    father = home.father.person_id
    with pytest.raises(Invalid):
        end_household_acting(session, desk, child, father, PLAIN)
    elsewhere = registrar(session, serving(session, "990103001"))
    with pytest.raises(Denied):
        end_household_acting(session, elsewhere, child, father, SEEN)
    with pytest.raises(NotFound):
        end_household_acting(session, desk, child, make_person(session).id, SEEN)
    with pytest.raises(NotFound):  # who is of age has nobody act by household
        household_acting(session, desk, father)
    session.commit()
    assert desk.account_id
    staff = signed_in(desk.account_id)
    page = f"/residents/people/{child}/acting"
    assert "结束父按同住代办" in staff.get(page).get_data(as_text=True)
    form = {"paper": "court", "paper_number": "（2026）1号", "reason": "法院判归母亲抚养"}
    refused = staff.post(f"{page}/{father}/end", data={**form, "reason": ""})
    assert refused.status_code == 422
    assert staff.post(f"{page}/{father}/end", data=form).status_code == 303
    assert not home.acts(home.father)
    mother = signed_in(home.mother.account_id)
    assert "谁在代办" in mother.get("/me/family").get_data(as_text=True)
    assert "按同住" in mother.get(f"/me/family/{child}/acting").get_data(as_text=True)
    aunt = home.aunt.person_id
    assert mother.post(f"/me/family/{child}/acting/{aunt}/end").status_code == 303
    api = f"/api/v1/residents/people/{child}/acting"
    left = client.get(api, headers=bearer(home.mother.account_id)).json
    assert left
    assert [each["name"] for each in left["adults"]] == ["母"]
    assert client.get(api, headers=bearer(home.father.account_id)).status_code == 403
    own = client.post(
        f"{api}/{home.mother.person_id}/end", json={}, headers=bearer(home.mother.account_id)
    )
    assert (own.status_code, own.get_json()["adults"]) == (200, [])


def test_who_moves_in_or_out_is_known_to_those_who_live_there(
    home: Home, session: Session, run_jobs: Callable[[], int]
) -> None:
    desk = registrar(session, serving(session))
    uncle, kin = resident(session, name="舅"), resident(session, name="外婆")
    uncle_person = person_of(session, uncle)
    bind(session, home.child, person_of(session, kin))
    book = PlaceInHome(
        member_number=number_of(person_of(session, home.mother)), relation=Relation.OTHER
    )
    place_in_home(session, desk, uncle_person.id, book)
    session.commit()
    run_jobs()
    assert "您的住址登记到了" in said(session, uncle)
    for each in (home.mother, home.father, home.aunt):
        assert "可以为家里的孩子代办" in said(session, each)
    assert "您代办的孩子那一户" in said(session, kin)
    move_home(session, uncle, uncle_person.id, MoveHome(village_code=HERE), MoveWay.DECLARED)
    session.commit()
    run_jobs()
    for each in (home.mother, home.father, home.aunt):
        assert "从您家这一户迁出了" in said(session, each)
    assert "迁出" not in said(session, uncle)
    # The whole home moves together: nobody is told of the others.
    whole = MoveHome(village_code=HERE, whole=True)
    before = said(session, home.father).count("\n")
    move_home(session, home.mother, home.mother.person_id, whole, MoveWay.DECLARED)
    session.commit()
    run_jobs()
    # Of his own address, and of the child's.
    assert said(session, home.father).count("\n") == before + 2

"""Where people live: declared by themselves, or by staff who saw a document.

Who lives where decides who serves them and, for children, who may act for them. Contracts keep the
division of their signing; everything else reads the person and the household.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth.public import count_try
from core import clock
from core.access import Actor, require
from core.crypto import blind_index
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from directory.public import find_village
from directory.schemas import VillageView
from residents.events import HomeChanged
from residents.models import Duplicate, HomeMove, Household, HouseholdCode, Person
from residents.queries import came_of_age, find_by_number, standing
from residents.queries.homes import HEADS, home_of, members_of
from residents.queries.identifiers import numbers_resource
from residents.schemas import (
    HomeAction,
    HomeCode,
    HomeView,
    JoinHome,
    MoveHome,
    MoveWay,
    PlaceInHome,
    Relation,
)
from residents.services.identity import check_id_number, id_index

TOWNSHIP_DIGITS = 9
CODE_LASTS = timedelta(days=1)
CODES_TRIED_PER_DAY = 10
ACTIONS = {MoveWay.DECLARED: HomeAction.DECLARE, MoveWay.CHECKED: HomeAction.CHECK}


def move_home(
    session: Session, actor: Actor, person_id: UUID | None, command: MoveHome, way: MoveWay
) -> HomeView:
    """A person lives at another place; said again it is the same. Raises NotFound, Denied, Invalid,
    Conflict ``not_the_head`` or ``children_alone``.
    """
    person = _may(session, actor, person_id, way)
    village = find_village(session, command.village_code)
    if village is None:
        raise _bad("village_code", N_("请从列表中选择村或社区。"))
    home = session.get(Household, person.household_id) if person.household_id else None
    members = members_of(session, person.household_id)
    if home and (home.village_code, home.house or "") == (village.code, command.house):
        return home_of(session, person)
    if home and (command.whole or len(members) == 1):
        if len(members) > 1 and person.relation not in HEADS:
            raise Conflict("not_the_head", N_("整户搬迁由户主办理；您可以只搬自己的。"))
        _move_whole(session, actor, home, members, village, command.house, way)
    else:
        _must_not_leave_children(person, members)
        made = _household(session, village, command.house)
        _enter(session, actor, person, home, made, Relation.HEAD, way)
        _new_head(members, person)
    session.flush()
    return home_of(session, person)


def make_home_code(session: Session, actor: Actor) -> HomeCode:
    """The head lets one adult in. Raises NotFound, Denied, Conflict ``not_the_head``."""
    person = _may(session, actor, actor.person_id, MoveWay.DECLARED)
    if person.household_id is None or person.relation not in HEADS:
        raise Conflict("not_the_head", N_("加入家庭的代码由户主生成。请先登记住址，或请户主办理。"))
    code = f"{secrets.randbelow(100_000_000):08d}"
    row = HouseholdCode(
        id=new_id(),
        household_id=person.household_id,
        made_by=person.id,
        code_hash=_code_hash(code),
        created_at=clock.now(),
        expires_at=clock.now() + CODE_LASTS,
    )
    session.add(row)
    session.flush()
    return HomeCode(code=code, expires_at=row.expires_at)


def count_home_code(session: Session, actor: Actor) -> None:
    """Count a code tried; in a transaction of its own. Raises TooMany."""
    count_try(session, "home code", str(actor.account_id), CODES_TRIED_PER_DAY, timedelta(days=1))


def join_home(session: Session, actor: Actor, command: JoinHome) -> HomeView:
    """An adult enters the household whose head gave them the code; one with children is entered at
    a desk, as its adults act for them. ``count_home_code`` came before. Raises NotFound, Denied,
    Invalid, Conflict ``not_of_age`` or ``children_here``.
    """
    person = _may(session, actor, actor.person_id, MoveWay.DECLARED)
    if person.birth_date > came_of_age():
        raise Conflict("not_of_age", N_("未成年人由家长带户口簿到机构办理。"))
    relation = _not_head(command.relation)
    used = session.execute(
        update(HouseholdCode)
        .where(
            HouseholdCode.code_hash == _code_hash(command.code),
            HouseholdCode.used_at.is_(None),
            HouseholdCode.expires_at > clock.now(),
            HouseholdCode.made_by != person.id,
        )
        .values(used_at=clock.now(), used_by=person.id)
        .returning(HouseholdCode.household_id, HouseholdCode.made_by)
    ).one_or_none()
    head = session.get(Person, used.made_by) if used else None
    if used is None or head is None or head.household_id != used.household_id:
        raise _bad("code", N_("代码不对或已过期，请户主重新生成一个。"))
    if any(each.birth_date > came_of_age() for each in members_of(session, used.household_id)):
        raise Conflict(
            "children_here",
            N_("这户有未成年人，同住的成年人可以为孩子代办，请带户口簿到机构登记。"),
        )
    _change_household(session, actor, person, used.household_id, relation, MoveWay.DECLARED)
    return home_of(session, person)


def place_in_home(
    session: Session, actor: Actor, person_id: UUID, command: PlaceInHome
) -> HomeView:
    """Staff saw the household book: the person lives with the one named. Raises NotFound, Denied,
    Invalid, Conflict ``children_alone``.
    """
    person = _may(session, actor, person_id, MoveWay.CHECKED)
    check_id_number(command.member_number)
    member = find_by_number(session, id_index(command.member_number))
    if member is None or member.household_id is None or member.id == person.id:
        raise _bad(
            "member_number", N_("没有找到这位家人登记的住址，请核对号码，或先登记对方的住址。")
        )
    require(session, actor, HomeAction.CHECK, numbers_resource(session, member))
    relation = _not_head(command.relation)
    _change_household(session, actor, person, member.household_id, relation, MoveWay.CHECKED)
    return home_of(session, person)


def _may(session: Session, actor: Actor, person_id: UUID | None, way: MoveWay) -> Person:
    person = session.get(Person, person_id) if person_id else None
    if person is None:
        raise NotFound()
    person = standing(session, person)
    session.refresh(person, with_for_update=True)
    require(session, actor, ACTIONS[way], numbers_resource(session, person))
    return person


def _change_household(
    session: Session, actor: Actor, person: Person, to: UUID, relation: Relation, way: MoveWay
) -> None:
    """Within the household only the relation changes."""
    before = session.get(Household, person.household_id) if person.household_id else None
    members = members_of(session, person.household_id)
    if before and before.id == to:
        if person.relation in HEADS:
            raise Conflict("is_the_head", N_("本人就是户主，与户主的关系不用改。"))
        if person.relation == relation:
            return
    else:
        _must_not_leave_children(person, members)
        _new_head(members, person)
    after = session.get_one(Household, to)
    _enter(session, actor, person, before, after, relation, way)
    session.flush()


def _household(session: Session, village: VillageView, house: str) -> Household:
    made = Household(
        id=new_id(),
        division_code=village.code[:TOWNSHIP_DIGITS],
        village_code=village.code,
        village_name=village.name,
        house=house or None,
    )
    session.add(made)
    session.flush()
    return made


def _move_whole(
    session: Session,
    actor: Actor,
    home: Household,
    members: list[Person],
    village: VillageView,
    house: str,
    way: MoveWay,
) -> None:
    """Into a household of its own at the new place: the history keeps the old one as it was."""
    made = _household(session, village, house)
    for member in members:
        relation = Relation.HEAD if member.relation in HEADS else Relation(member.relation)
        _enter(session, actor, member, home, made, relation, way)


def _enter(
    session: Session,
    actor: Actor,
    person: Person,
    before: Household | None,
    after: Household,
    relation: Relation,
    way: MoveWay,
) -> None:
    move = HomeMove(
        id=new_id(),
        person_id=person.id,
        from_household=before.id if before else None,
        to_household=after.id,
        from_division=person.division_code,
        to_division=after.division_code,
        from_village=before.village_name if before else "",
        to_village=after.village_name,
        relation=relation.value,
        way=way.value,
        recorded_by=actor.account_id,
        recorded_by_name=actor.name,
        moved_at=clock.now(),
    )
    session.add(move)
    person.household_id, person.relation = after.id, relation.value
    person.division_code = after.division_code
    for which, column in (
        (Duplicate.first_id, "first_division"),
        (Duplicate.second_id, "second_division"),
    ):
        mine = update(Duplicate).where(which == person.id)
        session.execute(mine.values({column: after.division_code}))
    session.flush()
    publish(session, HomeChanged(move_id=move.id))


def _must_not_leave_children(person: Person, members: list[Person]) -> None:
    """Children live with an adult, who may act for them."""
    of_age = came_of_age()
    left = [each for each in members if each.id != person.id]
    if left and all(each.birth_date > of_age for each in left):
        raise Conflict(
            "children_alone",
            N_("家里只剩未成年人了。请选择整户搬迁，或带户口簿到机构先办孩子的。"),
        )


def _new_head(members: list[Person], leaving: Person) -> None:
    """Where the head left, the eldest is it; what the others are to them, staff record again."""
    left = [each for each in members if each.id != leaving.id]
    if left and not any(each.relation in HEADS for each in left):
        for each in left:
            each.relation = Relation.OTHER.value
        left[0].relation = Relation.HEAD.value


def _not_head(relation: Relation) -> Relation:
    if relation in HEADS:
        raise _bad("relation", N_("请选择与户主的关系。"))
    return relation


def _code_hash(code: str) -> bytes:
    return blind_index(code, "household-code")


def _bad(field: str, sentence: str) -> Invalid:
    return Invalid("bad_home", sentence, fields={field: sentence})

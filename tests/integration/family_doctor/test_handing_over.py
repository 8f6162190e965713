"""Who looks after whom: 200 residents in one command, told once; who has nobody; renewals go on."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import clock
from core.errors import Conflict, Denied, Invalid
from core.ids import new_id
from core.searching import SearchQuery
from directory.models import Team
from directory.public import get_team
from family_doctor.events import ContractActivated, ContractEnded
from family_doctor.models import Assignment, Contract
from family_doctor.queries.assignments import find_carer
from family_doctor.queries.handovers import (
    list_handed,
    list_handovers,
    preview,
    teamwork_of,
    unassigned_of,
)
from family_doctor.schemas import HandOver, HandoverSearch, PreviewHandover
from family_doctor.services.handing_over import LOOKED_AFTER, hand_over, tell_residents
from family_doctor.states import State
from family_doctor.subscribers import keep_carer, release_resident
from notifications.models import Message
from residents.models import Person
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.residents import make_person
from tests.factories.teamwork import leave, make_residents, staff_of
from tests.integration.family_doctor.crew import Crew, crew

__all__ = ["crew"]
MANY = 200
LATE = 12
# However many residents move.
MOST_STATEMENTS = 14


def carers(session: Session, team: Team) -> dict[UUID, int]:
    """How many residents each looks after now."""
    query = (
        select(Assignment.staff_id, func.count())
        .where(Assignment.team_id == team.id, Assignment.until.is_(None))
        .group_by(Assignment.staff_id)
    )
    return {row.staff_id: row[1] for row in session.execute(query)}


def test_two_hundred_residents_move_with_few_statements_and_are_told_once(
    session: Session, crew: Crew, count_statements: Callable[[], Any], run_jobs: Callable[[], int]
) -> None:
    make_residents(session, crew.team, MANY, late=LATE)
    crew.give(session, crew.nurse, everyone=True)
    asked = PreviewHandover(
        team_id=crew.team.id, member_id=crew.nurse.id, to_staff_id=crew.doctor.id
    )
    shown = preview(session, crew.leader, asked)
    assert (shown.residents, shown.overdue) == (MANY, LATE)
    assert [each.name for each in shown.givers] == [crew.nurse.name]
    command = HandOver(
        team_id=crew.team.id,
        member_id=crew.nurse.id,
        to_staff_id=crew.doctor.id,
        note="血压高的先看",
        expected=MANY,
    )
    session.flush()
    with count_statements() as counted:
        made = hand_over(session, crew.leader, command)
    assert len(counted) <= MOST_STATEMENTS, counted.statements
    assert made.residents == MANY
    assert carers(session, crew.team) == {crew.doctor.id: MANY}
    # The same again moves nobody and tells nobody.
    with pytest.raises(Conflict) as refused:
        hand_over(session, crew.leader, command)
    assert refused.value.code == "nobody_to_move"
    session.commit()
    run_jobs()
    assert tell_residents(session, made.id) == 0
    told = select(Message.person_id, Message.values["name"].astext).where(
        Message.sentence == LOOKED_AFTER
    )
    messages = session.execute(told).all()
    # Of two handovers before anybody was told, each hears of the last.
    assert len(messages) == len({person for person, _ in messages}) == MANY
    assert {name for _, name in messages} == {crew.doctor.name}


def test_what_is_chosen(session: Session, crew: Crew) -> None:
    near = make_residents(session, crew.team, 3, village="大村")
    far = make_residents(session, crew.team, 2, village="小村")
    crew.give(session, crew.nurse, village="小村")
    assert carers(session, crew.team) == {crew.nurse.id: 2}
    crew.give(session, crew.doctor, contract_ids=[near[0].id])
    crew.give(session, crew.doctor, search="居民001", unassigned=True)
    assert carers(session, crew.team) == {crew.nurse.id: 2, crew.doctor.id: 2}
    crew.give(session, crew.doctor, member_id=crew.nurse.id, contract_ids=[far[0].id])
    assert carers(session, crew.team) == {crew.nurse.id: 1, crew.doctor.id: 3}
    view = teamwork_of(session, crew.leader, get_team(session, crew.team.id))
    assert {each.name: each.residents for each in view.members if each.residents} == {
        crew.nurse.name: 1,
        crew.doctor.name: 3,
    }
    assert [(each.village_name, each.residents, each.unassigned) for each in view.villages] == [
        ("大村", 3, 1),
        ("小村", 2, 0),
    ]
    assert view.unassigned == 1


def test_what_is_refused(session: Session, crew: Crew) -> None:
    make_residents(session, crew.team, 2)
    other, _, stranger = make_team(session)
    foreign = make_residents(session, other, 1)
    command = HandOver(team_id=crew.team.id, to_staff_id=crew.nurse.id, everyone=True)
    for actor in (crew.nurse_actor, actor_of(session, stranger)):
        with pytest.raises(Denied):
            hand_over(session, actor, command)
        with pytest.raises(Denied):
            preview(session, actor, PreviewHandover(team_id=crew.team.id, everyone=True))
    with pytest.raises(Invalid, match="nobody_chosen"):
        crew.give(session, crew.nurse)
    with pytest.raises(Invalid, match="not_in_team"):
        crew.give(session, staff_of(session, stranger), everyone=True)
    with pytest.raises(Conflict, match="selection_changed"):
        crew.give(session, crew.nurse, everyone=True, expected=3)
    with pytest.raises(Conflict, match="nobody_to_move"):
        crew.give(session, crew.nurse, contract_ids=[foreign[0].id])
    assert carers(session, crew.team) == {}


def test_the_residents_of_one_who_left_have_nobody(session: Session, crew: Crew) -> None:
    contracts = make_residents(session, crew.team, 4)
    crew.give(session, crew.nurse, everyone=True, note="先打电话")
    team = get_team(session, crew.team.id)
    assert unassigned_of(session, crew.leader, team) == 0
    leave(session, crew.team, crew.nurse)
    assert unassigned_of(session, crew.leader, team) == 4
    view = teamwork_of(session, crew.leader, team)
    assert view.unassigned == 4
    assert [(each.name, each.duty) for each in view.members if each.residents] == [
        (crew.nurse.name, None)
    ]
    carer = find_carer(session, contracts[0].id)
    assert carer
    assert (carer.left, carer.note) == (True, "先打电话")
    crew.give(session, crew.doctor, unassigned=True)
    assert unassigned_of(session, crew.leader, team) == 0


def test_the_receiver_finds_what_was_handed_over(session: Session, crew: Crew) -> None:
    make_residents(session, crew.team, 3)
    made = crew.give(session, crew.doctor, everyone=True, note="都在随访")
    mine = HandoverSearch(team_id=crew.team.id)
    whole = HandoverSearch(team_id=crew.team.id, whole_team=True)
    assert [each.note for each in list_handovers(session, crew.doctor_actor, mine).items] == [
        "都在随访"
    ]
    assert list_handovers(session, crew.nurse_actor, mine).items == []
    assert len(list_handovers(session, crew.nurse_actor, whole).items) == 1
    assert len(list_handed(session, made.id, SearchQuery()).items) == 3
    _, stranger, _ = make_team(session)
    with pytest.raises(Denied):
        list_handovers(session, actor_of(session, stranger), whole)
    stored = session.scalar(select(func.count()).where(Assignment.told_at.is_not(None)))
    assert stored == 0


def test_a_renewal_goes_on_with_whoever_looked_after_them(session: Session, crew: Crew) -> None:
    person: Person = make_person(session)
    old = make_contract(session, person, crew.team)
    crew.give(session, crew.doctor, everyone=True)
    ended = ContractEnded(contract_id=old.id, person_id=person.id, team_id=crew.team.id)
    session.execute(
        update(Contract)
        .where(Contract.id == old.id)
        .values(state=State.TERMINATED, ended_at=clock.now(), end_reason="other")
    )
    release_resident(session, ended)
    assert carers(session, crew.team) == {}
    renewed = make_residents(session, crew.team, 1)[0]
    session.execute(
        update(Contract)
        .where(Contract.id == renewed.id)
        .values(previous_id=old.id, kind="renewal", person_id=person.id)
    )
    session.expire_all()
    begun = ContractActivated(
        event_id=new_id(), contract_id=renewed.id, person_id=person.id, team_id=crew.team.id
    )
    for _ in range(2):
        keep_carer(session, begun)
    assert carers(session, crew.team) == {crew.doctor.id: 1}

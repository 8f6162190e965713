"""Recording services and answering them: who may, how often, and when."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict, Denied, Invalid, NotFound
from core.ids import new_id
from notifications.models import Message
from residents.schemas import PersonSearch
from service_packs.models import EntitlementItem, ServiceRecord
from service_packs.public import end_entitlements, grant_entitlement, service_facts
from service_packs.queries.entitlements import find_people, list_entitlements
from service_packs.queries.records import list_records, list_team_records
from service_packs.schemas import (
    DisputeRecord,
    EntitlementSearch,
    EntitlementView,
    RecordSearch,
    RecordService,
    RecordState,
    Source,
    TeamRecordSearch,
)
from service_packs.services.records import confirm_record, dispute_record, record_service
from tests.factories.family_doctor import days_ago
from tests.factories.residents import number_of
from tests.factories.service_packs import (
    Served,
    make_entitlement,
    make_item,
    make_pack,
    make_served,
)


@pytest.fixture
def held(session: Session, served: Served) -> EntitlementView:
    """Two times of one service."""
    pack = make_pack(session, items={make_item(session).code: 2})
    return make_entitlement(session, served.person.id, pack)


def record(session: Session, actor: Actor, held: EntitlementView, **more: object) -> UUID:
    command = RecordService.model_validate({"entitlement_item_id": held.items[0].id, **more})
    return record_service(session, actor, command).id


def used(session: Session, held: EntitlementView) -> int:
    row = session.get_one(EntitlementItem, held.items[0].id, populate_existing=True)
    return row.times_used


def code_of(refused: Callable[[], object]) -> str:
    with pytest.raises(Conflict) as caught:
        refused()
    return caught.value.code


def test_a_record_takes_one_time_and_tells_the_person(
    session: Session, served: Served, held: EntitlementView, run_jobs: Callable[[], int]
) -> None:
    record_id = record(session, served.nurse, held, note="血压 132/84，下月再测")
    session.commit()
    assert used(session, held) == 1
    [view] = list_records(session, served.resident, RecordSearch()).items
    assert (view.id, view.state, view.note) == (
        record_id,
        RecordState.RECORDED,
        "血压 132/84，下月再测",
    )
    assert (view.team_id, view.item_name) == (served.team.id, "血压随访")
    run_jobs()
    [message] = session.scalars(select(Message)).all()
    assert (message.person_id, message.values["item"]) == (served.person.id, "血压随访")
    raw = session.connection().exec_driver_sql("SELECT note FROM service_packs_service_record")
    assert "血压".encode() not in bytes(raw.scalar_one())


def test_the_last_time_is_the_last(session: Session, served: Served, held: EntitlementView) -> None:
    for actor in (served.nurse, served.leader):
        record(session, actor, held)
    assert code_of(lambda: record(session, served.nurse, held)) == "no_times_left"
    assert used(session, held) == 2
    assert session.scalar(select(func.count()).select_from(ServiceRecord)) == 2


def test_only_the_caring_team_records(
    session: Session,
    served: Served,
    held: EntitlementView,
    care: dict[UUID, tuple[str, ...]],
) -> None:
    other = make_served(session, care)
    for actor in (other.nurse, other.leader, served.resident, other.resident):
        with pytest.raises(Denied):
            record(session, actor, held)
    registrar = Actor(account_id=new_id(), grants={Role.REGISTRAR: served.nurse.units(Role.MEMBER)})
    with pytest.raises(Denied):
        record(session, registrar, held)
    care[served.person.id] = ()  # the contract has ended
    with pytest.raises(Denied):
        record(session, served.nurse, held)
    assert used(session, held) == 0


def test_nobody_records_a_service_to_themself(
    session: Session, served: Served, held: EntitlementView
) -> None:
    grants = {Role.MEMBER: served.nurse.units(Role.MEMBER)}
    own = Actor(account_id=served.nurse.account_id, person_id=served.person.id, grants=grants)
    with pytest.raises(Denied):
        record(session, own, held)


def test_a_member_without_staff_entry_cannot_record(
    session: Session, served: Served, held: EntitlementView
) -> None:
    unlisted = Actor(
        account_id=served.resident.account_id, grants={Role.MEMBER: served.nurse.units(Role.MEMBER)}
    )
    assert code_of(lambda: record(session, unlisted, held)) == "not_staff"


def test_a_service_lies_within_the_term(session: Session, served: Served) -> None:
    pack = make_pack(session, items={make_item(session).code: 2})
    yesterday = clock.today() - timedelta(days=1)
    held = make_entitlement(session, served.person.id, pack, starts_on=yesterday)
    late = clock.at(yesterday, 9)
    view = record_service(
        session,
        served.nurse,
        RecordService(entitlement_item_id=held.items[0].id, performed_at=late),
    )
    assert view.performed_at == late
    early = late - timedelta(days=1)
    assert code_of(lambda: record(session, served.nurse, held, performed_at=early)) == (
        "outside_term"
    )
    with pytest.raises(Invalid) as caught:
        record(session, served.nurse, held, performed_at=clock.now() + timedelta(hours=1))
    assert "performed_at" in caught.value.fields
    end_entitlements(session, held.source, held.source_id)
    assert code_of(lambda: record(session, served.nurse, held)) == "outside_term"


def test_a_moment_without_a_zone_is_the_wall_clock_s(session: Session, served: Served) -> None:
    pack = make_pack(session)
    day = clock.today() - timedelta(days=1)
    held = make_entitlement(session, served.person.id, pack, starts_on=day)
    command = RecordService.model_validate(
        {"entitlement_item_id": held.items[0].id, "performed_at": f"{day.isoformat()}T09:30"}
    )
    assert record_service(session, served.nurse, command).performed_at == clock.at(day, 9, 30)


def test_a_service_that_is_not_there(session: Session, served: Served) -> None:
    with pytest.raises(NotFound):
        record_service(session, served.nurse, RecordService(entitlement_item_id=new_id()))


def test_the_person_confirms_once(session: Session, served: Served, held: EntitlementView) -> None:
    record_id = record(session, served.nurse, held)
    answered = confirm_record(session, served.resident, record_id)
    assert (answered.state, answered.confirmed_at is not None) == (RecordState.CONFIRMED, True)
    for again in (
        lambda: confirm_record(session, served.resident, record_id),
        lambda: dispute_record(
            session, served.resident, record_id, DisputeRecord(reason="没有来过")
        ),
    ):
        assert code_of(again) == "already_answered"


def test_a_dispute_reaches_the_team_and_can_be_cleared_up(
    session: Session, served: Served, held: EntitlementView
) -> None:
    record_id = record(session, served.nurse, held)
    command = DisputeRecord(reason="那天没有来")
    assert dispute_record(session, served.resident, record_id, command).state == "disputed"
    disputed = TeamRecordSearch(state=RecordState.DISPUTED)
    [shown] = list_team_records(session, served.leader, disputed).items
    assert (shown.dispute_reason, shown.person_name) == ("那天没有来", served.person.name)
    cleared = confirm_record(session, served.resident, record_id)
    assert (cleared.state, cleared.dispute_reason) == (RecordState.CONFIRMED, "那天没有来")
    today = clock.today()
    assert service_facts(session, today, today + timedelta(days=1)) == [
        (served.person.division_code, 1, 1, 0)
    ]


def test_only_the_person_answers(
    session: Session,
    served: Served,
    held: EntitlementView,
    care: dict[UUID, tuple[str, ...]],
) -> None:
    record_id = record(session, served.nurse, held)
    for actor in (served.nurse, served.leader, make_served(session, care).resident):
        with pytest.raises(Denied):
            confirm_record(session, actor, record_id)
        with pytest.raises(Denied):
            dispute_record(session, actor, record_id, DisputeRecord(reason="不是我"))


def test_lists_show_one_s_own_only(
    session: Session,
    served: Served,
    held: EntitlementView,
    care: dict[UUID, tuple[str, ...]],
) -> None:
    record(session, served.nurse, held)
    other = make_served(session, care)
    assert list_records(session, other.resident, RecordSearch()).items == []
    assert list_team_records(session, other.leader, TeamRecordSearch()).items == []
    with pytest.raises(Denied):
        list_records(session, other.leader, RecordSearch(team_id=served.team.id))
    with pytest.raises(Denied):
        list_entitlements(session, other.nurse, EntitlementSearch(person_id=served.person.id))
    mine = EntitlementSearch(person_id=served.person.id)
    assert len(list_entitlements(session, served.nurse, mine).items) == 1
    assert len(list_records(session, served.nurse, RecordSearch(team_id=served.team.id)).items) == 1


def test_people_are_found_by_name_or_last_four_in_one_s_team_only(
    session: Session,
    served: Served,
    held: EntitlementView,
    care: dict[UUID, tuple[str, ...]],
) -> None:
    other = make_served(session, care, name="阿依古丽·买买提江")

    def found(actor: Actor, text: str | None) -> list[UUID]:
        page = find_people(session, actor, PersonSearch(search=text))
        return [person.id for person in page.items]

    assert found(served.nurse, served.person.name[:2]) == [served.person.id]
    assert found(served.nurse, number_of(served.person)[-4:]) == [served.person.id]
    assert found(served.nurse, None) == []
    assert found(other.nurse, served.person.name) == []
    assert found(other.nurse, "阿依古丽") == []  # nothing to use, nothing to record
    assert found(served.resident, served.person.name) == []


def test_granting_again_gives_the_same(session: Session, served: Served) -> None:
    pack = make_pack(session, items={make_item(session).code: 12})
    source_id, today = new_id(), clock.today()

    def grant() -> EntitlementView:
        return grant_entitlement(
            session,
            person_id=served.person.id,
            pack_code=pack.code,
            source=Source.CONTRACT,
            source_id=source_id,
            starts_on=today,
            ends_on=today + timedelta(days=182),
        )

    first = grant()
    assert first == grant()
    assert [item.times_total for item in first.items] == [6]


def test_two_nurses_and_one_last_time(
    committed_database: Engine, care: dict[UUID, tuple[str, ...]]
) -> None:
    with transaction() as session:
        served = make_served(session, care)
        pack = make_pack(session, items={make_item(session).code: 1})
        held = make_entitlement(session, served.person.id, pack)
        item_id = held.items[0].id
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def one(actor: Actor) -> None:
        start.wait()
        try:
            with transaction() as session:
                record_service(session, actor, RecordService(entitlement_item_id=item_id))
            outcomes.append("recorded")
        except Conflict as error:
            outcomes.append(error.code)

    threads = [
        threading.Thread(target=one, args=(actor,)) for actor in (served.nurse, served.leader) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["no_times_left"] * 7 + ["recorded"]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(ServiceRecord)) == 1


def test_the_database_never_counts_beyond_the_total(
    session: Session, served: Served, held: EntitlementView
) -> None:
    statement = update(EntitlementItem).where(EntitlementItem.id == held.items[0].id)
    with pytest.raises(IntegrityError):
        session.execute(statement.values(times_used=3))


def test_a_service_long_ago_is_recorded_no_more(
    session: Session, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a year's figures could be made good afterwards."""
    monkeypatch.setattr("service_packs.ports._record_days", lambda session, team_id: 3)
    pack = make_pack(session, items={make_item(session).code: 2})
    held = make_entitlement(session, served.person.id, pack, starts_on=days_ago(100))
    midnight = clock.at(clock.today() - timedelta(days=3), 0)
    with pytest.raises(Invalid) as refusal:
        record(session, served.nurse, held, performed_at=midnight - timedelta(seconds=1))
    assert refusal.value.code == "recorded_too_late"
    assert used(session, held) == 0
    record(session, served.nurse, held, performed_at=midnight)
    assert used(session, held) == 1

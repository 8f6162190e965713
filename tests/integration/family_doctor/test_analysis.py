"""The business analysis: whose figures, which numbers, and what is hidden from whom."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from core.errors import Denied, Invalid, NotFound
from family_doctor.models import Contract, Obligation
from family_doctor.queries.analysis.people import list_analysed
from family_doctor.queries.analysis.reading import read_analysis
from family_doctor.schemas import (
    Analysis,
    AnalysisQuery,
    AnalysisTab,
    EndReason,
    Measure,
    PeopleQuery,
    TableCode,
)
from tests.factories.analysis import (
    MOVED,
    SECOND_VILLAGE,
    Analysed,
    another,
    make_analysed,
    make_manager,
)
from tests.factories.directory import CITY, COUNTY, OTHER_COUNTY, OTHER_TOWNSHIP, TOWNSHIP
from tests.factories.family_doctor import BASIC, actor_of
from tests.factories.residents import make_person, make_resident


@pytest.fixture
def world(session: Session) -> Analysed:
    return make_analysed(session)


@pytest.fixture
def keeper(session: Session, world: Analysed) -> UUID:
    """Who administers the institution."""
    return make_manager(session, world.institution.id).id


@pytest.fixture
def analyst(session: Session, world: Analysed) -> UUID:
    return make_manager(session, CITY, role=Role.ANALYST).id


def read(session: Session, account_id: UUID, **query: Any) -> Analysis:
    return read_analysis(session, actor_of(session, account_id), AnalysisQuery(**query))


def now(analysis: Analysis, code: TableCode, key: str, measure: Measure) -> int | None:
    table = analysis.table(code)
    assert table
    return table.counts(key, measure).now


def test_an_institution_sees_all_of_its_own_contracts(session: Session, keeper: UUID) -> None:
    found = read(session, keeper)
    assert found.scope.people
    counts = {measure: each.now for measure, each in found.figures.items()}
    assert counts == {Measure.IN_FORCE: 15, Measure.BEGAN: 15, Measure.ENDED: 2}
    assert now(found, TableCode.CHANNELS, "card", Measure.BEGAN) == 5
    assert now(found, TableCode.CHANNELS, "agent", Measure.BEGAN) == 0
    assert now(found, TableCode.PACKS, BASIC, Measure.IN_FORCE) == 15
    assert now(found, TableCode.GROUPS, "03", Measure.IN_FORCE) == 7
    assert now(found, TableCode.PLACES, COUNTY, Measure.IN_FORCE) == 9
    assert now(found, TableCode.PLACES, OTHER_COUNTY, Measure.IN_FORCE) == 6


def test_places_lead_down_to_the_village(session: Session, keeper: UUID) -> None:
    county = read(session, keeper, division=COUNTY)
    assert now(county, TableCode.PLACES, TOWNSHIP, Measure.IN_FORCE) == 9
    assert [each.code for each in county.path] == [CITY]
    township = read(session, keeper, division=TOWNSHIP)
    key = f"{TOWNSHIP}/{SECOND_VILLAGE}"
    assert now(township, TableCode.PLACES, key, Measure.IN_FORCE) == 2
    village = read(session, keeper, division=TOWNSHIP, village=SECOND_VILLAGE)
    assert village.figures[Measure.IN_FORCE].now == 2
    assert now(village, TableCode.CHANNELS, "card", Measure.BEGAN) == 2
    assert [each.code for each in village.path] == [CITY, COUNTY, TOWNSHIP]


def test_endings_have_reasons_and_the_list_behind_them(session: Session, keeper: UUID) -> None:
    found = read(session, keeper, tab=AnalysisTab.ENDINGS, division=TOWNSHIP)
    assert now(found, TableCode.REASONS, "moved", Measure.ENDED) == 1
    assert found.figures[Measure.ENDED].now == 2
    query = PeopleQuery(figure=Measure.ENDED, division=TOWNSHIP)
    _, _, page = list_analysed(session, actor_of(session, keeper), query)
    assert len(page.items) == 2
    moved = query.model_copy(update={"reason": EndReason.MOVED})
    _, _, page = list_analysed(session, actor_of(session, keeper), moved)
    assert [each.name for each in page.items] == [MOVED]
    assert page.items[0].ended_on == clock.today()


def test_a_list_is_as_long_as_its_figure(session: Session, keeper: UUID) -> None:
    checked = 0
    for tab in (AnalysisTab.CONTRACTS, AnalysisTab.ENDINGS):
        for place in (None, OTHER_COUNTY, TOWNSHIP):
            for figure, counts in read(session, keeper, tab=tab, division=place).figures.items():
                query = PeopleQuery(figure=figure, limit=100, division=place)
                _, _, page = list_analysed(session, actor_of(session, keeper), query)
                assert len(page.items) == counts.now, (figure, place)
                checked += len(page.items)
    assert checked


def test_services_due_and_kept(session: Session, world: Analysed, keeper: UUID) -> None:
    today = clock.today()
    owed = select(Obligation).where(Obligation.team_id == world.team.id).limit(1)
    service = session.scalars(owed).one()
    service.opens_on = service.remind_from = service.due_on = service.late_after = today
    session.flush()
    found = read(session, keeper, tab=AnalysisTab.SERVICES)
    assert found.figures[Measure.DUE].now == 1
    assert found.figures[Measure.KEPT].now == 0
    assert now(found, TableCode.ITEMS, service.item_code, Measure.DUE) == 1
    assert now(found, TableCode.PLACES, COUNTY, Measure.DUE) == 1
    query = PeopleQuery(figure=Measure.DUE)
    _, _, page = list_analysed(session, actor_of(session, keeper), query)
    assert [each.due_on for each in page.items] == [today]


def test_residents_by_age_and_group(session: Session, keeper: UUID) -> None:
    found = read(session, keeper, tab=AnalysisTab.RESIDENTS, division=TOWNSHIP)
    assert found.figures[Measure.REGISTERED].now == 10, "of whoever is registered there"
    assert found.figures[Measure.IN_FORCE].now == 9
    ages = found.table(TableCode.AGES)
    assert ages
    assert sum(row.counts[1].now or 0 for row in ages.rows) == 9
    assert now(found, TableCode.GROUPS, "03", Measure.REGISTERED) == 7


def test_the_leader_sees_the_team(session: Session, world: Analysed) -> None:
    found = read(session, world.leader_id)
    assert found.scope.people
    assert found.figures[Measure.IN_FORCE].now == 15
    with pytest.raises(Denied):
        read(session, world.leader_id, team_id=world.others.id)


def test_providers_of_an_institution_are_its_teams(
    session: Session, world: Analysed, keeper: UUID
) -> None:
    found = read(session, keeper, tab=AnalysisTab.PROVIDERS)
    assert now(found, TableCode.PROVIDERS, str(world.team.id), Measure.IN_FORCE) == 15
    table = found.table(TableCode.PROVIDERS)
    assert table
    assert len(table.rows) == 1, "no other institution's"


def test_figures_of_a_division_hide_small_counts(session: Session, analyst: UUID) -> None:
    found = read(session, analyst)
    assert not found.scope.people
    assert found.figures[Measure.BEGAN].now is None, "as two ended, it would be known with both"
    places = read(session, analyst, tab=AnalysisTab.RESIDENTS)
    for code in (COUNTY, OTHER_COUNTY):
        assert now(places, TableCode.PLACES, code, Measure.IN_FORCE) is None
    assert now(places, TableCode.PLACES, COUNTY, Measure.REGISTERED) == 10
    endings = read(session, analyst, tab=AnalysisTab.ENDINGS)
    table = endings.table(TableCode.REASONS)
    assert table
    assert all(row.counts[0].now is None for row in table.rows)
    assert now(endings, TableCode.REASONS, "renewed", Measure.ENDED) is None, "nor that none did"
    providers = read(session, analyst, tab=AnalysisTab.PROVIDERS).table(TableCode.PROVIDERS)
    assert providers
    assert all(row.counts[0].now is None for row in providers.rows), "one of two would tell both"


def test_figures_alone_are_of_whole_quarters_and_townships(session: Session, analyst: UUID) -> None:
    with pytest.raises(Invalid) as refusal:
        read(session, analyst, start=clock.today())
    assert refusal.value.code == "whole_quarters"
    with pytest.raises(NotFound):
        read(session, analyst, division=TOWNSHIP, village=SECOND_VILLAGE)
    township = read(session, analyst, division=TOWNSHIP).table(TableCode.PLACES)
    assert township
    assert township.rows == ()


def test_a_division_opens_no_list(session: Session, world: Analysed, analyst: UUID) -> None:
    governor = make_manager(session, CITY).id
    for account in (analyst, governor):
        for unit in ({}, {"institution_id": world.institution.id}, {"team_id": world.team.id}):
            with pytest.raises(Denied):
                list_analysed(session, actor_of(session, account), PeopleQuery(**unit))


def test_what_lies_below_opens_as_figures(session: Session, world: Analysed) -> None:
    of_county = make_manager(session, COUNTY).id
    unit = {"institution_id": world.institution.id}
    hidden = read(session, of_county, **unit)
    assert hidden.figures[Measure.IN_FORCE].now is None, "with the other's one it would tell both"
    other = session.scalars(select(Contract).where(Contract.team_id == world.others.id)).one()
    for _ in range(6):
        another(session, other, make_person(session))
    found = read(session, of_county, **unit)
    assert not found.scope.people
    assert found.figures[Measure.IN_FORCE].now == 15
    assert found.figures[Measure.ENDED].now is None
    assert now(found, TableCode.CHANNELS, "card", Measure.BEGAN) is None, "of ten others, as four"
    assert now(found, TableCode.PROVIDERS, str(world.team.id), Measure.IN_FORCE) == 15
    assert found.table(TableCode.PLACES) is None
    assert found.table(TableCode.GROUPS) is None
    assert [each.code for each in found.path] == [COUNTY, TOWNSHIP]
    listed = read(session, of_county, tab=AnalysisTab.PROVIDERS)
    assert now(listed, TableCode.PROVIDERS, str(world.institution.id), Measure.IN_FORCE) == 15
    team = read(session, of_county, team_id=world.team.id)
    assert team.figures == found.figures, "the only team is the institution"
    assert team.parent
    assert team.parent.id == str(world.institution.id)


def test_from_above_nothing_is_cut_by_place_or_day(session: Session, world: Analysed) -> None:
    of_county = make_manager(session, COUNTY).id
    unit = {"institution_id": world.institution.id}
    for place in (
        {"division": TOWNSHIP},
        {"division": CITY, "village": SECOND_VILLAGE},
        {"tab": AnalysisTab.RESIDENTS},
    ):
        with pytest.raises(NotFound):
            read(session, of_county, **unit, **place)
    with pytest.raises(Invalid):
        read(session, of_county, **unit, start=clock.today())


def test_each_stays_within_what_was_granted(
    session: Session, world: Analysed, keeper: UUID
) -> None:
    of_county = make_manager(session, COUNTY, role=Role.ANALYST).id
    assert read(session, of_county).place.code == COUNTY
    for outside in (CITY, OTHER_COUNTY, OTHER_TOWNSHIP):
        with pytest.raises(Denied):
            read(session, of_county, division=outside)
    assert read(session, of_county, division=TOWNSHIP).path[0].code == COUNTY
    with pytest.raises(Denied):
        read(session, keeper, institution_id=world.others.institution_id)
    elsewhere = make_manager(session, OTHER_COUNTY).id
    for unit in ({"institution_id": world.institution.id}, {"team_id": world.team.id}):
        with pytest.raises(Denied):
            read(session, elsewhere, **unit)
    resident, _ = make_resident(session)
    with pytest.raises(Denied):
        read(session, resident.id)


def test_the_period_before_is_counted_beside(session: Session, keeper: UUID) -> None:
    day = clock.today()
    found = read(session, keeper, start=day, end=day)
    assert found.figures[Measure.BEGAN].before == 0
    assert found.figures[Measure.BEGAN].now == 15
    with pytest.raises(Invalid):
        read(session, keeper, start=day, end=day.replace(year=day.year - 1, day=1))

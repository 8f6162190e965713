"""An analysis read as a whole."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor
from directory.public import teams_by_id
from family_doctor.queries.analysis import periods
from family_doctor.queries.analysis.counts import AGE_BANDS, Counting, Fact
from family_doctor.queries.analysis.providers import CONTRACTS, SERVICES, Providers
from family_doctor.queries.analysis.scopes import Scope, read_scope
from family_doctor.queries.analysis.tables import NamedPlace, Tables
from family_doctor.schemas import (
    Analysis,
    AnalysisAction,
    AnalysisQuery,
    AnalysisTab,
    AnalysisTable,
    Channel,
    Counts,
    EndReason,
    Measure,
    ScopeKind,
    TableCode,
)
from service_packs.public import list_groups

FIGURES = {
    AnalysisTab.CONTRACTS: (Measure.IN_FORCE, Measure.BEGAN, Measure.ENDED),
    AnalysisTab.SERVICES: SERVICES,
    AnalysisTab.ENDINGS: (Measure.ENDED, Measure.COMING),
    AnalysisTab.RESIDENTS: (Measure.REGISTERED, Measure.IN_FORCE),
    AnalysisTab.PROVIDERS: (),
}
# The tables of each analysis and what they count, beside that by place.
TABLES: dict[AnalysisTab, dict[TableCode, tuple[Measure, ...]]] = {
    AnalysisTab.CONTRACTS: {
        TableCode.CHANNELS: (Measure.BEGAN,),
        TableCode.GROUPS: (Measure.REGISTERED, Measure.IN_FORCE),
        TableCode.PACKS: (Measure.IN_FORCE,),
    },
    AnalysisTab.SERVICES: {TableCode.ITEMS: SERVICES},
    AnalysisTab.ENDINGS: {TableCode.REASONS: (Measure.ENDED,)},
    AnalysisTab.RESIDENTS: {
        TableCode.AGES: (Measure.REGISTERED, Measure.IN_FORCE),
        TableCode.GROUPS: (Measure.REGISTERED, Measure.IN_FORCE),
    },
    AnalysisTab.PROVIDERS: {},
}
PROVIDED = (Measure.IN_FORCE, Measure.BEGAN, Measure.ENDED, *SERVICES)
# Parts that are named even where nothing was counted: that nobody left for a reason is a small
# count too.
NAMED_ALWAYS: dict[TableCode, Sequence[str]] = {
    TableCode.REASONS: (
        EndReason.RENEWED,
        EndReason.EXPIRED,
        EndReason.COOLING_OFF,
        EndReason.LOST_CONTACT,
        EndReason.MOVED,
        EndReason.DECEASED,
        EndReason.OWN_WISH,
        EndReason.CHANGED_TEAM,
        EndReason.CHANGED_PACK,
        EndReason.OTHER,
    ),
    TableCode.CHANNELS: tuple(Channel),
    TableCode.AGES: tuple(map(str, AGE_BANDS)),
}


def read_analysis(
    session: Session,
    actor: Actor,
    query: AnalysisQuery,
    action: AnalysisAction = AnalysisAction.READ,
) -> Analysis:
    """An analysis of a unit, place and period. Raises Denied, NotFound for an unknown place, or
    Invalid ``whole_quarters`` or ``bad_period``.
    """
    scope = read_scope(session, actor, query, action)
    period, quarter = periods.chosen(query, people=scope.people)
    earlier = periods.before(period, quarter)
    counting = Counting(session, scope, period, earlier)
    figures: dict[Measure, Counts] = {}
    if scope.view.from_above:
        wanted = {
            table: measures
            for table, measures in TABLES[query.tab].items()
            if Measure.REGISTERED not in measures
        }
        measures = FIGURES[query.tab] or PROVIDED
        providers = Providers(session, scope, counting, measures, wanted)
        figures = {measure: providers.whole(measure) for measure in FIGURES[query.tab]}
        tables = [
            *(providers.parted(table, names, NAMED_ALWAYS) for table, names in wanted.items()),
            providers.below(measures),
        ]
    elif query.tab is AnalysisTab.PROVIDERS and scope.view.kind is ScopeKind.DIVISION:
        tables = [Providers(session, scope, counting, PROVIDED, {}).below(PROVIDED)]
    elif query.tab is AnalysisTab.PROVIDERS:
        tables = [_teams(session, scope, counting)]
    else:
        counted, tables = _tables(session, scope, counting, query.tab)
        at = _node(scope)
        figures = {measure: counted.whole(measure, at) for measure in FIGURES[query.tab]}
    return Analysis(
        tab=query.tab,
        scope=scope.view,
        scopes=scope.choices,
        place=scope.place,
        village=scope.village,
        path=scope.path(actor),
        parent=scope.parent,
        period=period,
        before=earlier,
        quarter=quarter,
        figures=figures,
        tables=tuple(tables),
    )


def _tables(
    session: Session, scope: Scope, counting: Counting, tab: AnalysisTab
) -> tuple[Tables, list[AnalysisTable]]:
    wanted = TABLES[tab]
    facts: list[Fact] = counting.parts(wanted)
    facts += counting.places(SERVICES if tab is AnalysisTab.SERVICES else CONTRACTS)
    counted = Tables(scope.tree(), facts, control=not scope.people)
    found = [
        counted.parted(table, measures, scope.place.code, NAMED_ALWAYS.get(table, ()))
        for table, measures in wanted.items()
    ]
    if TableCode.GROUPS in wanted:
        found = [_grouped(session, each) for each in found]
    below = [] if scope.village else _below(scope, counted)
    return counted, [*found, counted.places(FIGURES[tab], below)]


def _grouped(session: Session, table: AnalysisTable) -> AnalysisTable:
    """With the names of the region's groups."""
    if table.code is not TableCode.GROUPS:
        return table
    names = {group.code: (group.name, group.name_en) for group in list_groups(session)}
    rows = [
        row.model_copy(update={"name": name, "name_en": name_en})
        for row in table.rows
        for name, name_en in [names.get(row.key, (row.key, row.key))]
    ]
    return table.model_copy(update={"rows": tuple(rows)})


def _node(scope: Scope) -> str:
    """The place in the tree of counts."""
    return f"{scope.place.code}/{scope.village}" if scope.village else scope.place.code


def _below(scope: Scope, counted: Tables) -> list[NamedPlace]:
    """The divisions below the place, and below a township its villages."""
    divisions = [
        (each.code, each.name, each.name_en or each.name)
        for each in scope.divisions.values()
        if each.parent_code == scope.place.code
    ]
    villages = [
        (code, name, name)
        for code in counted.villages(scope.place.code)
        for name in [code.partition("/")[2]]
    ]
    return [*divisions, *villages]


def _teams(session: Session, scope: Scope, counting: Counting) -> AnalysisTable:
    """The teams of an institution, or the one, for who may see the people."""
    facts = counting.providers(CONTRACTS) + counting.providers(SERVICES)
    teams = teams_by_id(session, {UUID(fact.key) for fact in facts})
    placed = [fact._replace(place=scope.tree_root) for fact in facts]
    counted = Tables(scope.tree(), placed, control=False)
    table = counted.parted(TableCode.PROVIDERS, PROVIDED, scope.tree_root)
    rows = [
        row.model_copy(update={"name": name, "name_en": name})
        for row in table.rows
        for name in [teams[UUID(row.key)].name]
    ]
    return table.model_copy(update={"rows": tuple(rows)})

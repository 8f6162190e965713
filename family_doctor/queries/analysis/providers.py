"""Institutions and teams as those responsible for a division above them may see them.

Their figures are controlled over a tree of their own: divisions, the institutions that lie there,
and their teams; whoever opens one sees exactly what the tree leaves open. By provider and by place
of living are two ways to part the same contracts, and are never combined.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core.disclosure import Tree
from directory.public import division_path, institutions_by_id, teams_by_id
from family_doctor.queries.analysis.counts import Counting, Fact
from family_doctor.queries.analysis.scopes import Scope
from family_doctor.queries.analysis.tables import NamedPlace, Tables
from family_doctor.schemas import AnalysisTable, Counts, Measure, ScopeKind, TableCode

CONTRACTS = (Measure.IN_FORCE, Measure.BEGAN, Measure.ENDED, Measure.COMING)
SERVICES = (Measure.DUE, Measure.KEPT)


class Providers:
    """The counts of all teams, rolled up to their institutions and divisions, small ones hidden;
    ``measures`` are those of the wholes and ``tables`` the parted ones that are wanted.
    """

    def __init__(
        self,
        session: Session,
        scope: Scope,
        counting: Counting,
        measures: Collection[Measure],
        tables: Mapping[TableCode, Sequence[Measure]],
    ) -> None:
        self._scope = scope
        facts = counting.parts(tables) if tables else []
        for together in (CONTRACTS, SERVICES):
            if {*together} & {*measures}:
                facts += [_whole(fact) for fact in counting.providers(together)]
        found = {UUID(fact.place) for fact in facts}
        own = {scope.team_id} if scope.team_id else set()
        self._teams = teams_by_id(session, found | own)
        held = {team.institution_id for team in self._teams.values()}
        held |= {scope.institution_id} if scope.institution_id else set()
        self._institutions = institutions_by_id(session, held)
        parents = {code: each.parent_code for code, each in scope.divisions.items()}
        parents |= {str(each.id): each.division_code for each in self._institutions.values()}
        parents |= {str(each.id): str(each.institution_id) for each in self._teams.values()}
        self._counted = Tables(Tree(parents), facts, control=True)

    def whole(self, measure: Measure) -> Counts:
        """A measure of the institution or team as a whole."""
        return self._counted.whole(measure, self._scope.view.id)

    def parted(
        self,
        table: TableCode,
        measures: Sequence[Measure],
        named: Mapping[TableCode, Sequence[str]],
    ) -> AnalysisTable:
        """The parts of the institution or team; ``named`` are those that always have a row."""
        return self._counted.parted(table, measures, self._scope.view.id, named.get(table, ()))

    def below(self, measures: Sequence[Measure]) -> AnalysisTable:
        """The institutions that lie in a division, or the teams of an institution."""
        rows = sorted(self._below(), key=lambda each: each[1])
        table = self._counted.places(measures, rows)
        return table.model_copy(update={"code": TableCode.PROVIDERS})

    def _below(self) -> Iterable[NamedPlace]:
        match self._scope.view.kind:
            case ScopeKind.DIVISION:
                for institution in self._institutions.values():
                    if self._scope.place.code in division_path(institution.division_code):
                        yield str(institution.id), institution.name, institution.name
            case ScopeKind.INSTITUTION:
                for team in self._teams.values():
                    if team.institution_id == self._scope.institution_id:
                        yield str(team.id), team.name, team.name
            case ScopeKind.TEAM:
                return


def _whole(fact: Fact) -> Fact:
    """A team's count, placed in the tree."""
    return fact._replace(table=TableCode.PLACES, place=fact.key, key="")

"""Whose contracts an actor may analyse, where, and as figures or down to the people."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from core.access import Actor, Resource, Role, decide, require
from core.disclosure import Tree
from core.errors import Denied, NotFound
from core.messages import N_
from directory.public import division_path, institutions_by_id, list_divisions, teams_by_id
from directory.schemas import DivisionView, ServingInstitution
from family_doctor.schemas import AnalysisAction, AnalysisQuery, AnalysisTab, ScopeKind, ScopeView

SEERS = (Role.ANALYST, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Scope:
    """A unit that an actor may analyse and the place in it; the tree of the region's divisions."""

    view: ScopeView
    choices: tuple[ScopeView, ...]
    resource: Resource
    divisions: dict[str, DivisionView]
    place: DivisionView
    village: str | None
    institution_id: UUID | None = None
    team_id: UUID | None = None
    parent: ScopeView | None = None
    # The division that an institution or team from above lies in.
    home: str = ""

    @property
    def people(self) -> bool:
        """Whether the people may be seen, so that nothing needs hiding."""
        return self.view.people

    @property
    def root(self) -> str:
        """The highest division of the place that is open: above it the actor sees nothing."""
        return self.view.id if self.view.kind is ScopeKind.DIVISION else self.tree_root

    @property
    def tree_root(self) -> str:
        """The division that all others lie in."""
        return next(code for code, each in self.divisions.items() if each.parent_code is None)

    def tree(self) -> Tree:
        """The divisions of the region, without villages."""
        return Tree({code: each.parent_code for code, each in self.divisions.items()})

    def path(self, actor: Actor) -> tuple[DivisionView, ...]:
        """The places above that the actor may read, the highest first."""
        if self.view.from_above:
            own = actor.units(*SEERS)
            inside = [code for code in division_path(self.home) if {*division_path(code)} & own]
            found = sorted(inside, key=lambda code: len(division_path(code)))
            return tuple(self.divisions[code] for code in found if code in self.divisions)
        above = self.tree().path(self.place.code)[1:]
        if self.village:
            above = [self.place.code, *above]
        inside = [code for code in above if self.root in division_path(code)]
        return tuple(self.divisions[code] for code in reversed(inside))


def resource_of(kind: ScopeKind, unit: str, *holders: str, home: str = "") -> Resource:
    """What is asked of the policies. All are analysed from above; the people of an institution or
    team are its ``holders``' alone. ``home`` is the division that an institution lies in.
    """
    if kind is ScopeKind.DIVISION:
        return Resource("Analysis", unit, None, division_path(unit), {"holders": []})
    own = (unit, *holders)
    above = division_path(home) if home else ()
    return Resource("Analysis", unit, None, (*own, *above), {"holders": list(own)})


def tabs_of(view: ScopeView) -> tuple[AnalysisTab, ...]:
    """The analyses that there are of a unit. From above there is none of who is registered: no
    institution or team has residents of its own.
    """
    without = {AnalysisTab.RESIDENTS} if view.from_above else set()
    if without and view.kind is ScopeKind.TEAM:
        without.add(AnalysisTab.PROVIDERS)
    return tuple(tab for tab in AnalysisTab if tab not in without)


def read_scope(
    session: Session, actor: Actor, query: AnalysisQuery, action: AnalysisAction
) -> Scope:
    """The unit and place asked for, or the highest of the actor's own, once the policy allows
    ``action``. Raises Denied, or NotFound for a place that is not in the region.
    """
    divisions = {each.code: each for each in list_divisions(session)}
    own = {UUID(unit) for unit in actor.units(Role.ADMINISTRATOR) if not unit.isdigit()}
    led = {UUID(unit) for unit in actor.units(Role.LEADER) if not unit.isdigit()}
    asked = {query.team_id} if query.team_id else set()
    teams = teams_by_id(session, led | asked) if led | asked else {}
    team = teams.get(query.team_id) if query.team_id else None
    institution_id = None if query.team_id else query.institution_id
    institution_id = team.institution_id if team else institution_id
    wanted = own | {institution_id} if institution_id else own
    institutions = institutions_by_id(session, wanted) if wanted else {}
    institution = institutions.get(institution_id) if institution_id else None
    home = institution.division_code if institution else ""
    parent: ScopeView | None = None
    codes = sorted(
        (unit for unit in actor.units(*SEERS) if unit in divisions),
        key=lambda code: (len(division_path(code)), code),
    )
    choices = [
        *(_view(actor, ScopeKind.DIVISION, code, divisions[code].name) for code in codes),
        *(
            _view(actor, ScopeKind.INSTITUTION, str(key), institutions[key].name)
            for key in sorted(own & institutions.keys())
        ),
        *(_view(actor, ScopeKind.TEAM, str(key), teams[key].name) for key in led if key in teams),
    ]
    if query.team_id:
        holders = [str(institution.id)] if institution else []
        resource = resource_of(ScopeKind.TEAM, str(query.team_id), *holders, home=home)
        name = team.name if team else ""
        view = _view(actor, ScopeKind.TEAM, str(query.team_id), name, resource)
        parent = _parent(actor, institution) if institution else None
    elif query.institution_id:
        resource = resource_of(ScopeKind.INSTITUTION, str(query.institution_id), home=home)
        name = institution.name if institution else ""
        view = _view(actor, ScopeKind.INSTITUTION, str(query.institution_id), name, resource)
    elif query.division and any(choice.kind is ScopeKind.DIVISION for choice in choices):
        view = _within(divisions, choices, query.division)
        resource = resource_of(ScopeKind.DIVISION, query.division)
    elif choices:
        view = choices[0]
        resource = resource_of(view.kind, view.id)
    else:
        raise Denied()
    require(session, actor, action, resource)
    scope = _placed(view, tuple(choices), resource, divisions, query)
    return replace(scope, parent=parent, home=home)


def _within(divisions: dict[str, DivisionView], choices: list[ScopeView], code: str) -> ScopeView:
    """The actor's own division that ``code`` lies in; where none is, the policy will refuse."""
    if code not in divisions:
        raise NotFound("unknown_division", N_("没有这个区划，请从上级区划重新选择。"))
    above = division_path(code)
    own = (each for each in choices if each.id in above)
    return next(own, ScopeView(kind=ScopeKind.DIVISION, id=code, name="", people=False))


def _parent(actor: Actor, institution: ServingInstitution) -> ScopeView | None:
    """The institution of a team, for who may analyse it too."""
    unit = str(institution.id)
    resource = resource_of(ScopeKind.INSTITUTION, unit, home=institution.division_code)
    allowed, _ = decide(actor, AnalysisAction.READ, resource)
    view = _view(actor, ScopeKind.INSTITUTION, unit, institution.name, resource)
    return view if allowed else None


def _view(
    actor: Actor, kind: ScopeKind, unit: str, name: str, resource: Resource | None = None
) -> ScopeView:
    people, _ = decide(actor, AnalysisAction.LIST, resource or resource_of(kind, unit))
    return ScopeView(kind=kind, id=unit, name=name, people=people)


def _placed(
    view: ScopeView,
    choices: tuple[ScopeView, ...],
    resource: Resource,
    divisions: dict[str, DivisionView],
    query: AnalysisQuery,
) -> Scope:
    roots = [code for code, each in divisions.items() if each.parent_code is None]
    start = view.id if view.kind is ScopeKind.DIVISION else roots[0]
    code = query.division or start
    if code not in divisions:
        raise NotFound("unknown_division", N_("没有这个区划，请从上级区划重新选择。"))
    if view.from_above and (query.village or code != start or query.tab not in tabs_of(view)):
        # Cut by provider and by place at once, small counts could be worked out.
        raise NotFound("not_by_place", N_("机构和团队的数字不再按地方细分，请看它的合计。"))
    if query.village and not view.people:
        raise NotFound("unknown_village", N_("村（社区）的数字只给能看名单的人，请看乡镇。"))
    return Scope(
        view=view,
        choices=choices,
        resource=resource,
        divisions=divisions,
        place=divisions[code],
        village=query.village if query.division else None,
        institution_id=UUID(view.id) if view.kind is ScopeKind.INSTITUTION else None,
        team_id=UUID(view.id) if view.kind is ScopeKind.TEAM else None,
    )

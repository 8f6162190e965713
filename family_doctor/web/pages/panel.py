"""The team's residents: who stands how, filters, and filters that are kept."""

from typing import NamedTuple
from uuid import UUID

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Role, decide
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.actions import carry_out
from core.web.forms import blank, read_form, read_query
from core.web.languages import gettext
from core.web.names import named
from core.web.pager import pager
from family_doctor.queries import team as queries
from family_doctor.queries.desks import find_desk
from family_doctor.queries.filters import list_filters
from family_doctor.queries.panel import list_panel
from family_doctor.schemas import (
    ChangeFilter,
    Choice,
    OfPanel,
    PanelPage,
    PanelQuery,
    SavedFilterView,
    SaveFilter,
    TeamworkAction,
    Whose,
)
from family_doctor.services import filters as services
from family_doctor.web import panel_words, wording
from family_doctor.web.pages.blueprint import pages

TEAM = (Role.LEADER, Role.MEMBER)
# With other filters than these all who are shown cannot be handed over with one choice.
HANDED_WHOLE = {"village", "sort"}


class Control(NamedTuple):
    """A filter as a list to choose from; options are (value, label with its count)."""

    name: str
    label: str
    options: list[tuple[str, str]]


@pages.get("/panel")
@open_to(*TEAM)
def panel() -> ResponseReturnValue:
    """The residents who have signed with the team, and how they stand."""
    query = read_query(PanelQuery)
    actor = current_actor()
    with transaction() as session:
        teams = queries.teams_worked_in(session, actor)
        team = queries.require_team(session, actor, teams, query.team_id)
        desk = find_desk(session, actor, team.id)
        page = list_panel(session, team, query, desk.whose(query.whose))
        progress = queries.progress_of(session, [entry.contract_id for entry in page.items])
        kept = list_filters(session, actor, team)
    counts = {choice.value: choice.count for choice in page.choices["standing"]}
    return render_template(
        "family_doctor/panel.html",
        team=team,
        teams=teams,
        search=query,
        desk=desk,
        leads=decide(actor, TeamworkAction.ASSIGN, queries.panel_resource(team))[0],
        asked=query.asked(),
        theirs=_theirs(query),
        handed_whole=query.asked().keys() <= HANDED_WHOLE,
        entries=page.items,
        progress=progress,
        counts=counts,
        controls=_controls(query, page),
        form=blank(PanelQuery, **query.asked()),
        kept=kept,
        current=next((each for each in kept if each.filters.asked() == query.asked()), None),
        shares=str(team.id) in actor.units(Role.LEADER),
        words=panel_words,
        standings=list(panel_words.STANDINGS),
        pager=pager(page),
    )


@pages.get("/panel/filters")
@open_to(*TEAM)
def kept_filters() -> ResponseReturnValue:
    """The kept filters, to rename, share and delete one's own."""
    actor = current_actor()
    with transaction() as session:
        teams = queries.teams_worked_in(session, actor)
        team = queries.require_team(session, actor, teams, read_query(OfPanel).team_id)
        kept = list_filters(session, actor, team)
    return render_template(
        "family_doctor/panel/filters.html",
        team=team,
        teams=teams,
        kept=kept,
        shares=str(team.id) in actor.units(Role.LEADER),
        blank=blank,
        command=ChangeFilter,
    )


@pages.post("/panel/filters")
@open_to(*TEAM)
def save_filter() -> ResponseReturnValue:
    """Keep the filter that is shown, under a name."""
    form = read_form(SaveFilter)
    back = form.command.asked() if form.command else {}
    team_id = form.command.team_id if form.command else None
    return carry_out(
        SaveFilter,
        SavedFilterView,
        lambda session, command: services.save_filter(session, current_actor(), command),
        gettext("筛选已保存，下次在列表上方点它的名称就行。"),
        url_for("family_doctor.panel", team_id=team_id, **back),
    )


@pages.post("/panel/filters/<uuid:filter_id>")
@open_to(*TEAM)
def change_filter(filter_id: UUID) -> ResponseReturnValue:
    """Rename or share one's filter."""
    return carry_out(
        ChangeFilter,
        SavedFilterView,
        lambda session, command: services.change_filter(
            session, current_actor(), filter_id, command
        ),
        gettext("筛选已修改。"),
        url_for("family_doctor.kept_filters", team_id=read_query(OfPanel).team_id),
    )


@pages.post("/panel/filters/<uuid:filter_id>/delete")
@open_to(*TEAM)
def delete_filter(filter_id: UUID) -> ResponseReturnValue:
    """Delete one's filter."""
    return carry_out(
        OfPanel,
        SavedFilterView,
        lambda session, _: services.delete_filter(session, current_actor(), filter_id),
        gettext("筛选已删除。"),
        url_for("family_doctor.kept_filters", team_id=read_query(OfPanel).team_id),
    )


def _theirs(query: PanelQuery) -> dict[str, str]:
    """Whose residents are shown, as it is put into an address; nothing for the whole team's."""
    given = query.model_dump(mode="json", include={"whose", "member_id", "unassigned"})
    usual = {"whose": Whose.TEAM.value, "member_id": None, "unassigned": False}
    return {name: str(value).lower() for name, value in given.items() if value != usual[name]}


def _controls(query: PanelQuery, page: PanelPage) -> list[Control]:
    controls = []
    for name, label in panel_words.CHOICES.items():
        chosen = getattr(query, name)
        choices = [choice for choice in page.choices[name] if choice.value]
        if chosen and all(choice.value != chosen for choice in choices):
            choices.append(Choice(value=chosen, count=0))
        options = [(choice.value, f"{_label(name, choice)} ({choice.count})") for choice in choices]
        controls.append(Control(name, gettext(label), options))
    return controls


def _label(name: str, choice: Choice) -> str:
    if name == "sex":
        return gettext(wording.SEXES[choice.value])
    return str(named(choice.label, choice.label_en)) if choice.label else choice.value

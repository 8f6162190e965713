"""/admin/teams: list, look, set up, change, close, and keep the roster."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory import codes
from directory.queries.administration import managed_team, managed_teams
from directory.queries.overview import history_of
from directory.schemas import (
    LARGEST_TEAM,
    AtState,
    ChangeTeam,
    CreateTeam,
    Duty,
    Kind,
    ManagedTeams,
    SetMember,
    TeamRoster,
)
from directory.services import teams as services
from directory.web.admin import choices

pages = Blueprint("directory_teams", __name__, url_prefix="/admin/teams")


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """Teams within the administrator's units."""
    search = read_query(ManagedTeams)
    actor = current_actor()
    with transaction() as session:
        found = managed_teams(session, actor, search)
        offered = choices.institutions(session, actor)
    return render_template(
        "directory/admin/teams.html",
        found=found,
        search=search,
        institutions=offered,
        pager=pager(found),
        duty_choices=[
            (duty, gettext("缺%(duty)s的", duty=label))
            for duty, label in choices.translated_choices(codes.DUTIES)
        ],
    )


@pages.get("/<uuid:team_id>")
@open_to(Role.ADMINISTRATOR)
def show(team_id: UUID) -> ResponseReturnValue:
    """A team with its roster."""
    return _team(team_id, blank(SetMember))


@pages.get("/<uuid:team_id>/history")
@open_to(Role.ADMINISTRATOR)
def history(team_id: UUID) -> ResponseReturnValue:
    """Who changed what, when."""
    with transaction() as session:
        entry = managed_team(session, current_actor(), team_id)
        found = history_of(session, current_actor(), Kind.TEAM, team_id, read_query(PageQuery))
    return render_template(
        "directory/admin/team.html",
        entry=entry,
        tab="history",
        history=choices.history_in_words(found.items),
        pager=pager(found),
    )


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """Choose the institution, then the form of a new team there."""
    institution_id = request.args.get("institution_id")
    return _form(blank(CreateTeam, institution_id=institution_id, capacity=LARGEST_TEAM))


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Set up a team."""
    form = read_form(CreateTeam)
    made = attempt(
        form,
        TeamRoster,
        lambda session, command: services.create_team(session, current_actor(), command),
    )
    if made is None:
        return _form(form)
    flash(gettext("已组建%(name)s。下一步：添加护士等成员。", name=made.name), "good")
    return redirect(url_for("directory_teams.show", team_id=made.id))


@pages.get("/<uuid:team_id>/edit")
@open_to(Role.ADMINISTRATOR)
def edit(team_id: UUID) -> ResponseReturnValue:
    """The form of a team as it stands."""
    with transaction() as session:
        entry = managed_team(session, current_actor(), team_id)
    return _form(blank(ChangeTeam, **entry.model_dump(mode="json")), entry)


@pages.post("/<uuid:team_id>/edit")
@open_to(Role.ADMINISTRATOR)
def change(team_id: UUID) -> ResponseReturnValue:
    """Change a team."""
    form = read_form(ChangeTeam, **choices.emptied("introduction"))
    done = attempt(
        form,
        TeamRoster,
        lambda session, command: services.change_team(session, current_actor(), team_id, command),
    )
    if done is None:
        with transaction() as session:
            entry = managed_team(session, current_actor(), team_id)
        return _form(form, entry)
    flash(gettext("已保存。"), "good")
    return redirect(url_for("directory_teams.show", team_id=team_id))


@pages.post("/<uuid:team_id>/members")
@open_to(Role.ADMINISTRATOR)
def set_member(team_id: UUID) -> ResponseReturnValue:
    """Add somebody to the roster, or give them another duty."""
    form = read_form(SetMember)
    done = attempt(
        form,
        TeamRoster,
        lambda session, command: services.set_member(session, current_actor(), team_id, command),
    )
    if done is None:
        return _team(team_id, form)
    flash(gettext("名单已更新，成员的权限随之生效。"), "good")
    return redirect(url_for("directory_teams.show", team_id=team_id))


@pages.post("/<uuid:team_id>/members/<uuid:staff_id>/remove")
@open_to(Role.ADMINISTRATOR)
def remove_member(team_id: UUID, staff_id: UUID) -> ResponseReturnValue:
    """Take somebody off the roster."""
    return carry_out(
        AtState,
        TeamRoster,
        lambda session, command: services.remove_member(
            session, current_actor(), team_id, staff_id, command
        ),
        gettext("已移出团队，此人在团队的权限已收回。"),
        url_for("directory_teams.show", team_id=team_id),
    )


@pages.post("/<uuid:team_id>/disable")
@open_to(Role.ADMINISTRATOR)
def disable(team_id: UUID) -> ResponseReturnValue:
    """Close a team."""
    return carry_out(
        AtState,
        TeamRoster,
        lambda session, command: services.disable_team(session, current_actor(), team_id, command),
        gettext("团队已停用，不再接受签约，成员的权限已收回。"),
        url_for("directory_teams.show", team_id=team_id),
    )


@pages.post("/<uuid:team_id>/enable")
@open_to(Role.ADMINISTRATOR)
def enable(team_id: UUID) -> ResponseReturnValue:
    """Open a closed team again."""
    return carry_out(
        AtState,
        TeamRoster,
        lambda session, command: services.enable_team(session, current_actor(), team_id, command),
        gettext("团队已恢复，成员的权限已恢复。"),
        url_for("directory_teams.show", team_id=team_id),
    )


def _team(team_id: UUID, form: Form[SetMember]) -> ResponseReturnValue:
    with transaction() as session:
        entry = managed_team(session, current_actor(), team_id)
        colleagues = choices.staff(session, str(entry.institution_id))
    form.values["version"] = str(entry.version)
    page = render_template(
        "directory/admin/team.html",
        entry=entry,
        tab="overview",
        form=form,
        colleagues=colleagues,
        duties=codes.DUTIES,
        duty_choices=choices.translated_choices(codes.DUTIES),
        lacks_nurse=all(member.duty is not Duty.NURSE for member in entry.members),
    )
    return page, form.status


def _form(
    form: Form[CreateTeam] | Form[ChangeTeam], entry: TeamRoster | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        offered = {"division_code": choices.divisions(session, actor)}
        if entry is None:
            offered["institution_id"] = choices.institutions(session, actor)
            chosen = form.values.get("institution_id") or choices.only(offered["institution_id"])
            form.values["institution_id"] = chosen
            offered["leader_id"] = choices.staff(session, chosen)
    page = render_template(
        "directory/admin/team_form.html",
        form=form,
        entry=entry,
        offered=offered,
        collided=choices.collided(form, entry, offered) if entry else [],
    )
    return page, form.status

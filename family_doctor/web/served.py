"""The served index of a team and of an institution, and the norms that everything stands on."""

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_query
from directory.public import get_institution
from family_doctor.queries import team as teams
from family_doctor.queries.norms import show_norms
from family_doctor.queries.served import (
    index_of_team,
    institution_asked,
    institutions_measured,
    list_served,
    period_of,
)
from family_doctor.schemas import ServedIndex, ServedSearch
from family_doctor.web import care_words, wording

pages = Blueprint("family_doctor_served", __name__, url_prefix="/family-doctor")


@pages.context_processor
def name_things() -> dict[str, object]:
    """Give the templates the words and the day."""
    return {"wording": wording, "words": care_words, "today": clock.today()}


@pages.get("/served")
@open_to(Role.LEADER, Role.MEMBER)
def team() -> ResponseReturnValue:
    """A team's index."""
    search = read_query(ServedSearch)
    actor = current_actor()
    with transaction() as session:
        own = teams.teams_worked_in(session, actor)
        chosen = teams.require_team(session, actor, own, search.team_id)
        index = index_of_team(session, actor, chosen.id, search)
    return render_template(
        "family_doctor/care/served_team.html",
        team=chosen,
        teams=own,
        index=index,
        period=period_of(search),
        given=_given(search),
        search=search,
    )


@pages.get("/served/institution")
@open_to(Role.ADMINISTRATOR)
def institution() -> ResponseReturnValue:
    """The index of each team of an institution."""
    search = read_query(ServedSearch)
    actor = current_actor()
    with transaction() as session:
        measured = institutions_measured(session, actor)
        place = get_institution(session, institution_asked(measured, search.institution_id))
        rows = list_served(session, actor, place.id, search)
    whole = ServedIndex(
        due=sum(row.due for row in rows),
        kept=sum(row.kept for row in rows),
        late=sum(row.late for row in rows),
        confirmed=sum(row.confirmed for row in rows),
    )
    return render_template(
        "family_doctor/care/served_institution.html",
        place=place,
        measured=measured,
        rows=rows,
        whole=whole,
        period=period_of(search),
        given=_given(search, place.id),
        search=search,
    )


def _given(search: ServedSearch, institution_id: UUID | None = None) -> Form[ServedSearch]:
    """The form of another period, filled in with the one that is shown."""
    start, end = period_of(search)
    return blank(ServedSearch, start=start, end=end, institution_id=institution_id)


@pages.get("/norms")
@open_to(Role.ADMINISTRATOR)
def norms() -> ResponseReturnValue:
    """The norms in force with their sources."""
    with transaction() as session:
        found = show_norms(session, current_actor())
    return render_template("family_doctor/care/norms.html", norms=found)

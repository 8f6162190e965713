"""/api/v1/family-doctor/analysis: the managers' analysis and the lists behind it."""

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import costly
from family_doctor.queries.analysis.people import list_analysed
from family_doctor.queries.analysis.reading import read_analysis
from family_doctor.schemas import AnalysedPerson, Analysis, AnalysisQuery, PeopleQuery

api = room_api("family_doctor_analysis", "Family doctor: analysis", "family-doctor")


@api.get("/analysis")
@api.input(AnalysisQuery, location="query", arg_name="query")
@api.output(Analysis)
@api.doc(**SECURED)
@costly
@open_to(Role.ADMINISTRATOR, Role.ANALYST, Role.LEADER)
def analysis(query: AnalysisQuery) -> Analysis:
    """An analysis of a unit, place and period, beside the period before; a count that is null is
    hidden.
    """
    with transaction() as session:
        return read_analysis(session, current_actor(), query)


@api.get("/analysis/people")
@api.input(PeopleQuery, location="query", arg_name="query")
@api.output(Page[AnalysedPerson])
@api.doc(**SECURED)
@costly
@open_to(Role.ADMINISTRATOR, Role.LEADER)
def analysed_people(query: PeopleQuery) -> Page[AnalysedPerson]:
    """The contracts or services behind a figure, for who may see the people."""
    with transaction() as session:
        return list_analysed(session, current_actor(), query)[2]

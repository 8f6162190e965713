"""GET /api/v1/statistics/…: figures, with what disclosure control lets be seen."""

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from gov_stats import queries
from gov_stats.schemas import FigureQuery, IndicatorFigures, IndicatorList

api = room_api("gov_stats", "Statistics", "statistics")


@api.get("/indicators")
@api.output(IndicatorList)
@api.doc(**SECURED)
@open_to(Role.ANALYST, Role.ADMINISTRATOR)
def indicators() -> IndicatorList:
    """All indicators: name, formula, unit, yardstick and where it comes from."""
    with transaction() as session:
        return IndicatorList(items=queries.list_indicators(session))


@api.get("/indicators/<code>")
@api.input(FigureQuery, location="query", arg_name="query")
@api.output(IndicatorFigures)
@api.doc(**SECURED)
@open_to(Role.ANALYST, Role.ADMINISTRATOR)
def indicator(code: str, query: FigureQuery) -> IndicatorFigures:
    """One indicator in a division and those directly below it."""
    with transaction() as session:
        return queries.read_indicator(session, current_actor(), code, query)

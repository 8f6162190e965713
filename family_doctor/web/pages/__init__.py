"""The room's pages: the residents' and the team's."""

from family_doctor.web.pages import booking, residents, team
from family_doctor.web.pages.blueprint import pages

__all__ = ["booking", "pages", "residents", "team"]

"""The room's pages: the residents' and the team's."""

from family_doctor.web.pages import booking, panel, residents, team
from family_doctor.web.pages.blueprint import pages

__all__ = ["booking", "pages", "panel", "residents", "team"]

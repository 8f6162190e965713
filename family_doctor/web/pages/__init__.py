"""The room's pages: the residents' and the team's."""

from family_doctor.web.pages import booking, care, panel, residents, team
from family_doctor.web.pages.blueprint import pages

__all__ = ["booking", "care", "pages", "panel", "residents", "team"]

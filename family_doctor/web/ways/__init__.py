"""The ways of signing: what a link opens, what residents do, what the staff do."""

from family_doctor.web.ways import arriving, residents, staff
from family_doctor.web.ways.api import api
from family_doctor.web.ways.blueprint import pages

__all__ = ["api", "arriving", "pages", "residents", "staff"]

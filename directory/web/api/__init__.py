"""/api/v1/directory/…: for everybody to read, for administrators to change."""

from directory.web.api import administration
from directory.web.api.reading import api

__all__ = ["administration", "api"]

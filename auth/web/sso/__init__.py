"""The OpenID Provider's pages and endpoints."""

from auth.web.sso.applications import pages as application_pages
from auth.web.sso.authorize import pages as sso_pages
from auth.web.sso.endpoints import endpoints

__all__ = ["application_pages", "endpoints", "sso_pages"]

"""The OpenID Provider's pages and endpoints."""

from auth.web.sso.applications import pages as application_pages
from auth.web.sso.authorize import pages as authorize_pages
from auth.web.sso.device import pages as device_pages
from auth.web.sso.endpoints import endpoints
from auth.web.sso.sign_out import pages as sign_out_pages

sso_pages = (authorize_pages, sign_out_pages, device_pages, application_pages)

__all__ = ["endpoints", "sso_pages"]

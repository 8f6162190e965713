"""Composition: the list of rooms, and an app made of them."""

from importlib import import_module
from pathlib import Path

from apiflask import APIFlask
from flask import Blueprint
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import core.partitions
import core.retention  # noqa: F401  the scheduled jobs of both
from core import clock, database
from core.access import PolicyBook, open_book
from core.events import subscribe
from core.permissions import provide_words
from core.settings import Settings, settings
from core.web import (
    access,
    formats,
    languages,
    limits,
    live,
    logs,
    names,
    packing,
    posted,
    problems,
    security,
)
from core.web.api import bearer
from core.web.rooms import Room
from portal import embedded
from portal.application import Portal
from portal.console import Console
from portal.web import shell
from regions.public import load_english, load_region

ROOT = Path(__file__).resolve().parent.parent
# Every room, bottom first. A new room is one line here.
ROOM_NAMES = (
    "wechat",
    "auth",
    "directory",
    "residents",
    "notifications",
    "audit",
    "payments",
    "service_packs",
    "appointments",
    "family_doctor",
    "gov_stats",
    "regions",
    "portal",
)


def load_rooms() -> list[Room]:
    """Import every room's register, bottom first."""
    rooms: list[Room] = [import_module(f"{name}.register").room for name in ROOM_NAMES]
    for room in rooms:
        for event, handler in room.subscribers:
            subscribe(event, handler)
    return rooms


def create_app(configuration: Settings | None = None) -> APIFlask:
    """The portal. Raises SettingsError or PolicyError where it must not start."""
    chosen = configuration or settings()
    logs.configure()
    app = Portal(
        "kangqiao",
        title="Kangqiao API",
        version="1.0.0",
        spec_path=None,
        docs_path=None,
        root_path=str(ROOT),
        static_folder=str(ROOT / "static"),
    )
    _configure(app, chosen)
    rooms = load_rooms()
    directories = [room.directory for room in rooms]
    open_book(PolicyBook(directories))
    provide_words(room.words for room in rooms)
    _open_database(chosen)
    languages.install(app, [ROOT / "core", *directories])
    formats.install(app)
    names.install(app, load_english(chosen.region).find)
    logs.install(app)
    problems.install(app)
    security.install(app, https=chosen.https)
    packing.install(app)
    app.before_request(limits.restrict_body)
    app.before_request(posted.turn)
    csrf = CSRFProtect(app)
    app.before_request(access.enforce)
    limits.install(app)
    live.install(app, chosen.live_streams)
    access.open_to(access.ANYONE)(app.view_functions["static"])
    for room in rooms:
        _mount(app, room, csrf)
    region = load_region(chosen.region)
    clock.set_zone(region.timezone)
    shell.install(app, region, rooms)
    app.cli = Console({name: place for room in rooms for name, place in room.commands.items()})
    app.extensions["rooms"] = rooms
    return app


def _configure(app: APIFlask, chosen: Settings) -> None:
    https = chosen.https
    app.config.update(
        SECRET_KEY=chosen.secret_key.get_secret_value(),
        SESSION_COOKIE_NAME=security.cookie_name("kangqiao", secure=https),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
        OPENAPI_VERSION="3.1.0",
        SETTINGS=chosen,
    )
    if proxies := chosen.trusted_proxies:
        # Limits by address and the audit want the person's address, not the proxy's.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.security_schemes = {"BearerAuth": bearer.get_security_scheme()}
    app.json.ensure_ascii = False  # type: ignore[attr-defined]


def _open_database(chosen: Settings) -> None:
    url = chosen.database_url or embedded.start(chosen.instance_dir)
    database.use(database.make_engine(url, chosen.database_pool))


def _mount(app: APIFlask, room: Room, csrf: CSRFProtect) -> None:
    app.register_blueprint(Blueprint(f"{room.name}_files", room.name, template_folder="templates"))
    for pages in room.pages:
        app.register_blueprint(pages)
    for machine in (*room.machines, *room.apis):
        csrf.exempt(machine)  # what reads no cookie cannot be forged with one
        app.register_blueprint(machine)
    if room.install:
        room.install(app)

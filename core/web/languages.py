"""The reader's language: chosen by a link and kept in the browser's session, else the browser's."""

from pathlib import Path

from flask import Flask, request, session
from flask_babel import Babel, get_locale

LANGUAGES = ("zh", "en")
KEY = "language"


def select_language() -> str:
    """The language of this request; Chinese unless English was asked for."""
    chosen = _asked_for() or session.get(KEY)
    return chosen or request.accept_languages.best_match(LANGUAGES, "zh") or "zh"


def remember_choice() -> None:
    """Before each request: keep the language that a page's link asks for, also where the page only
    leads on to another.
    """
    wanted = _asked_for()
    if wanted and not request.path.startswith("/api/"):
        session[KEY] = wanted


def reads_chinese() -> bool:
    """Whether the text that is being made is in the source language."""
    locale = get_locale()
    return locale is None or locale.language == "zh"


def install(app: Flask, directories: list[Path]) -> None:
    """Give the app the catalogues of all rooms; called once by the factory."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(
        str(directory / "translations") for directory in directories
    )
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    Babel(app, locale_selector=select_language)
    app.before_request(remember_choice)


def _asked_for() -> str | None:
    wanted = request.args.get("lang")
    return wanted if wanted in LANGUAGES else None

"""The reader's language: chosen in the account's session or link, else by the browser."""

from pathlib import Path

from flask import Flask, request, session
from flask_babel import Babel

LANGUAGES = ("zh", "en")
KEY = "language"


def select_language() -> str:
    """The language of this request; Chinese unless English was asked for."""
    if wanted := request.args.get("lang"):
        if wanted in LANGUAGES and not request.path.startswith("/api/"):
            session[KEY] = wanted
        if wanted in LANGUAGES:
            return wanted
    chosen = session.get(KEY)
    return chosen or request.accept_languages.best_match(LANGUAGES, "zh") or "zh"


def install(app: Flask, directories: list[Path]) -> None:
    """Give the app the catalogues of all rooms; called once by the factory."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(
        str(directory / "translations") for directory in directories
    )
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    Babel(app, locale_selector=select_language)

"""The reader's language: chosen in the account's session or link, else by the browser."""

from pathlib import Path

from flask import Flask, request, session
from flask_babel import Babel
from flask_babel import refresh as read_again  # type: ignore[attr-defined]

LANGUAGES = ("zh", "en")
KEY = "language"
# While somebody signs in to an application: the language that it is in.
FLOW_KEY = "flow_language"


def speak_meanwhile(tags: str | None) -> None:
    """Speak the first of these languages (BCP 47 tags) that we know until it is called with None;
    what the person chooses meanwhile goes before.
    """
    session.pop(FLOW_KEY, None)
    primary = [tag.partition("-")[0].lower() for tag in (tags or "").split()]
    if known := [language for language in primary if language in LANGUAGES]:
        session[FLOW_KEY] = known[0]
    read_again()


def select_language() -> str:
    """The language of this request; Chinese unless English was asked for."""
    if wanted := request.args.get("lang"):
        if wanted in LANGUAGES and not request.path.startswith("/api/"):
            session[KEY] = wanted
            session.pop(FLOW_KEY, None)
        if wanted in LANGUAGES:
            return wanted
    chosen = session.get(FLOW_KEY) or session.get(KEY)
    return chosen or request.accept_languages.best_match(LANGUAGES, "zh") or "zh"


def install(app: Flask, directories: list[Path]) -> None:
    """Give the app the catalogues of all rooms; called once by the factory."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(
        str(directory / "translations") for directory in directories
    )
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    Babel(app, locale_selector=select_language)

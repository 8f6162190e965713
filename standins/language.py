"""Pages in Chinese, or in English for browsers that ask for it or links that say ``?lang=en``."""

from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from babel.messages.pofile import read_po
from flask import Flask, Response, request

CATALOGUE = Path(__file__).parent / "translations" / "en" / "LC_MESSAGES" / "messages.po"
LANGUAGES = ("zh", "en")
COOKIE = "standins_lang"


@cache
def english() -> dict[str, str]:
    """The English of each Chinese sentence, read from the catalogue itself."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en")
    return {str(entry.id): str(entry.string) for entry in catalogue if entry.id}


def language() -> str:
    """``zh`` or ``en``: the link's wish, then the cookie's, then the browser's."""
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return request.accept_languages.best_match(LANGUAGES) or "zh"


def N_(sentence: str) -> str:  # noqa: N802
    """Mark a sentence for the catalogue where it is written; it is translated where shown."""
    return sentence


def translate(sentence: str, **values: object) -> str:
    """``sentence`` in the reader's language, with its ``%(name)s`` places filled."""
    text = english()[sentence] if language() == "en" else sentence
    return text % values if values else text


def query_with_lang(wish: str) -> str:
    """This page's query string with another language."""
    return urlencode({**request.args.to_dict(), "lang": wish})


def _remember(response: Response) -> Response:
    wish = request.args.get("lang")
    if wish in LANGUAGES:
        response.set_cookie(COOKIE, wish, httponly=True, samesite="Lax")
    return response


def install(app: Flask) -> None:
    """Give the templates what they need of this module, and remember the reader's choice."""
    app.context_processor(
        lambda: {"_": translate, "language": language(), "query_with_lang": query_with_lang}
    )
    app.after_request(_remember)

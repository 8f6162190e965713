"""The reader's language: chosen by a link and kept in the browser's session, else the browser's."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from babel.support import NullTranslations
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, force_locale, get_translations, refresh
from markupsafe import Markup

LANGUAGES = ("zh", "en")
SOURCE = "zh"
KEY = "language"
# While somebody signs in to an application: the language that it is in.
FLOW_KEY = "flow_language"


class Words:
    """The sentences of one language, each looked up once a process: a page has hundreds."""

    def __init__(self, language: str, catalogue: Any) -> None:
        self.language = language
        self._catalogue = catalogue
        self._texts: dict[str, str] = {}
        self._drawn: dict[str, Markup] = {}

    def text(self, sentence: str) -> str:
        """The sentence as plain text, its %(name)s still open."""
        found = self._texts.get(sentence)
        if found is None:
            found = self._texts[sentence] = str(self._catalogue.ugettext(sentence))
        return found

    def drawn(self, sentence: str) -> Markup:
        """The sentence for a template. Catalogues are ours, so nothing in it is escaped."""
        found = self._drawn.get(sentence)
        if found is None:
            found = self._drawn[sentence] = Markup(self.text(sentence)) % {}  # noqa: S704
        return found

    def counted(self, one: str, many: str, number: int) -> str:
        """The form of the sentence that goes with ``number``."""
        return str(self._catalogue.ungettext(one, many, number))


_known: dict[str, Words] = {}
_current: ContextVar[Words | None] = ContextVar("words", default=None)


def select_language() -> str:
    """The language of this request; Chinese unless English was asked for."""
    api = request.path.startswith("/api/")
    wanted = request.args.get("lang")
    if wanted in LANGUAGES:
        if not api:
            session[KEY] = wanted
            session.pop(FLOW_KEY, None)
        return str(wanted)
    chosen = None if api else session.get(FLOW_KEY) or session.get(KEY)
    return chosen or request.accept_languages.best_match(LANGUAGES, SOURCE) or SOURCE


def words() -> Words:
    """The words of this request, or of the source language outside one."""
    found = _current.get()
    if found is None:
        found = _find()
        if has_request_context():
            _current.set(found)
    return found


def language() -> str:
    """zh or en."""
    return words().language


def english() -> bool:
    """Whether the reader wants English."""
    return language() == "en"


def gettext(sentence: str, **values: object) -> str:
    """The sentence in the reader's language."""
    text = words().text(sentence)
    return text % values if values else text


def draw(sentence: str, **values: object) -> Markup:
    """The sentence in a template; ``values`` are escaped."""
    if not values:
        return words().drawn(sentence)
    return Markup(words().text(sentence)) % values  # noqa: S704  the catalogue is ours


def draw_counted(one: str, many: str, num: int, **values: object) -> Markup:
    """The form of a sentence in a template that goes with ``num``."""
    return Markup(words().counted(one, many, num)) % {"num": num, **values}  # noqa: S704


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """The block's sentences are in this language, whoever reads them."""
    with force_locale(language):
        before = _current.set(Words(language, get_translations()))
        try:
            yield
        finally:
            _current.reset(before)


def speak_meanwhile(tags: str | None) -> None:
    """Speak the first of these languages (BCP 47 tags) that we know until it is called with None;
    what the person chooses meanwhile goes before.
    """
    if not tags and FLOW_KEY not in session:
        return
    session.pop(FLOW_KEY, None)
    primary = [tag.partition("-")[0].lower() for tag in (tags or "").split()]
    if known := [language for language in primary if language in LANGUAGES]:
        session[FLOW_KEY] = known[0]
    refresh()
    _current.set(_find())


def install(app: Flask, directories: list[Path]) -> None:
    """Give the app the catalogues of all rooms; called once by the factory."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(
        str(directory / "translations") for directory in directories
    )
    app.config["BABEL_DEFAULT_LOCALE"] = SOURCE
    Babel(app, locale_selector=select_language)
    app.jinja_env.globals.update(_=draw, gettext=draw, ngettext=draw_counted)

    @app.before_request
    def begin() -> None:
        # Chosen now where it is to be kept, else when the first sentence is due.
        if "lang" in request.args and request.endpoint != "static":
            _current.set(_find())

    @app.teardown_request
    def finish(error: BaseException | None) -> None:
        del error
        _current.set(None)


def _find() -> Words:
    if not has_request_context():
        return Words(SOURCE, NullTranslations())
    chosen = select_language()
    if chosen not in _known:
        _known[chosen] = Words(chosen, get_translations())
    return _known[chosen]

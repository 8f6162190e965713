"""The Flask application with what hundreds of calls a page made too slow, done once instead.

Every page names some fifty addresses and calls some five hundred macros; `make bench NAME=pages`
says what these two cost.
"""

from collections.abc import Callable, Hashable
from functools import cache, lru_cache
from types import FunctionType
from typing import Any, TypeAlias

from apiflask import APIFlask
from flask import has_request_context, request
from jinja2.runtime import Context, Macro

from core.memory import Memory
from core.web.languages import language

# Addresses that are remembered: enough for every page's own, and for the ids of a busy hour.
REMEMBERED = 4096
# The mark that Jinja's pass_context and its like leave on a function.
PASSES = "jinja_pass_arg"
Named: TypeAlias = tuple[tuple[str, type, Any], ...]


class Drawing(Context):
    """A template's context that calls macros and plain functions without asking each of them anew
    whether it wants the context.
    """

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """As Jinja's, whose answer for these two kinds is always the same."""
        kind = type(called)
        if kind is Macro or (kind is FunctionType and not hasattr(called, PASSES)):
            if kwargs:
                kwargs.pop("_block_vars", None)
                kwargs.pop("_loop_vars", None)
            return called(*args, **kwargs)
        return super().call(called, *args, **kwargs)


_drawn: Memory[tuple[Macro, str, tuple[Hashable, ...]], str] = Memory(REMEMBERED)


def kept(macro: Macro, *given: Hashable) -> str:
    """What ``macro`` draws of ``given``, drawn once a language; a template global.

    For parts of public lists: the macro must draw of nothing else, no token and no moment of the
    day, and of no person.
    """
    return _drawn.get((macro, language(), given), lambda: macro(*given))


class Portal(APIFlask):
    """The portal as a WSGI application."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._path = lru_cache(REMEMBERED)(self._build_path)

    def create_jinja_environment(self) -> Any:
        """Flask's, with the quick context, and ``asset`` for files of our own."""
        environment = super().create_jinja_environment()
        environment.context_class = Drawing
        environment.trim_blocks = environment.lstrip_blocks = True
        asset = cache(lambda name: f"{self.static_url_path}/{name}")
        environment.globals.update(asset=asset, kept=kept)
        return environment

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As it is: Flask asks of each hook and view anew whether it is a coroutine; none is."""
        return func

    def url_for(self, endpoint: str, /, **values: Any) -> str:  # type: ignore[override]
        """As Flask's; what lies within the site is remembered."""
        if not has_request_context() or values.get("_external") or values.get("_scheme"):
            return super().url_for(endpoint, **values)
        if endpoint.startswith("."):
            endpoint = f"{request.blueprint}{endpoint}"
        # 1 and True are equal, and another address.
        named = tuple((name, type(value), value) for name, value in values.items())
        try:
            return self._path(request.root_path, endpoint, named)
        except TypeError:  # a list is no key
            return super().url_for(endpoint, **values)

    def _build_path(self, root_path: str, endpoint: str, named: Named) -> str:
        del root_path  # Flask finds it in the request
        return super().url_for(endpoint, **{name: value for name, _, value in named})

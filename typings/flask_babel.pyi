from collections.abc import Callable
from contextlib import AbstractContextManager

from babel.support import NullTranslations
from flask import Flask

class Babel:
    def __init__(self, app: Flask, *, locale_selector: Callable[[], str]) -> None: ...

def get_translations() -> NullTranslations: ...
def force_locale(locale: str) -> AbstractContextManager[None]: ...

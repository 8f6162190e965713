from collections.abc import Callable

from babel.support import NullTranslations
from flask import Flask

class Babel:
    def __init__(self, app: Flask, *, locale_selector: Callable[[], str]) -> None: ...

def get_translations() -> NullTranslations: ...

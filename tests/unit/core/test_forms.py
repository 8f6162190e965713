"""Page forms: blanks around what was typed go, except where every character counts."""

from typing import Annotated

from flask import Flask
from pydantic import BaseModel, Field

from core.as_typed import AS_TYPED
from core.web.forms import read_form


class Enter(BaseModel):
    """A form of these tests."""

    name: str
    secret: Annotated[str, Field(min_length=1), AS_TYPED]
    hint: Annotated[str | None, Field(max_length=9), AS_TYPED] = None
    note: str | None = None


def enter(**typed: str) -> Enter:
    with Flask(__name__).test_request_context(method="POST", data=typed):
        form = read_form(Enter)
    assert form.command
    return form.command


def test_blanks_around_a_text_go() -> None:
    assert enter(name=" wei\t", secret="x", note="\u3000 ") == Enter(name="wei", secret="x")


def test_what_is_marked_stays_as_typed() -> None:
    command = enter(name="wei", secret=" two  words ", hint=" ")
    assert (command.secret, command.hint) == (" two  words ", " ")


def test_nothing_typed_is_missing_however_marked() -> None:
    assert enter(name="wei", secret="x", hint="").hint is None

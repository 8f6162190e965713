"""Buttons: read the command, do it, say what happened, go back to where it was pressed."""

from collections.abc import Callable
from typing import TypeVar

from flask import flash, redirect
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid
from core.web.forms import read_form
from core.web.problems import translated
from core.web.writes import write

C = TypeVar("C", bound=BaseModel)
M = TypeVar("M", bound=BaseModel)


def carry_out(
    command: type[C], answer: type[M], work: Callable[[Session, C], M], done: str, back: str
) -> ResponseReturnValue:
    """Do ``work`` and go ``back`` with the sentence ``done``, or with the reason of a refusal."""
    form = read_form(command)
    given = form.command
    if given is None:
        flash(form.message, "bad")
        return redirect(back)
    try:
        write(answer, lambda session: work(session, given))
    except (Conflict, Invalid) as error:
        flash(translated(error.message), "bad")
    else:
        flash(done, "good")
    return redirect(back)

"""Buttons and forms: do what was asked, say what happened, go on or stay where it was pressed."""

from collections.abc import Callable
from typing import TypeVar

from flask import flash, redirect
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid
from core.web.forms import Form, read_form
from core.web.writes import write

C = TypeVar("C", bound=BaseModel)
M = TypeVar("M", bound=BaseModel)


def attempt(form: Form[C], answer: type[M], work: Callable[[Session, C], M]) -> M | None:
    """Do ``work`` with the form's command. None where that is not valid or was refused; the form
    then says why and holds the status.
    """
    command = form.command
    if command is None:
        return None
    try:
        return write(answer, lambda session: work(session, command))
    except (Conflict, Invalid) as error:
        form.fail(error)
        return None


def carry_out(
    command: type[C], answer: type[M], work: Callable[[Session, C], M], done: str, back: str
) -> ResponseReturnValue:
    """Do ``work`` and go ``back`` with the sentence ``done``, or with the reason of a refusal."""
    form = read_form(command)
    if attempt(form, answer, work) is None:
        flash(form.message, "bad")
    else:
        flash(done, "good")
    return redirect(back)

"""Personalised packs on the forms of the ways to a contract: what was ticked stays ticked."""

from typing import TypeVar
from uuid import UUID

from flask import request

from core.web.forms import Form, read_form
from family_doctor.schemas.base import Command

C = TypeVar("C", bound=Command)
NAME = "extra_codes"


def read_choice(command: type[C], **fixed: object) -> Form[C]:
    """A submitted form on which packs are ticked."""
    return _kept(read_form(command, **fixed), NAME)


def read_choice_for(command: type[C], person_id: UUID | None, **fixed: object) -> Form[C]:
    """One on which packs are ticked for each of several people: those of ``person_id`` count."""
    name = f"{NAME}_{person_id}"
    codes = [code for code in request.form.getlist(name) if code]
    return _kept(read_form(command, **fixed | {NAME: codes}), name)


def _kept(form: Form[C], name: str) -> Form[C]:
    form.values[name] = " ".join(request.form.getlist(name))
    return form

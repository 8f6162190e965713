"""Page forms: read into the same commands as the API; what was typed is kept on failure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from core.as_typed import AS_TYPED
from core.errors import PortalError
from core.messages import N_
from core.web.languages import gettext
from core.web.problems import translated

# Sentences for pydantic's error types; anything else gets the last one.
SENTENCES = {
    "missing": N_("请填写这一项。"),
    "string_too_short": N_("请至少填写 %(min_length)s 个字。"),
    "string_too_long": N_("请不要超过 %(max_length)s 个字。"),
    "string_pattern_mismatch": N_("格式不对，请检查后重新填写。"),
    "int_parsing": N_("请填写整数。"),
    "greater_than_equal": N_("不能小于 %(ge)s。"),
    "less_than_equal": N_("不能大于 %(le)s。"),
    "date_from_datetime_parsing": N_("请填写正确的日期。"),
    "enum": N_("请从列出的选项中选择。"),
    "uuid_parsing": N_("请从列出的选项中选择。"),
}
C = TypeVar("C", bound=BaseModel)
OTHERWISE = N_("请检查这一项后重新填写。")


@dataclass
class Form(Generic[C]):
    """What a page form holds: typed values, sentences of error by field, the command if valid, and
    the HTTP status that its page answers with.
    """

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    message: str = ""
    command: C | None = None
    status: int = 200

    def fail(self, error: PortalError) -> int:
        """Take over a service's refusal; returns the HTTP status to answer with."""
        self.message = translated(error.message)
        self.errors |= {name: translated(text) for name, text in error.fields.items()}
        self.status = error.status
        return error.status


def blank(command: type[C], **values: object) -> Form[C]:
    """A form before anything was typed, with starting values."""
    del command  # gives the form its type
    return Form({name: "" if v is None else str(v) for name, v in values.items()})


def read_form(command: type[C], **fixed: object) -> Form[C]:
    """The submitted form as ``command``; empty inputs count as missing, and blanks around one are
    removed unless its type is marked AS_TYPED. ``fixed`` comes from the route, never from the
    person.
    """
    typed = {
        name: value if _is_as_typed(command, name) else value.strip()
        for name, value in request.form.items()
    }
    fields = set(command.model_fields)
    given: dict[str, object] = {k: v for k, v in typed.items() if v and k in fields}
    for name, many in request.form.lists():
        if _is_list(command, name):
            given[name] = [value for value in many if value]
    given |= fixed
    form = Form[C](values=typed)
    try:
        form.command = command.model_validate(given)
    except ValidationError as error:
        form.errors = {
            str(problem["loc"][0]): sentence(problem["type"], problem.get("ctx", {}))
            for problem in error.errors()
            if problem["loc"]
        }
        form.message = gettext(N_("有些内容需要修改，请看标出的地方。"))
        form.status = 422
    return form


def read_query(query: type[C], **fixed: object) -> C:
    """The address's query as ``query``. What does not fit is left out: a mistyped filter in a
    link must not be a dead end.
    """
    given: dict[str, object] = {name: value for name, value in request.args.items() if value}
    try:
        return query.model_validate(given | fixed)
    except ValidationError as error:
        bad = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
        kept = {name: value for name, value in given.items() if name not in bad}
        return query.model_validate(kept | fixed)


def sentence(kind: str, context: Mapping[str, object]) -> str:
    """A pydantic error in the reader's language; a ValueError's own text is a catalogue key."""
    if kind == "value_error":
        return gettext(str(context["error"]))
    text = gettext(SENTENCES.get(kind, OTHERWISE))
    return text % context if "%(" in text else text


def _is_as_typed(command: type[BaseModel], name: str) -> bool:
    model_field = command.model_fields.get(name)
    return model_field is not None and AS_TYPED in model_field.metadata


def _is_list(command: type[BaseModel], name: str) -> bool:
    model_field = command.model_fields.get(name)
    return model_field is not None and "list" in str(model_field.annotation)

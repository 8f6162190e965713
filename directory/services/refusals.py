"""The constraints of the tables in words: the database refuses, this says why."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid
from core.messages import N_

# Constraint → the field at fault and what to do.
TAKEN = {
    "uq_directory_institution_code": ("code", N_("这个机构编码已登记，请核对。")),
    "uq_directory_department_institution_id_name": (
        "name",
        N_("这家机构已有同名科室，请换一个名称；停用的科室可以恢复使用。"),
    ),
    "uq_directory_staff_account_id": ("username", N_("这个账号已属于另一名人员。")),
}
UNKNOWN = {
    "fk_directory_institution_division_code": (
        "division_code",
        N_("没有这个区划，请从列表中选择。"),
    ),
    "fk_directory_team_division_code": ("division_code", N_("没有这个区划，请从列表中选择。")),
    "fk_directory_department_specialty_code": (
        "specialty_code",
        N_("没有这个诊疗科目，请从列表中选择。"),
    ),
}


@contextmanager
def in_words(session: Session) -> Iterator[None]:
    """Turn a broken constraint into Conflict ``taken`` or Invalid ``unknown`` with its field."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        if taken := TAKEN.get(str(constraint)):
            field, sentence = taken
            raise Conflict("taken", sentence, fields={field: sentence}) from None
        if unknown := UNKNOWN.get(str(constraint)):
            field, sentence = unknown
            raise Invalid("unknown", sentence, fields={field: sentence}) from None
        raise

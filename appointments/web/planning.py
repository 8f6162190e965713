"""What the pages of a schedule share: where one plans, what is chosen from, and the words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from appointments.queries.planning import institutions_of
from appointments.schemas import HalfDay, Kind, Pool
from core.access import Actor, Role
from core.errors import NotFound
from core.history import ChangeView
from core.messages import N_
from core.paging import HIGHEST_LIMIT
from core.web.forms import Form
from core.web.history import HistoryEntry, in_words
from core.web.languages import gettext
from core.web.names import named
from directory.public import get_institution, list_departments, list_staff
from directory.schemas import DepartmentSearch, DepartmentView, InstitutionView, StaffSearch

Choices = list[tuple[str, str]]
KINDS = {
    Kind.GENERAL: N_("普通门诊"),
    Kind.SPECIALIST: N_("专科门诊"),
    Kind.EXPERT: N_("专家门诊"),
    Kind.HEALTH_CHECK: N_("健康体检"),
    Kind.ADMISSION: N_("住院预约"),
    Kind.VACCINATION: N_("预防接种"),
    Kind.ONLINE: N_("网上门诊"),
}
HALF_DAYS = {HalfDay.MORNING: N_("上午"), HalfDay.AFTERNOON: N_("下午")}
POOLS = {
    Pool.PUBLIC: N_("公众号"),
    Pool.FAMILY_DOCTOR: N_("家庭医生号"),
    Pool.REFERRAL: N_("转诊号"),
    Pool.ONSITE: N_("现场号"),
    Pool.ELDERLY: N_("老年电话号"),
    Pool.WAITLIST: N_("候补号"),
}
WEEKDAYS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))
# What forms and histories call the fields.
LABELS = {
    "kind": N_("门诊类型"),
    "weekday": N_("星期"),
    "half_day": N_("半天"),
    "room": N_("诊室"),
    "capacity": N_("每时段号数"),
    "fee_fen": N_("挂号费（分）"),
    "on_holidays": N_("节假日照常开诊"),
    "valid_from": N_("第一天"),
    "valid_until": N_("最后一天"),
    "disabled": N_("已停用"),
}
HISTORY_CODES: dict[str, Mapping[str, str]] = {
    "kind": {kind.value: name for kind, name in KINDS.items()},
    "half_day": {half_day.value: name for half_day, name in HALF_DAYS.items()},
    "weekday": {str(number): name for number, name in enumerate(WEEKDAYS, 1)},
}


class Pressed(BaseModel):
    """A button that says no more than that it was pressed."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one plans: the institution, those to choose from, and its departments."""

    institution: InstitutionView
    institutions: list[InstitutionView]
    departments: list[DepartmentView]

    def department(self, department_id: UUID | None) -> DepartmentView | None:
        """The department of this id, None where it is no other's."""
        return next((each for each in self.departments if each.id == department_id), None)


def read_desk(session: Session, actor: Actor, asked: UUID | None, *roles: Role) -> Desk | None:
    """The institution asked for (what is done there asks the policy), else the first of the
    actor's; None where they have none.
    """
    own = institutions_of(session, actor, *(roles or (Role.REGISTRAR,)))
    institution = next((each for each in own if asked in (None, each.id)), None)
    if institution is None:
        if asked is None:
            return None
        institution = get_institution(session, asked)
    search = DepartmentSearch(institution_id=institution.id, limit=HIGHEST_LIMIT)
    return Desk(institution, own, list_departments(session, search).items)


def need_desk(session: Session, actor: Actor, asked: UUID | None) -> Desk:
    """As ``read_desk``. Raises NotFound where the actor has no institution."""
    desk = read_desk(session, actor, asked)
    if desk is None:
        raise NotFound()
    return desk


def doctors(session: Session, institution_id: UUID, department_id: UUID | None) -> Choices:
    """The doctors of a department, or of the whole institution a page of them."""
    search = StaffSearch(
        institution_id=institution_id, department_id=department_id, limit=HIGHEST_LIMIT
    )
    return [
        (str(each.id), f"{each.name} {gettext(each.title)}" if each.title else each.name)
        for each in list_staff(session, search).items
        if each.profession == "doctor"
    ]


def department_choices(departments: Sequence[DepartmentView]) -> Choices:
    """The departments by name."""
    return [(str(each.id), named(each.name, each.name_en)) for each in departments]


def words(labels: Mapping[Any, str]) -> Choices:
    """Codes with their labels in the reader's language."""
    return [(str(code), gettext(label)) for code, label in labels.items()]


def weekday_choices() -> Choices:
    """The days of the week, Monday first."""
    return [(str(number), gettext(name)) for number, name in enumerate(WEEKDAYS, 1)]


def fee_of(text: str | None) -> str:
    """Fen from an amount of yuan as it is typed; what is no amount stays as it is."""
    typed = (text or "").strip().lstrip("¥")
    whole, _, rest = typed.partition(".")
    if whole.isascii() and whole.isdigit() and len(rest) <= 2 and (not rest or rest.isdigit()):
        return str(int(whole) * 100 + int(rest.ljust(2, "0")))
    return typed


def yuan_of(fen: int) -> str:
    """Fen as an amount of yuan to be typed over."""
    whole, rest = divmod(fen, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)


def typed_fee(form: Form[Any]) -> None:
    """The error of a fee stands at the field in which it was typed."""
    if "fee_fen" in form.errors:
        form.errors["fee"] = form.errors.pop("fee_fen")


def emptied(*names: str) -> dict[str, str | None]:
    """Inputs that may be emptied, as nothing."""
    return {name: request.form.get(name, "").strip() or None for name in names}


def history_in_words(
    changes: Sequence[ChangeView], labels: Mapping[str, str]
) -> list[HistoryEntry]:
    """A history in the reader's language."""
    return in_words(changes, labels, HISTORY_CODES)


def day_in(text: str | None) -> date | None:
    """A day typed or linked, None for anything else."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None

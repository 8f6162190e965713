"""/appointments/conduct: why one's booking rests; /appointments/reviews: staff decides about it;
/appointments/conduct-rules: what leads to it.
"""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from appointments.queries.conduct import (
    STAFF_ROLES,
    get_case,
    list_cases,
    list_rules,
    own_standing,
)
from appointments.schemas import (
    AnswerCase,
    CaseSearch,
    CaseState,
    CaseView,
    ChangeConductRule,
    ConductCode,
    ConductRuleView,
    DecideCase,
)
from appointments.services.review import answer_case, change_rule, decide_case
from core.access import Role
from core.database import transaction
from core.errors import NotFound
from core.messages import N_
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager

pages = Blueprint("appointments_conduct", __name__, url_prefix="/appointments")
RULE_NAMES = {
    ConductCode.PATIENTS: N_("一个账号的不同就诊人"),
    ConductCode.CANCELS: N_("反复预约又取消"),
    ConductCode.SPEED: N_("操作快过常人"),
    ConductCode.DEVICE: N_("一台设备上的不同账号"),
}
STATE_LABELS = {
    CaseState.OPEN: (N_("等核查"), "warn"),
    CaseState.CLEARED: (N_("没有问题"), "good"),
    CaseState.UPHELD: (N_("已暂停"), "bad"),
}
WORDS = {"rules": RULE_NAMES, "states": STATE_LABELS}


@pages.get("/conduct")
@open_to(SIGNED_IN)
def own() -> ResponseReturnValue:
    """Why one's own booking rests, what became of it, and the form of the answer."""
    return _own_page(blank(AnswerCase), 200)


@pages.post("/conduct/<uuid:case_id>")
@open_to(SIGNED_IN)
def answer(case_id: UUID) -> ResponseReturnValue:
    """Say something to it."""
    form = read_form(AnswerCase)
    actor = current_actor()
    if attempt(form, CaseView, lambda s, command: answer_case(s, actor, case_id, command)) is None:
        return _own_page(form, form.status)
    flash(gettext("已收到您的说明，工作人员会一并核查。"), "good")
    return redirect(url_for("appointments_conduct.own"), 303)


@pages.get("/reviews")
@open_to(*STAFF_ROLES)
def listing() -> ResponseReturnValue:
    """Reviews at one's institutions."""
    search = read_query(CaseSearch)
    with transaction() as session:
        found = list_cases(session, current_actor(), search)
    return render_template(
        "appointments/conduct/list.html", found=found, search=search, paging=pager(found), **WORDS
    )


@pages.get("/reviews/<uuid:case_id>")
@open_to(*STAFF_ROLES)
def show(case_id: UUID) -> ResponseReturnValue:
    """One review, and the decision."""
    return _case_page(case_id, blank(DecideCase, rest_days=30), 200)


@pages.post("/reviews/<uuid:case_id>")
@open_to(*STAFF_ROLES)
def decide(case_id: UUID) -> ResponseReturnValue:
    """Clear or uphold it."""
    form = read_form(DecideCase)
    actor = current_actor()
    if attempt(form, CaseView, lambda s, command: decide_case(s, actor, case_id, command)) is None:
        return _case_page(case_id, form, form.status)
    flash(gettext("核查结果已记录，居民会收到通知。"), "good")
    return redirect(url_for("appointments_conduct.show", case_id=case_id), 303)


@pages.get("/conduct-rules")
@open_to(Role.ADMINISTRATOR)
def rules() -> ResponseReturnValue:
    """What counts as unusual."""
    with transaction() as session:
        found = list_rules(session, current_actor())
    return render_template("appointments/conduct/rules.html", found=found, **WORDS)


@pages.get("/conduct-rules/<code>")
@open_to(Role.ADMINISTRATOR)
def edit_rule(code: str) -> ResponseReturnValue:
    """The form of one rule."""
    rule = _rule(code)
    return _rule_page(rule, blank(ChangeConductRule, **rule.model_dump()), 200)


@pages.post("/conduct-rules/<code>")
@open_to(Role.ADMINISTRATOR)
def save_rule(code: str) -> ResponseReturnValue:
    """Change one rule."""
    rule = _rule(code)
    form = read_form(ChangeConductRule)
    actor = current_actor()
    if attempt(form, ConductRuleView, lambda s, c: change_rule(s, actor, rule.code, c)) is None:
        return _rule_page(rule, form, form.status)
    flash(gettext("规则已保存，从下一次预约起生效。"), "good")
    return redirect(url_for("appointments_conduct.rules"), 303)


def _own_page(form: Form[AnswerCase], status: int) -> ResponseReturnValue:
    with transaction() as session:
        standing = own_standing(session, current_actor())
    page = render_template(
        "appointments/conduct/own.html", cases=standing.items, form=form, **WORDS
    )
    return page, status


def _case_page(case_id: UUID, form: Form[DecideCase], status: int) -> ResponseReturnValue:
    with transaction() as session:
        case = get_case(session, current_actor(), case_id)
    return render_template("appointments/conduct/case.html", case=case, form=form, **WORDS), status


def _rule_page(
    rule: ConductRuleView, form: Form[ChangeConductRule], status: int
) -> ResponseReturnValue:
    return render_template("appointments/conduct/rule.html", rule=rule, form=form, **WORDS), status


def _rule(code: str) -> ConductRuleView:
    with transaction() as session:
        found = list_rules(session, current_actor()).items
    rule = next((each for each in found if each.code == code), None)
    if rule is None:
        raise NotFound()
    return rule

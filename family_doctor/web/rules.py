"""/family-doctor/rules: the administrators' pages of capacity, terms and deadlines."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Role
from core.database import transaction
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from family_doctor.queries.rules import get_rule, history_of, list_rules, without_rule
from family_doctor.schemas import AddRule, ChangeRule, RuleValues, RuleView
from family_doctor.services import rules as services
from family_doctor.web import wording

pages = Blueprint("family_doctor_rules", __name__, url_prefix="/family-doctor/rules")


@pages.context_processor
def name_fields() -> dict[str, object]:
    """Give the templates the names of a rule's values, and the day."""
    return {"wording": wording, "today": clock.today()}


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """The rules within one's units."""
    return _listing(blank(AddRule), 200)


@pages.post("/")
@open_to(Role.ADMINISTRATOR)
def add() -> ResponseReturnValue:
    """Give an institution rules of its own."""
    form, actor = read_form(AddRule), current_actor()
    made = attempt(
        form, RuleView, lambda session, command: services.add_rule(session, actor, command)
    )
    if made is None:
        return _listing(form, form.status)
    flash(gettext("已照现行规则建好，请核对后修改。"), "good")
    return redirect(url_for("family_doctor_rules.show", rule_id=made.id), 303)


@pages.get("/<uuid:rule_id>")
@open_to(Role.ADMINISTRATOR)
def show(rule_id: UUID) -> ResponseReturnValue:
    """The form of one rule, and its history."""
    with transaction() as session:
        rule = get_rule(session, current_actor(), rule_id)
    form = blank(ChangeRule, **rule.model_dump(include={*RuleValues.model_fields}))
    form.values["estimate"] = "true" if rule.estimate else ""
    return _page(rule_id, form, 200)


@pages.post("/<uuid:rule_id>")
@open_to(Role.ADMINISTRATOR)
def change(rule_id: UUID) -> ResponseReturnValue:
    """Change one rule."""
    form, actor = read_form(ChangeRule), current_actor()
    changed = attempt(
        form,
        RuleView,
        lambda session, command: services.change_rule(session, actor, rule_id, command),
    )
    if changed is None:
        return _page(rule_id, form, form.status)
    flash(gettext("规则已保存。已经在走的期限不变，之后的按新规则。"), "good")
    return redirect(url_for("family_doctor_rules.show", rule_id=rule_id), 303)


def _listing(form: Form[AddRule], status: int) -> ResponseReturnValue:
    with transaction() as session:
        found = list_rules(session, current_actor()).items
        without = without_rule(session, current_actor(), found)
    page = render_template("family_doctor/rules/list.html", rules=found, without=without, form=form)
    return page, status


def _page(rule_id: UUID, form: Form[ChangeRule], status: int) -> ResponseReturnValue:
    with transaction() as session:
        rule = get_rule(session, current_actor(), rule_id)
        changes = history_of(session, current_actor(), rule_id, read_query(PageQuery, limit=10))
    page = render_template(
        "family_doctor/rules/one.html",
        rule=rule,
        form=form,
        changes=changes.items,
        pager=pager(changes),
    )
    return page, status

"""/family-doctor/way-rules: the administrators' page of the limits on the ways of signing."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from family_doctor.queries.way_rules import get_way_rule, way_rule_history
from family_doctor.schemas import ChangeWayRule, WayLimits, WayRuleView
from family_doctor.services import way_rules as services
from family_doctor.web import ways_words

pages = Blueprint("family_doctor_way_rules", __name__, url_prefix="/family-doctor/way-rules")


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def show() -> ResponseReturnValue:
    """The form of the limits, and their history."""
    with transaction() as session:
        rule = get_way_rule(session, current_actor())
    form = blank(ChangeWayRule, **rule.model_dump(include={*WayLimits.model_fields}))
    form.values["estimate"] = "true" if rule.estimate else ""
    return _page(form, 200)


@pages.post("/")
@open_to(Role.ADMINISTRATOR)
def change() -> ResponseReturnValue:
    """Change them."""
    form, actor = read_form(ChangeWayRule), current_actor()
    changed = attempt(
        form,
        WayRuleView,
        lambda session, command: services.change_way_rule(session, actor, command),
    )
    if changed is None:
        return _page(form, form.status)
    flash(gettext("规则已保存。已经发出的名片、邀请和分享不变，之后的按新规则。"), "good")
    return redirect(url_for("family_doctor_way_rules.show"), 303)


def _page(form: Form[ChangeWayRule], status: int) -> ResponseReturnValue:
    with transaction() as session:
        rule = get_way_rule(session, current_actor())
        changes = way_rule_history(session, current_actor(), read_query(PageQuery, limit=10))
    page = render_template(
        "family_doctor/ways/rules.html",
        rule=rule,
        form=form,
        fields=ways_words.RULE_FIELDS,
        changes=changes.items,
        pager=pager(changes),
    )
    return page, status

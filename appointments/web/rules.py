"""/appointments/schedule/rules and /holidays: how institutions take bookings, and the calendar."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from appointments.queries.planning import (
    get_rules,
    institutions_of,
    list_holidays,
    rules_history,
)
from appointments.schemas import (
    ChangeRules,
    HolidayView,
    Kind,
    RulesView,
    SetHoliday,
    SupplyAction,
)
from appointments.services import calendar, rules
from appointments.web import planning
from appointments.web.supply_api import day_of
from core.access import Role, decide
from core.database import transaction
from core.errors import NotFound
from core.messages import N_
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.history import collision
from core.web.languages import gettext
from core.web.pager import pager
from directory.public import get_institution

pages = Blueprint("appointments_rules", __name__, url_prefix="/appointments/schedule")
# The fields in groups: title, help, and per field its label, its unit, and what it means.
GROUPS: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        N_("放号"),
        N_("每天到放号时间，再开放一天的号。不同类型可以不同。"),
        (
            ("horizon_days", N_("提前天数"), N_("居民最早提前几天预约")),
            ("release_time", N_("放号时间"), N_("每天这个时间开放新的一天")),
            ("close_minutes", N_("截止分钟"), N_("就诊前多少分钟停止预约")),
            ("slot_minutes", N_("时段分钟"), N_("每个就诊时段多长，建议 30")),
        ),
    ),
    (
        N_("预留号"),
        N_(
            "占每场总号数的百分比。没有预留的都是公众号；家庭医生号和转诊号到时间没有用完，也退给公众。"
        ),
        (
            ("family_doctor_share", N_("家庭医生号占比"), N_("百分之几，给签约居民和签约团队")),
            ("referral_share", N_("转诊号占比"), N_("百分之几，给上转和下转的患者")),
            ("onsite_share", N_("现场号占比"), N_("百分之几，当天到窗口挂")),
            ("elderly_share", N_("老年电话号占比"), N_("百分之几，给不用智能手机的人")),
            ("elderly_age", N_("老年电话号年龄"), N_("就诊时满多少岁才能给，0 为不限年龄")),
            ("reserved_hours", N_("退回小时"), N_("就诊前多少小时退给公众")),
        ),
    ),
    (
        N_("预约限制"),
        N_("每人每天每个科室只能约一次，这一条不能改。"),
        (
            ("day_limit", N_("每天次数"), N_("每位就诊人一天最多约几次")),
            ("active_limit", N_("未就诊次数"), N_("每位就诊人同时最多有几个未就诊的预约")),
            ("proxies_limit", N_("代约人数"), N_("一个账号一年内最多为几位别人预约")),
            ("hold_minutes", N_("保留分钟"), N_("没有确认或付费的号保留多久")),
        ),
    ),
    (
        N_("取消与爽约"),
        N_("超过免责时间的取消按比例计入爽约；停诊和医院取消从不计入。"),
        (
            ("cancel_days", N_("免责取消：提前天数"), N_("就诊前几天以内不能免责取消")),
            ("cancel_time", N_("免责取消：时间"), N_("那一天的几点截止")),
            ("late_cancel_percent", N_("迟取消折算"), N_("折算成爽约的百分之几，100 等于一次")),
            ("no_show_max", N_("爽约次数"), N_("满多少次暂停网上预约")),
            ("no_show_days", N_("统计天数"), N_("在多少天以内累计")),
            ("suspend_days", N_("暂停天数"), N_("暂停多久，可以申诉")),
        ),
    ),
    (
        N_("候补"),
        N_("退回的号先给候补的人：转诊、65 岁以上、签约居民在先，再按时间。"),
        (
            ("waitlist_limit", N_("候补场数"), N_("每位就诊人同时最多候补几场")),
            ("offer_minutes", N_("确认分钟"), N_("轮到的人多少分钟内确认")),
            ("quiet_from", N_("夜间暂停：开始"), N_("这段时间不打扰人，号先留着；不填为不暂停")),
            ("quiet_until", N_("夜间暂停：结束"), N_("到这个时间再接着轮候")),
        ),
    ),
    (
        N_("报到"),
        N_("在这个范围内可以扫码或到窗口报到。"),
        (
            ("early_minutes", N_("提前分钟"), N_("就诊前多少分钟开始报到")),
            ("grace_minutes", N_("迟到分钟"), N_("时段开始后多少分钟内仍可报到")),
        ),
    ),
    (
        N_("重叫与过号"),
        N_("叫到的人没有来，可以再叫；过号后往后排，不用重新取号。"),
        (
            ("recall_max", N_("重叫次数"), N_("叫过一次没来，最多再叫几次，0 为不再叫")),
            ("skip_behind", N_("过号后让几人"), N_("过号的人排到几位之后，没有别人时接着叫")),
        ),
    ),
    (
        N_("放号排队"),
        N_("放号后一段时间内按队列进入，先到的随机排序，人人机会相同。0 为不排队。"),
        (
            ("queue_minutes", N_("排队分钟"), N_("放号后多少分钟内排队")),
            ("queue_rate", N_("每秒人数"), N_("每秒放进多少人")),
        ),
    ),
    (
        N_("出诊时间"),
        N_("上午和下午的起止。"),
        (
            ("morning_from", N_("上午开始"), ""),
            ("morning_until", N_("上午结束"), ""),
            ("afternoon_from", N_("下午开始"), ""),
            ("afternoon_until", N_("下午结束"), ""),
        ),
    ),
)
LABELS = {name: label for _, _, fields in GROUPS for name, label, _ in fields}
LABELS["by_kind"] = N_("按类型")
TIMES = frozenset(
    name for name, field in ChangeRules.model_fields.items() if "time" in str(field.annotation)
)
OPTIONAL = frozenset(("quiet_from", "quiet_until"))


class Whose(BaseModel):
    """Whose rule is looked at."""

    institution_id: UUID | None = None


@pages.get("/rules")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """The institutions whose rules the administrator sets."""
    with transaction() as session:
        found = institutions_of(session, current_actor(), Role.ADMINISTRATOR)
    return render_template("appointments/rules/institutions.html", institutions=found)


@pages.get("/rules/<uuid:institution_id>")
@open_to(Role.ADMINISTRATOR, Role.REGISTRAR)
def show(institution_id: UUID) -> ResponseReturnValue:
    """An institution's rule, to be changed by its administrator."""
    try:
        with transaction() as session:
            view = get_rules(session, current_actor(), institution_id)
    except NotFound:
        with transaction() as session:
            institution = get_institution(session, institution_id)
        return render_template("appointments/rules/none.html", institution=institution)
    return _page(view, _filled(view))


@pages.post("/rules/<uuid:institution_id>/begin")
@open_to(Role.ADMINISTRATOR)
def begin(institution_id: UUID) -> ResponseReturnValue:
    """Let the institution take bookings."""
    return carry_out(
        planning.Pressed,
        RulesView,
        lambda session, _: rules.begin_bookings(session, current_actor(), institution_id),
        gettext("已开放预约，先用地区的通用规则。请核对后再安排门诊。"),
        url_for("appointments_rules.show", institution_id=institution_id),
    )


@pages.post("/rules/<uuid:institution_id>")
@open_to(Role.ADMINISTRATOR)
def change(institution_id: UUID) -> ResponseReturnValue:
    """Set all limits."""
    form = read_form(ChangeRules, by_kind=_by_kind())
    done = attempt(
        form,
        RulesView,
        lambda session, command: rules.change_rules(
            session, current_actor(), institution_id, command
        ),
    )
    if done is None:
        with transaction() as session:
            view = get_rules(session, current_actor(), institution_id)
        return _page(view, form)
    flash(gettext("已保存。之后开出的门诊按新规则，已开出的不变。"), "good")
    return redirect(url_for("appointments_rules.show", institution_id=institution_id))


@pages.get("/holidays")
@open_to(Role.ADMINISTRATOR, Role.REGISTRAR)
def holidays() -> ResponseReturnValue:
    """The region's holidays."""
    return _holidays_page(blank(SetHoliday))


@pages.post("/holidays")
@open_to(Role.ADMINISTRATOR)
def set_holiday() -> ResponseReturnValue:
    """Make a day a holiday."""
    form = read_form(SetHoliday)
    done = attempt(
        form,
        HolidayView,
        lambda session, command: calendar.set_holiday(session, current_actor(), command),
    )
    if done is None:
        return _holidays_page(form)
    flash(gettext("已登记。这一天尚未开出的门诊不再开出，标明照常的除外。"), "good")
    return redirect(url_for("appointments_rules.holidays"))


@pages.post("/holidays/<day>/remove")
@open_to(Role.ADMINISTRATOR)
def remove_holiday(day: str) -> ResponseReturnValue:
    """A day of work again."""
    chosen = day_of(day)
    return carry_out(
        planning.Pressed,
        HolidayView,
        lambda session, _: calendar.remove_holiday(session, current_actor(), chosen),
        gettext("已取消，这一天照常开诊。"),
        url_for("appointments_rules.holidays"),
    )


def _page(view: RulesView, form: Form[ChangeRules]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        institution = get_institution(session, view.institution_id)
        changes = rules_history(session, view.institution_id, read_query(PageQuery))
    page = render_template(
        "appointments/rules/rules.html",
        view=view,
        form=form,
        institution=institution,
        groups=GROUPS,
        times=TIMES,
        optional=OPTIONAL,
        kinds=planning.words(planning.KINDS),
        collided=collision(form, view, LABELS, {}),
        history=planning.history_in_words(changes.items, LABELS),
        paging=pager(changes),
        may_change=bool(actor.grants.get(Role.ADMINISTRATOR)),
        may_plan=bool(actor.grants.get(Role.REGISTRAR)),
    )
    return page, form.status


def _holidays_page(form: Form[SetHoliday]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        found = list_holidays(session)
        allowed, _ = decide(actor, SupplyAction.CHANGE_HOLIDAYS, calendar.calendar_of(session))
    page = render_template(
        "appointments/rules/holidays.html", found=found, form=form, allowed=allowed
    )
    return page, form.status


def _filled(view: RulesView) -> Form[ChangeRules]:
    values: dict[str, Any] = view.model_dump(mode="json", exclude={"by_kind"})
    values = {n: v[:5] if isinstance(v, str) and v[2:3] == ":" else v for n, v in values.items()}
    for kind, own in view.by_kind.items():
        values[f"horizon.{kind}"] = own.horizon_days
        values[f"release.{kind}"] = own.release_time and f"{own.release_time:%H:%M}"
    return blank(ChangeRules, **values)


def _by_kind() -> dict[str, dict[str, str]]:
    """What was typed for each kind; nothing typed is nothing that differs."""
    typed = {
        kind.value: {
            name: text
            for name, field in (("horizon_days", "horizon"), ("release_time", "release"))
            if (text := request.form.get(f"{field}.{kind}", "").strip())
        }
        for kind in Kind
    }
    return {kind: own for kind, own in typed.items() if own}

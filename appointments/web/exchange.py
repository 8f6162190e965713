"""/appointments/exchange/…: calls that a hospital did not answer, and the links to hospitals."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from appointments.hospital import client
from appointments.queries.exchange import (
    KEEPERS,
    institutions_to_link,
    list_exceptions,
    list_links,
    load_link,
)
from appointments.schemas import (
    Call,
    ExceptionSearch,
    FailedCall,
    LinkSearch,
    LinkSecret,
    LinkVersion,
    RetryCall,
    SaveLink,
    SettleCall,
    Trouble,
)
from appointments.services import hospital_links as services
from core.access import Role
from core.database import transaction
from core.errors import Conflict, Invalid
from core.messages import N_
from core.settings import settings
from core.web.access import current_actor, open_to
from core.web.actions import carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager

pages = Blueprint("appointments_exchange", __name__, url_prefix="/appointments/exchange")
CALLS = {
    Call.LOCK: N_("锁号"),
    Call.CONFIRM: N_("确认挂号"),
    Call.RETURN: N_("退号"),
}
TROUBLES = {
    Trouble.SILENT: N_("连不上医院的系统，或等太久没有回答"),
    Trouble.FAILED: N_("医院的系统报错"),
    Trouble.REFUSED: N_("医院的系统不接受"),
    Trouble.UNREADABLE: N_("医院的回答看不懂"),
    Trouble.UNANSWERED: N_("医院收下了，但一直没有给结果"),
    Trouble.BAD_ADDRESS: N_("接口地址不能用：要是公网的 https 地址"),
    Trouble.LINK_OFF: N_("对接已停用，没有呼叫医院"),
}


@pages.get("/")
@open_to(*KEEPERS)
def exceptions() -> ResponseReturnValue:
    """What people have to settle with a hospital, or have settled."""
    search = read_query(ExceptionSearch)
    with transaction() as session:
        found = list_exceptions(session, current_actor(), search)
    return render_template(
        "appointments/exchange/exceptions.html",
        found=found,
        paging=pager(found),
        search=search,
        calls=CALLS,
        troubles=TROUBLES,
    )


@pages.post("/calls/<uuid:call_id>/retry")
@open_to(*KEEPERS)
def retry(call_id: UUID) -> ResponseReturnValue:
    """Call the hospital again."""
    return carry_out(
        RetryCall,
        FailedCall,
        lambda session, _: services.retry_call(session, current_actor(), call_id),
        gettext("已重新呼叫医院。没有成功的话，会再回到这里。"),
        url_for(".exceptions"),
    )


@pages.post("/calls/<uuid:call_id>/settle")
@open_to(*KEEPERS)
def settle(call_id: UUID) -> ResponseReturnValue:
    """It was done by telephone."""
    return carry_out(
        SettleCall,
        FailedCall,
        lambda session, command: services.settle_call(session, current_actor(), call_id, command),
        gettext("已记下，移到“已办”。"),
        url_for(".exceptions"),
    )


@pages.get("/links")
@open_to(Role.ADMINISTRATOR)
def links() -> ResponseReturnValue:
    """Which hospitals are linked, and by name another one to link."""
    search = read_query(LinkSearch)
    with transaction() as session:
        found = list_links(session, current_actor(), search)
        others = institutions_to_link(session, current_actor(), search.search)
    linked = {link.institution_id for link in found.items}
    return render_template(
        "appointments/exchange/links.html",
        found=found,
        paging=pager(found),
        search=search,
        others=[each for each in others if each.id not in linked],
    )


@pages.get("/links/<uuid:institution_id>")
@open_to(Role.ADMINISTRATOR)
def link(institution_id: UUID) -> ResponseReturnValue:
    """Where a hospital's system answers."""
    with transaction() as session:
        _, known = load_link(session, current_actor(), institution_id)
    start = (
        blank(
            SaveLink,
            version=known.version,
            base_url=known.base_url,
            enabled="true" if known.enabled else "",
        )
        if known
        else blank(SaveLink, version=0)
    )
    return _link_page(institution_id, start)


@pages.post("/links/<uuid:institution_id>")
@open_to(Role.ADMINISTRATOR)
def save(institution_id: UUID) -> ResponseReturnValue:
    """Link it, or change where it answers."""
    form = read_form(SaveLink)
    if form.command is not None:
        try:
            with transaction() as session:
                made = services.save_link(session, current_actor(), institution_id, form.command)
        except (Conflict, Invalid) as error:
            form.fail(error)
        else:
            return _saved(made)
    return _link_page(institution_id, form)


@pages.post("/links/<uuid:institution_id>/secret")
@open_to(Role.ADMINISTRATOR)
def renew(institution_id: UUID) -> ResponseReturnValue:
    """A new secret, shown once. Its answer is kept nowhere, so a repeated form finds the link
    changed instead.
    """
    form = read_form(LinkVersion)
    if form.command is None:
        return redirect(url_for(".link", institution_id=institution_id))
    try:
        with transaction() as session:
            made = services.renew_secret(session, current_actor(), institution_id, form.command)
    except Conflict as error:
        form.fail(error)
        flash(form.message, "bad")
        return redirect(url_for(".link", institution_id=institution_id))
    return _saved(made)


@pages.post("/links/<uuid:institution_id>/test")
@open_to(Role.ADMINISTRATOR)
def test(institution_id: UUID) -> ResponseReturnValue:
    """Ask the hospital whether it hears us; outside the transaction."""
    with transaction() as session:
        address, secret = services.link_to_test(session, current_actor(), institution_id)
    trouble = client.test(address, secret)
    if trouble is None:
        flash(gettext("医院的系统回答了，签名也对得上。"), "good")
    else:
        why = gettext(TROUBLES[trouble])
        flash(gettext("没有接通：%(why)s。请医院核对地址、密钥和服务器时间。", why=why), "bad")
    return redirect(url_for(".link", institution_id=institution_id))


def _saved(made: LinkSecret) -> ResponseReturnValue:
    if made.secret is not None:
        return render_template("appointments/exchange/secret.html", made=made)
    flash(gettext("已保存。"), "good")
    return redirect(url_for(".link", institution_id=made.institution_id))


def _link_page(institution_id: UUID, form: Form[SaveLink]) -> ResponseReturnValue:
    with transaction() as session:
        institution, known = load_link(session, current_actor(), institution_id)
    api = f"{settings().public_url}/api/v1/appointments/exchange/hospitals/{institution_id}"
    page = render_template(
        "appointments/exchange/link.html", institution=institution, link=known, form=form, api=api
    )
    return page, form.status

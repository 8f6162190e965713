"""/admin/agreement-texts: the versions of the agreement's wording, drafts and their publishing."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict
from core.web.access import current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.problems import translated
from core.web.writes import write
from family_doctor.agreement import preview
from family_doctor.queries import signing as queries
from family_doctor.schemas import AgreementTextView, WriteAgreementText
from family_doctor.services import texts as services
from family_doctor.wording import PLACES
from service_packs.public import list_groups
from service_packs.schemas import GroupView

pages = Blueprint("family_doctor_texts", __name__, url_prefix="/admin/agreement-texts")


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """All versions; which of them new agreements are written by."""
    with transaction() as session:
        found = queries.list_texts(session, current_actor()).items
        groups = list_groups(session)
    return render_template(
        "family_doctor/texts/texts.html",
        texts=found,
        in_force=_in_force(found),
        groups={group.code: group for group in groups},
        today=clock.today(),
    )


@pages.get("/<uuid:text_id>")
@open_to(Role.ADMINISTRATOR)
def show(text_id: UUID) -> ResponseReturnValue:
    """A version as it will be read, with made-up parties."""
    with transaction() as session:
        text = queries.get_text(session, current_actor(), text_id)
        groups = list_groups(session)
    return render_template(
        "family_doctor/texts/text.html",
        text=text,
        shown=preview(text.body),
        group=next((group for group in groups if group.code == text.group_code), None),
    )


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """The form of a new version; ``from`` names the one that it starts from."""
    base = request.args.get("from", type=UUID)
    actor = current_actor()
    with transaction() as session:
        texts = queries.list_texts(session, actor).items
        groups = list_groups(session)
    start = next((text for text in texts if text.id == base), texts[0] if texts else None)
    values = start.model_dump(include={"group_code", "title", "body"}) if start else {}
    form = blank(WriteAgreementText, **values, valid_from=clock.today())
    return _form_page(form, groups, None)


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Keep a draft and show how it will be read."""
    return _write(None)


@pages.get("/<uuid:text_id>/edit")
@open_to(Role.ADMINISTRATOR)
def edit(text_id: UUID) -> ResponseReturnValue:
    """The form of a draft."""
    with transaction() as session:
        text = queries.get_text(session, current_actor(), text_id)
        groups = list_groups(session)
    values = text.model_dump(include={"group_code", "title", "body", "valid_from"})
    return _form_page(blank(WriteAgreementText, **values), groups, text)


@pages.post("/<uuid:text_id>/edit")
@open_to(Role.ADMINISTRATOR)
def change(text_id: UUID) -> ResponseReturnValue:
    """Change a draft."""
    return _write(text_id)


@pages.post("/<uuid:text_id>/publish")
@open_to(Role.ADMINISTRATOR)
def publish(text_id: UUID) -> ResponseReturnValue:
    """Publish a draft for good."""
    here = url_for("family_doctor_texts.show", text_id=text_id)
    return _carry_out(
        lambda session: services.publish_text(session, current_actor(), text_id),
        gettext("已发布。从生效日期起，新的协议都用这一版，已签的协议不变。"),
        here,
        here,
    )


@pages.post("/<uuid:text_id>/discard")
@open_to(Role.ADMINISTRATOR)
def discard(text_id: UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    return _carry_out(
        lambda session: services.discard_text(session, current_actor(), text_id),
        gettext("草稿已删除。"),
        url_for("family_doctor_texts.listing"),
        url_for("family_doctor_texts.show", text_id=text_id),
    )


def _carry_out(
    work: Callable[[Session], AgreementTextView], done: str, on: str, back: str
) -> ResponseReturnValue:
    try:
        write(AgreementTextView, work)
    except Conflict as error:
        flash(translated(error.message), "bad")
        return redirect(back)
    flash(done, "good")
    return redirect(on)


def _write(text_id: UUID | None) -> ResponseReturnValue:
    form = read_form(WriteAgreementText)
    text = attempt(
        form,
        AgreementTextView,
        lambda session, command: services.write_text(session, current_actor(), command, text_id),
    )
    if text is not None:
        flash(gettext("草稿已保存，请看一遍，再发布。"), "good")
        return redirect(url_for("family_doctor_texts.show", text_id=text.id))
    with transaction() as session:
        draft = queries.get_text(session, current_actor(), text_id) if text_id else None
        groups = list_groups(session)
    return _form_page(form, groups, draft)


def _form_page(
    form: Form[WriteAgreementText], groups: list[GroupView], text: AgreementTextView | None
) -> ResponseReturnValue:
    page = render_template(
        "family_doctor/texts/text_form.html", form=form, groups=groups, text=text, places=PLACES
    )
    return page, form.status


def _in_force(texts: list[AgreementTextView]) -> set[UUID]:
    """Of each group the published version that new agreements are written by today."""
    today = clock.today()
    begun = [text for text in texts if text.published_at and text.valid_from <= today]
    latest: dict[str | None, AgreementTextView] = {}
    for text in sorted(begun, key=lambda text: (text.valid_from, text.version)):
        latest[text.group_code] = text
    return {text.id for text in latest.values()}

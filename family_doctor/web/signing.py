"""The sealed file, one's own kept signature, and the page where anybody verifies a file."""

from contextlib import closing
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.errors import Invalid
from core.messages import N_
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.limits import body_at_most, costly, limited
from family_doctor.queries.signing import get_sealed_file, list_own_signatures, verify_file
from family_doctor.schemas import KeepSignature, OwnSignatureView, Verification
from family_doctor.services.signing import keep_signature

pages = Blueprint("family_doctor_signing", __name__, url_prefix="/family-doctor")
PDF = "application/pdf"
# A sealed agreement is a tenth of it.
LARGEST_FILE = 2_000_000
FORM_BYTES = LARGEST_FILE + 10_000
CHECKS, WITHIN = 20, timedelta(minutes=10)


@pages.get("/contracts/<uuid:contract_id>/agreement.pdf")
@costly
@open_to(SIGNED_IN)
def sealed_file(contract_id: UUID) -> Response:
    """The sealed agreement of a contract that one may read."""
    return file_answer(contract_id)


@pages.get("/signature")
@open_to(Role.LEADER)
def signature() -> ResponseReturnValue:
    """What I sign agreements with."""
    return _signature_page(blank(KeepSignature))


@pages.post("/signature")
@open_to(Role.LEADER)
def keep() -> ResponseReturnValue:
    """Keep a new signature; the one before stays in the history."""
    form = read_form(KeepSignature)
    done = attempt(
        form,
        OwnSignatureView,
        lambda session, command: keep_signature(session, current_actor(), command),
    )
    if done is None:
        return _signature_page(form)
    flash(gettext("签名已留存，从现在起受理申请用这一个。"), "good")
    return redirect(url_for("family_doctor_signing.signature"))


@pages.get("/verify")
@open_to(ANYONE)
def verify() -> ResponseReturnValue:
    """Ask for a file to be held against ours."""
    return render_template("family_doctor/signing/verify.html", found=None, message="")


@pages.post("/verify")
@limited(CHECKS, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def check() -> ResponseReturnValue:
    """Whether the file is ours and intact. It is not kept."""
    try:
        found = _check()
    except Invalid as error:
        page = render_template(
            "family_doctor/signing/verify.html",
            found=None,
            message=gettext(error.message.sentence),
        )
        return page, error.status
    return render_template("family_doctor/signing/verify.html", found=found, message="")


def file_answer(contract_id: UUID) -> Response:
    """The file as a download; pages and API share it."""
    with transaction() as session:
        file = get_sealed_file(session, current_actor(), contract_id)
    answer = Response(file, mimetype=PDF)
    answer.headers["Content-Disposition"] = f'attachment; filename="agreement-{contract_id}.pdf"'
    return answer


def _check() -> Verification:
    upload = request.files.get("file")
    if upload is None:
        raise _no_file()
    with closing(upload):
        content = upload.read(LARGEST_FILE + 1)
    if not content:
        raise _no_file()
    if len(content) > LARGEST_FILE or not content.startswith(b"%PDF-"):
        raise Invalid("no_pdf", N_("请选择不超过 2 MB 的 PDF 文件。"))
    with transaction() as session:
        return verify_file(session, content)


def _no_file() -> Invalid:
    return Invalid("no_file", N_("请先选择要验证的 PDF 文件。"))


def _signature_page(form: Form[KeepSignature]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        kept = list_own_signatures(session, actor)
    page = render_template(
        "family_doctor/signing/own.html",
        form=form,
        current=next((each for each in kept if each.replaced_at is None), None),
        former=[each for each in kept if each.replaced_at is not None],
        name=actor.name,
    )
    return page, form.status

"""The tablet's page, which opens without a network, and what it asks the server for.

Its answers are JSON under the page's own address: the worker that keeps the page is let in nowhere
else, and a cookie is what the tablet has.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    jsonify,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from pydantic import BaseModel, ValidationError

from core.access import Role
from core.database import transaction
from core.errors import Invalid, PortalError, StepUpRequired
from core.web.access import current_actor, open_to
from core.web.problems import translated
from family_doctor.schemas import (
    CloseVisit,
    FieldPackage,
    LoadVisit,
    Outcome,
    SyncAnswer,
    SyncEntries,
    VisitView,
)
from family_doctor.services import field
from family_doctor.web import field_words
from family_doctor.web.field_sync import sync

pages = Blueprint("family_doctor_tablet", __name__, url_prefix="/family-doctor/tablet")
C = TypeVar("C", bound=BaseModel)


@pages.get("/")
@open_to(Role.LEADER, Role.MEMBER)
def show() -> ResponseReturnValue:
    """The page: the same for everybody, as it is kept where anybody may see it."""
    return render_template(
        "family_doctor/field/tablet.html",
        evidence=field_words.EVIDENCE,
        outcomes=[(each, field_words.OUTCOMES[each]) for each in Outcome],
    )


@pages.get("/worker.js")
@open_to(Role.LEADER, Role.MEMBER)
def worker() -> Response:
    """The service worker. It lies here, as the place of its file bounds what it may reach."""
    script = Path(current_app.static_folder or "") / "js" / "field-worker.js"
    answer = Response(script.read_bytes(), mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@pages.get("/session")
@open_to(Role.LEADER, Role.MEMBER)
def session() -> Response:
    """Whether somebody is signed in, and the token of that session."""
    return jsonify(token=generate_csrf())


@pages.post("/<uuid:visit_id>/load")
@open_to(Role.LEADER, Role.MEMBER)
def load(visit_id: UUID) -> ResponseReturnValue:
    """The package of a visit."""

    def work(command: LoadVisit) -> FieldPackage:
        with transaction() as session:
            return field.load_visit(session, current_actor(), visit_id, command)

    return _answer(LoadVisit, work)


@pages.post("/<uuid:visit_id>/entries")
@open_to(Role.LEADER, Role.MEMBER)
def entries(visit_id: UUID) -> ResponseReturnValue:
    """What was signed comes back, a few at a time."""

    def work(command: SyncEntries) -> SyncAnswer:
        return sync(visit_id, command)

    return _answer(SyncEntries, work)


@pages.post("/<uuid:visit_id>/close")
@open_to(Role.LEADER, Role.MEMBER)
def close(visit_id: UUID) -> ResponseReturnValue:
    """The tablet has nothing more."""

    def work(command: CloseVisit) -> VisitView:
        with transaction() as session:
            return field.close_visit(session, current_actor(), visit_id, command)

    return _answer(CloseVisit, work)


def _answer(command: type[C], work: Callable[[C], BaseModel]) -> ResponseReturnValue:
    """Its answer as JSON, or the refusal; ``url`` is where to prove again who one is."""
    try:
        try:
            asked = command.model_validate_json(request.get_data())
        except ValidationError:
            raise Invalid("unreadable") from None
        return jsonify(work(asked).model_dump(mode="json"))
    except PortalError as error:
        said = {"code": error.code, "detail": translated(error.message)}
        if isinstance(error, StepUpRequired):
            said["url"] = url_for("step_up.show", next=url_for(".show"))
        return jsonify(said), error.status

"""/audit/…: what auditors search, and the questions that residents ask."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from audit.queries import events, questions
from audit.schemas import (
    AnswerQuestion,
    EventSearch,
    Manner,
    Outcome,
    QuestionSearch,
    QuestionState,
    QuestionView,
)
from audit.services.questions import answer
from core.access import Role
from core.database import transaction
from core.errors import Conflict
from core.messages import N_
from core.permissions import action_words, known_actions, policy_words
from core.roles import ROLE_NAMES
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.limits import costly
from core.web.pager import pager
from core.web.writes import write

pages = Blueprint("audit", __name__, url_prefix="/audit")

OUTCOMES = {Outcome.ALLOWED: N_("允许"), Outcome.DENIED: N_("拒绝")}
MANNERS = {
    Manner.LOOKED: N_("看了"),
    Manner.OPENED: N_("只打开了页面"),
    Manner.DONE: N_("办了"),
}
CHANNELS = {
    "web": N_("网页"),
    "api": N_("接口"),
    "console": N_("控制台"),
    "oidc": N_("单点登录"),
    "upstream": N_("其他单位"),
    "exchange": N_("医院系统"),
    "portal": N_("门户自身"),
    "job": N_("后台任务"),
}
STATES = {
    QuestionState.OPEN: N_("待答复"),
    QuestionState.ANSWERED: N_("已答复"),
    QuestionState.IMPROPER: N_("认定不当"),
}


@pages.app_template_global("audit_words")
def words_of() -> dict[str, object]:
    """What the templates of this room say codes with."""
    return {
        "action": action_words,
        "policy": policy_words,
        "roles": ROLE_NAMES,
        "outcomes": OUTCOMES,
        "manners": MANNERS,
        "channels": CHANNELS,
        "states": STATES,
    }


@pages.get("/")
@costly
@open_to(Role.AUDITOR)
def search() -> ResponseReturnValue:
    """Events within the auditor's units."""
    wanted = read_query(EventSearch)
    with transaction() as session:
        found = events.search_events(session, current_actor(), wanted)
    choices = [(action, gettext(words)) for action, words in known_actions().items()]
    return render_template(
        "audit/search.html", found=found, search=wanted, pager=pager(found), actions=choices
    )


@pages.get("/events/<uuid:event_id>")
@open_to(Role.AUDITOR)
def event(event_id: UUID) -> ResponseReturnValue:
    """One event, and its place in the log."""
    with transaction() as session:
        shown = events.get_event(session, current_actor(), event_id)
    return render_template("audit/event.html", event=shown)


@pages.get("/questions")
@open_to(Role.AUDITOR)
def cases() -> ResponseReturnValue:
    """What residents ask about accesses to their data."""
    wanted = read_query(QuestionSearch)
    with transaction() as session:
        found = questions.list_questions(session, current_actor(), wanted)
    return render_template("audit/questions.html", found=found, search=wanted, pager=pager(found))


@pages.get("/questions/<uuid:question_id>")
@open_to(Role.AUDITOR)
def case(question_id: UUID) -> ResponseReturnValue:
    """One case."""
    return _case_page(question_id, blank(AnswerQuestion), 200)


@pages.post("/questions/<uuid:question_id>")
@open_to(Role.AUDITOR)
def answer_case(question_id: UUID) -> ResponseReturnValue:
    """Answer it; the resident gets a message."""
    form = read_form(AnswerQuestion)
    command = form.command
    if command is None:
        return _case_page(question_id, form, 422)
    try:
        write(
            QuestionView,
            lambda session: answer(session, current_actor(), question_id, command),
        )
    except Conflict as error:
        return _case_page(question_id, form, form.fail(error))
    flash(gettext("已答复，居民会收到消息。"), "good")
    return redirect(url_for("audit.cases"))


def _case_page(question_id: UUID, form: Form[AnswerQuestion], status: int) -> ResponseReturnValue:
    with transaction() as session:
        question, entry = questions.get_question(session, current_actor(), question_id)
    page = render_template("audit/question.html", question=question, entry=entry, reply=form)
    return page, status

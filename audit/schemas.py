"""Views and commands of the audit room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auth.schemas import Grant
from core.paging import PageQuery
from core.searching import SearchQuery, SearchText

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
# Enough to explain, in one's own words.
Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=4, max_length=1000, pattern=r"^[^\x00]*$"),
]


class Action(StrEnum):
    """What may be asked of the audit."""

    SEARCH_EVENTS = "audit:search-events"
    READ_EVENT = "audit:read-event"
    READ_OWN_EVENTS = "audit:read-own-events"
    QUESTION_ACCESS = "audit:question-access"
    LIST_QUESTIONS = "audit:list-questions"
    READ_QUESTION = "audit:read-question"
    ANSWER_QUESTION = "audit:answer-question"


class Outcome(StrEnum):
    """How the policy decided."""

    ALLOWED = "allowed"
    DENIED = "denied"


class QuestionState(StrEnum):
    """Where a question about an access stands."""

    OPEN = "open"
    ANSWERED = "answered"
    IMPROPER = "improper"


class Whose(StrEnum):
    """Which events about a resident are shown to them."""

    OTHERS = "others"
    OWN = "own"
    ALL = "all"


class EventSearch(PageQuery):
    """Find events. ``person`` is a part of a name or the last four of an ID number, ``account`` a
    part of a name or sign-in name; days are the region's, both included.
    """

    person: SearchText = None
    person_id: UUID | None = None
    account: SearchText = None
    account_id: UUID | None = None
    action: Annotated[str | None, Field(max_length=80, pattern=r"^[a-z_:-]*$")] = None
    outcome: Outcome | None = None
    since: Day | None = None
    until: Day | None = None

    @property
    def sought(self) -> str | None:
        """Whose data are looked for; an account is not."""
        return self.person


class OwnEvents(SearchQuery):
    """One's own page, or the page of ``person_id`` whose records one may see: what others did, what
    one did oneself, or both.
    """

    person_id: UUID | None = None
    whose: Whose = Whose.OTHERS


class Manner(StrEnum):
    """What came of an action: something was looked at, its form or page was opened, it was done."""

    LOOKED = "looked"
    OPENED = "opened"
    DONE = "done"


class Who(BaseModel):
    """Who acted, as they were then: ``roles`` are those of that moment, and a ``resident`` held
    none. Other residents see a resident's name masked. An ``application`` acts by itself.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    resident: bool
    application: bool = False
    roles: tuple[Grant, ...]


class Subject(BaseModel):
    """A person as an event shows them: the name masked, and the township they live in."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    division_code: str


class EventView(BaseModel):
    """Who did or tried what, for whom, to whose data, by which policy, from where."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    at: datetime
    who: Who | None
    acting_for: Subject | None
    action: str
    resource_type: str
    resource_id: str
    person: Subject | None
    manner: Manner | None
    outcome: Outcome
    policies: tuple[str, ...]
    channel: str
    address: str
    request_id: str


class SealedEvent(EventView):
    """An event with its place in the log: ``leaf`` until the next minute None, ``head`` the first
    signed one that covers it.
    """

    leaf: int | None
    head: int | None
    sealed_at: datetime | None


class OwnEvent(BaseModel):
    """An event as the resident sees it whose data it was (``person_id``), or who acts for them."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    at: datetime
    person_id: UUID | None
    who: Who | None
    own: bool
    action: str
    manner: Manner | None
    outcome: Outcome
    question: QuestionState | None


class HeadView(BaseModel):
    """A signed head of the log, for anybody to keep; ``public_keys`` is PEM."""

    number: int
    size: int
    root: str
    time: datetime
    previous: str | None
    kid: str
    signature: str
    public_keys: str


class AskQuestion(BaseModel):
    """Ask why an access to one's data was made."""

    model_config = ConfigDict(extra="forbid")

    reason: Words


class AnswerQuestion(BaseModel):
    """Answer a question; ``improper`` says that the access should not have been."""

    model_config = ConfigDict(extra="forbid")

    answer: Words
    improper: bool = False


class QuestionSearch(SearchQuery):
    """The cases of one state."""

    state: QuestionState = QuestionState.OPEN


class QuestionEntry(BaseModel):
    """A case on the list."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    created_at: datetime
    state: QuestionState
    person: Subject | None
    who: Who | None
    action: str
    manner: Manner | None
    event_id: UUID
    event_at: datetime


class QuestionView(BaseModel):
    """A case whole, to its auditor and to the one who asked."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    event_id: UUID
    event_at: datetime
    state: QuestionState
    reason: str
    answer: str | None
    created_at: datetime
    answered_at: datetime | None

"""The role × action matrix as a page of the documentation, read from the policies themselves."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from core.access import PolicyBook, Role
from core.permissions import action_words, policy_words
from core.policies import Policy
from core.roles import GRANTED_ROLES, GRANTERS, ROLE_NAMES
from core.web.languages import gettext, speaking

INTRODUCTION = """\
# Who may do what

Made from the policies of the rooms by `flask --app wsgi policy matrix`; a test holds it up to date.
A role is held on a unit and counts below it; whatever no policy permits is refused.
"""
MATRIX = """\
## Actions

● by a role on the thing's unit or one above; ○ by a role on a division only, not on an institution.
*Oneself* is whoever the thing belongs to, without any role.
"""
ONESELF = "oneself"
# A code that is no division's, and one that is.
INSTITUTION, DIVISION = "institution", "0"


def policy_matrix(book: PolicyBook) -> str:
    """The page, in English Markdown. Needs an application context for the catalogues."""
    with speaking("en"):
        return "\n".join(_page(book))


def _page(book: PolicyBook) -> Iterator[str]:
    yield INTRODUCTION
    yield "## Roles\n"
    yield from _table(
        ("role", "name", "granted by"),
        ((role, gettext(ROLE_NAMES[role]), GRANTERS[role]) for role in GRANTED_ROLES),
    )
    yield MATRIX
    actions = sorted({action for policy in book.policies for action in policy.actions})
    for room, some in groupby(actions, key=lambda action: action.split(":")[0]):
        yield f"### {room}\n"
        rows = (
            (f"`{action}`", gettext(action_words(action)), *_cells(book.permitting(action)))
            for action in some
        )
        yield from _table(("action", "in words", ONESELF, *GRANTED_ROLES), rows)
    yield "## Policies\n"
    rules = ((f"`{p.id}`", _effect(p), gettext(policy_words(p.id))) for p in book.policies)
    yield from _table(("policy", "effect", "in words"), rules)


def _cells(permitting: list[Policy]) -> Iterator[str]:
    yield "●" if any(not policy.roles for policy in permitting) else ""
    for role in GRANTED_ROLES:
        yield _cell(permitting, role)


def _cell(permitting: list[Policy], role: Role) -> str:
    if any(policy.counts(role, INSTITUTION) for policy in permitting):
        return "●"
    return "○" if any(policy.counts(role, DIVISION) for policy in permitting) else ""


def _effect(policy: Policy) -> str:
    return "permits" if policy.permits else "forbids"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = list(head)
    for line in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(line)} |"
    yield ""

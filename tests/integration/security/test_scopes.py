"""What lists show and what the policy permits, held against each other: for random actors and every
thing of a small region, one is listed to an actor exactly where Cedar lets that actor read it.
"""

import inspect
import random
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from apiflask import APIFlask
from sqlalchemy.orm import Session

from portal.factory import ROOM_NAMES
from tests.integration.security.bookings import at_the_desk, handovers, visits
from tests.integration.security.care import care, messages, services
from tests.integration.security.conduct import reviews as reviews_of_conduct
from tests.integration.security.contracts import contract_affairs
from tests.integration.security.day import queues
from tests.integration.security.exchange import exchange
from tests.integration.security.filters import filters
from tests.integration.security.follow_ups import care_of_groups
from tests.integration.security.kin import (
    bindings,
    families,
    pairs_of_records,
    paper_claims,
    phones,
)
from tests.integration.security.money import refunds
from tests.integration.security.offices import administered, figures, rights
from tests.integration.security.oversight import applications, events, questions, recoveries
from tests.integration.security.planning import planned
from tests.integration.security.prescriptions import prescriptions
from tests.integration.security.region import make_actors, make_region
from tests.integration.security.reviews import reviews, waiting
from tests.integration.security.teamwork import teamwork
from tests.integration.security.transfers import transfers
from tests.integration.security.visits import village_signing
from tests.integration.security.ways import ways_of_signing
from tests.integration.security.work_reports import work

SEED = 20_260_105
ACTORS = 70
TRIPLES = 20_000
# Of one thing that the actor was asked for before: what is listed hangs on no further scope.
OF_ONE_THING = {
    "way_rule_history",
    "account_history",
    "application_history",
    "export_analysed",
    "history_of",
    "list_analysed",
    "list_appeals_of",
    "list_counted",
    "list_day_of",
    "list_entries",
    "list_exceptions_of",
    "list_exchange_day",
    "list_obligations",
    "list_offered",
    "list_templates_of",
    "list_visits_of",
    "upstream_history",
}


LISTINGS = (
    reviews_of_conduct,
    contract_affairs,
    at_the_desk,
    families,
    bindings,
    pairs_of_records,
    paper_claims,
    phones,
    care,
    queues,
    visits,
    handovers,
    planned,
    services,
    rights,
    administered,
    figures,
    messages,
    recoveries,
    applications,
    events,
    questions,
    waiting,
    reviews,
    exchange,
    ways_of_signing,
    teamwork,
    care_of_groups,
    filters,
    work,
    village_signing,
    prescriptions,
    transfers,
    refunds,
)


def test_lists_and_the_policy_agree(app: APIFlask, session: Session) -> None:
    chance = random.Random(SEED)
    region = make_region(session, chance)
    actors = make_actors(session, chance, region, ACTORS)
    checked, readable, wrong = 0, 0, []
    for listing in [each for make in LISTINGS for each in make(session, region)]:
        assert listing.things, listing.name
        permitted_at_all = 0
        for actor in actors:
            shown = set(listing.shown(actor))
            assert shown <= set(listing.things), listing.name
            for key, thing in listing.things.items():
                allowed = listing.permitted(actor, thing)
                permitted_at_all += allowed
                if (key in shown) is not allowed:
                    wrong.append((listing.name, key, "missing" if allowed else "listed",
                                  dict(actor.grants)))  # fmt: skip
        assert permitted_at_all, f"nobody may read {listing.name}, which proves nothing"
        decided = len(actors) * len(listing.things)
        assert permitted_at_all < decided, f"everybody may read {listing.name}, a test of nothing"
        checked += decided
        readable += permitted_at_all
    assert wrong == []
    assert checked >= TRIPLES
    assert readable > checked // 50  # the world is not one in which nobody may do anything


def scoped_lists() -> Iterator[str]:
    """The names of the rooms' list queries that take an actor."""
    for name in ROOM_NAMES:
        try:
            queries = import_module(f"{name}.queries")
        except ModuleNotFoundError:
            continue
        inside = walk_packages(getattr(queries, "__path__", ()), f"{queries.__name__}.")
        for module in (queries, *(import_module(info.name) for info in inside)):
            for function, made in inspect.getmembers(module, inspect.isfunction):
                signature = inspect.signature(made)
                listed = "Page[" in str(signature.return_annotation)
                if listed and "actor" in signature.parameters:
                    yield function


def test_no_scoped_list_is_left_out() -> None:
    modules = {make.__module__ for make in LISTINGS}
    held = "".join(inspect.getsource(import_module(name)) for name in modules)
    missing = {name for name in scoped_lists() if f"{name}(" not in held}
    missing = {name for name in missing if f"administration.{name}" not in held}
    assert missing == OF_ONE_THING

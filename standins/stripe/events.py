"""The list of events, newest first, by which a merchant reconciles what webhooks missed."""

import operator

from standins.stripe.account import Account
from standins.stripe.errors import no_such
from standins.stripe.objects import JsonObject
from standins.stripe.parameters import ListEvents

COMPARISONS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def find(account: Account, identifier: str) -> JsonObject:
    """Raises StripeError (404) for an unknown id."""
    if identifier not in account.events:
        raise no_such("event", identifier)
    return account.events[identifier]


def listing(account: Account, wanted: ListEvents) -> JsonObject:
    """One page of events that match. Raises StripeError (400) for an unknown cursor."""
    newest_first = list(reversed(account.events.values()))
    found = [event for event in newest_first if _matches(event, wanted)]
    if wanted.ending_before is not None:
        end = _position(account, found, wanted.ending_before, "ending_before")
        start = max(0, end - wanted.limit)
        page, more = found[start:end], start > 0
    else:
        start = 0
        if wanted.starting_after is not None:
            start = _position(account, found, wanted.starting_after, "starting_after") + 1
        page, more = found[start : start + wanted.limit], start + wanted.limit < len(found)
    return {"object": "list", "data": page, "has_more": more, "url": "/v1/events"}


def _matches(event: JsonObject, wanted: ListEvents) -> bool:
    if wanted.type is not None and event["type"] != wanted.type:
        return False
    if wanted.types is not None and event["type"] not in wanted.types:
        return False
    return all(COMPARISONS[name](event["created"], bound) for name, bound in wanted.created.items())


def _position(account: Account, found: list[JsonObject], identifier: str, param: str) -> int:
    if identifier not in account.events:
        raise no_such("event", identifier, param, 400)
    return next((n for n, event in enumerate(found) if event["id"] == identifier), len(found))

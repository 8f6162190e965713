"""The door of the service packs."""

from service_packs.models import Group, Rating, ServiceRecord
from service_packs.ports import (
    provide_due_services,
    provide_record_days,
    provide_reopening,
)
from service_packs.queries.catalogue import get_pack, get_packs, list_groups, list_packs
from service_packs.queries.entitlements import (
    Bought,
    find_bought,
    find_granted,
    list_bought,
    list_entitlements,
)
from service_packs.queries.facts import sales_facts, service_facts
from service_packs.queries.ratings import rating_words
from service_packs.queries.records import record_stands, records_since, require_record, view_record
from service_packs.queries.running import Running, packs_beside, running_packs
from service_packs.queries.terms import GrantedTerm, granted_terms, item_names
from service_packs.services.entitlements import (
    allow_items,
    end_entitlements,
    grant_entitlement,
    hand_over,
)
from service_packs.services.orders import PURPOSE as ORDER_PURPOSE
from service_packs.services.orders import order_with_contract
from service_packs.services.records import record_service

__all__ = [
    "ORDER_PURPOSE",
    "Bought",
    "GrantedTerm",
    "Group",
    "Rating",
    "Running",
    "ServiceRecord",
    "allow_items",
    "end_entitlements",
    "find_bought",
    "find_granted",
    "get_pack",
    "get_packs",
    "grant_entitlement",
    "granted_terms",
    "hand_over",
    "item_names",
    "list_bought",
    "list_entitlements",
    "list_groups",
    "list_packs",
    "order_with_contract",
    "packs_beside",
    "provide_due_services",
    "provide_record_days",
    "provide_reopening",
    "rating_words",
    "record_service",
    "record_stands",
    "records_since",
    "require_record",
    "running_packs",
    "sales_facts",
    "service_facts",
    "view_record",
]

"""The door of the service packs."""

from service_packs.ports import provide_due_services, provide_reopening
from service_packs.queries.catalogue import get_pack, list_groups, list_packs
from service_packs.queries.entitlements import find_granted, list_entitlements
from service_packs.queries.facts import sales_facts, service_facts
from service_packs.queries.records import record_stands
from service_packs.services.entitlements import end_entitlements, grant_entitlement, hand_over

__all__ = [
    "end_entitlements",
    "find_granted",
    "get_pack",
    "grant_entitlement",
    "hand_over",
    "list_entitlements",
    "list_groups",
    "list_packs",
    "provide_due_services",
    "provide_reopening",
    "record_stands",
    "sales_facts",
    "service_facts",
]

"""The door of the family_doctor room."""

from family_doctor.agreement import Terms, compose, digest
from family_doctor.obligations import plan, progress_on, term_end
from family_doctor.queries.contracts import (
    care_units,
    contracted,
    find_active_contract,
    find_latest_contract,
    promised,
)
from family_doctor.queries.facts import contract_facts, fulfilment_facts
from family_doctor.services.planning import plan_all, replan
from family_doctor.services.proposals import propose_labels
from family_doctor.services.reports import make_past_reports
from family_doctor.services.sealing import seal_soon
from family_doctor.states import IN_FORCE, LIVE

__all__ = [
    "IN_FORCE",
    "LIVE",
    "Terms",
    "care_units",
    "compose",
    "contract_facts",
    "contracted",
    "digest",
    "find_active_contract",
    "find_latest_contract",
    "fulfilment_facts",
    "make_past_reports",
    "plan",
    "plan_all",
    "progress_on",
    "promised",
    "propose_labels",
    "replan",
    "seal_soon",
    "term_end",
]

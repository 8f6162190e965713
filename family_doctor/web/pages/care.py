"""Parts of a resident's page for the team: pages of their own, from which that one takes them."""

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from family_doctor.queries.resident import around, care_of
from family_doctor.web import care_words, resident_words
from family_doctor.web.pages.blueprint import pages


@pages.get("/panel/<uuid:contract_id>/care")
@open_to(Role.LEADER, Role.MEMBER)
def care(contract_id: UUID) -> ResponseReturnValue:
    """Follow-ups with what was measured, running plans, the served index, disputes."""
    with transaction() as session:
        _, found = care_of(session, current_actor(), contract_id)
    return render_template(
        "family_doctor/panel/care.html", contract_id=contract_id, care=found, words=care_words
    )


@pages.get("/panel/<uuid:contract_id>/people")
@open_to(Role.LEADER, Role.MEMBER)
def people(contract_id: UUID) -> ResponseReturnValue:
    """Who acts for the resident, and their labels."""
    with transaction() as session:
        _, found = around(session, current_actor(), contract_id)
    return render_template(
        "family_doctor/panel/people.html",
        contract_id=contract_id,
        around=found,
        words=resident_words,
    )

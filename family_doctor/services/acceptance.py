"""Accepting an application: the agreement's text is frozen and signed by the team's leader."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from directory.schemas import TeamView
from family_doctor import agreement
from family_doctor.models import AgreementText, Contract
from family_doctor.services.extras import extras_of, stored
from family_doctor.services.moves import Doer, move
from family_doctor.services.signing import sign_for_team
from family_doctor.services.texts import wording_for
from family_doctor.states import Step
from residents.public import people_by_id
from service_packs.public import get_pack
from service_packs.schemas import PackDetail


def freeze(
    session: Session,
    actor: Actor,
    contract: Contract,
    team: TeamView,
    begins_on: date | None = None,
) -> Contract:
    """Take the step ACCEPT with the text that both sides sign, the team's leader at once;
    ``begins_on`` is the first day of a renewal's term. A text that the resident signed already
    stays as it is.

    Raises Conflict ``contract_moved``, ``no_signature`` or ``no_text``, StepUpRequired.
    """
    if contract.agreement_digest is not None:
        accepted = move(session, actor, contract, Step.ACCEPT, accepted_at=clock.now())
        sign_for_team(session, actor, accepted)
        return accepted
    person = people_by_id(session, {contract.person_id})[contract.person_id]
    wording = wording_for(session, person.groups)
    extras = extras_of(session, contract.person_id, contract.extra_codes, begins_on)
    terms = replace(
        terms_of(session, contract, team, person.name, clock.today(), begins_on), extras=extras
    )
    accepted = write_down(session, actor, contract, terms, wording, clock.now())
    sign_for_team(session, actor, accepted)
    return accepted


def write_down(
    session: Session,
    actor: Doer,
    contract: Contract,
    terms: agreement.Terms,
    wording: AgreementText,
    at: datetime,
) -> Contract:
    """Take the step ACCEPT with the text of these terms; nobody has signed it yet.

    Raises Conflict ``contract_moved``.
    """
    written = agreement.compose(terms, wording.body)
    return move(
        session,
        actor,
        contract,
        Step.ACCEPT,
        accepted_at=at,
        agreement_text=written,
        agreement_digest=agreement.digest(written),
        agreement_text_id=wording.id,
        agreement_items=terms.items,
        agreement_extras=stored(terms.extras),
    )


def items_of(pack: PackDetail) -> list[tuple[str, int]]:
    """The services in the text of an agreement: (name, times a year)."""
    return [(item.name, item.times_per_year) for item in pack.items]


def terms_of(
    session: Session,
    contract: Contract,
    team: TeamView,
    resident: str,
    written_on: date,
    begins_on: date | None = None,
) -> agreement.Terms:
    """What goes into the text of a contract."""
    pack = get_pack(session, contract.pack_code)
    return agreement.Terms(
        contract_id=str(contract.id),
        resident=resident,
        team=team.name,
        institution=team.institution_name,
        pack=contract.pack_name,
        price_fen=contract.price_fen,
        public_health_fen=contract.public_health_fen,
        insurance_fen=contract.insurance_fen,
        person_fen=contract.person_fen,
        items=items_of(pack),
        years=contract.term_years,
        written_on=written_on,
        begins_on=begins_on,
    )

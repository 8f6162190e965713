"""Applications that staff make by papers for a resident who is present."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from auth.public import count_try
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.on_site import get_presence
from family_doctor.queries.signatories import SIGNING
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import way_rule
from family_doctor.schemas import (
    Action,
    ApplyOnBehalf,
    ApplyPresent,
    Channel,
    ContractView,
    Evidence,
    PrepareAgreement,
    WayAction,
)
from family_doctor.services import notices
from family_doctor.services.contracts import apply_by, cancel_contract
from family_doctor.services.extras import chosen_codes
from family_doctor.services.introductions import Way, note_refused
from residents.public import (
    Person,
    Verdict,
    find_by_paper,
    people_by_id,
    register_present,
    representatives_of,
)
from residents.schemas import IdentifierKind, PersonView

# Papers that have a number of their own.
NUMBERED = (Evidence.HOUSEHOLD_BOOK, Evidence.AUTHORISATION)
# Of one resident's papers by one member of staff.
TAILS_PER_DAY = 10


def count_question(
    session: Session, actor: Actor, command: ApplyPresent, *, on_behalf: bool
) -> None:
    """Before the identity service is asked: the actor may, names the papers of whom they apply on
    behalf of, and has not asked too often today. In a transaction of its own.

    Raises NotFound, Denied, Invalid ``evidence_needed`` or TooMany.
    """
    staffed(session, actor, command.team_id)
    if on_behalf and command.evidence is None:
        sentence = N_("请选择核对了哪种证件。")
        raise Invalid("evidence_needed", sentence, fields={"evidence": sentence})
    if command.evidence in NUMBERED and not command.evidence_number:
        sentence = N_("请填写户口簿或委托书的编号。")
        raise Invalid("evidence_needed", sentence, fields={"evidence_number": sentence})
    most = way_rule(session).checks_per_day
    count_try(session, "presence check", str(actor.account_id), most, timedelta(days=1))


def count_signer_tail(
    session: Session, actor: Actor, presence_id: UUID, command: PrepareAgreement
) -> None:
    """Before the last four of the paper of who signs for another are compared: whoever sees a paper
    needs a try or two, and who tries them all has seen none. In a transaction of its own.

    Raises NotFound or TooMany.
    """
    if command.signer_tail is not None:
        person_id = get_presence(session, actor, presence_id).person_id
        whose = f"{actor.account_id} {person_id}"
        count_try(session, "signer tail", whose, TAILS_PER_DAY, timedelta(days=1))


def apply_on_behalf(
    session: Session, actor: Actor, command: ApplyOnBehalf, verdict: Verdict
) -> ContractView:
    """Apply for a resident whose papers the actor saw. The resident is told at once, with those who
    may act for them, and can refuse until they sign.

    Raises as ``apply_by`` and ``chosen_codes`` do, Invalid for a name and number that do not match,
    and Conflict ``nobody_to_tell``.
    """
    team = staffed(session, actor, command.team_id)
    person = registered(session, team, command, verdict)
    told = {person.id, *representatives_of(session, person.id, SIGNING)}
    if not any(session.get_one(Person, each).phone_index for each in told):
        raise Conflict(
            "nobody_to_tell",
            N_(
                "这位居民和家人都没有登记手机号，收不到通知。请用「现场签约」，由本人在设备上确认。"
            ),
        )
    way = Way(
        Channel.AGENT,
        actor.account_id,
        actor.name,
        evidence=command.evidence,
        evidence_number=command.evidence_number,
    )
    contract_id = new_id()
    acting = _acting(session, actor, team, person)
    applied = apply_by(
        session,
        acting,
        contract_id,
        team,
        person,
        way,
        years=command.years,
        extra_codes=chosen_codes(session, person, command.extra_codes),
    )
    for each in sorted(told):
        whose = "" if each == person.id else person.name
        notices.tell_applied_for(session, each, contract_id, actor.name, team.name, whose=whose)
    return applied


def refuse_application(session: Session, actor: Actor, contract_id: UUID) -> ContractView:
    """The resident, or who may act for them, takes back what others applied for in their name.

    Raises NotFound, Denied or Conflict ``contract_moved``.
    """
    contract = read_contract(session, actor, Action.CANCEL, contract_id)
    cancelled = cancel_contract(session, actor, contract.id)
    note_refused(session, contract.id, clock.now())
    return cancelled


def staffed(session: Session, actor: Actor, team_id: UUID) -> TeamView:
    """The team, for one who may apply for those present there. Raises NotFound or Denied."""
    team = get_team(session, team_id)
    require(session, actor, WayAction.APPLY_PRESENT, panel_resource(team))
    return team


def registered(
    session: Session, team: TeamView, command: ApplyPresent, verdict: Verdict
) -> PersonView:
    """Somebody not known yet is registered in the township that the team serves; by another paper
    than the ID card only at a desk, before. Raises Invalid.
    """
    if command.kind is not IdentifierKind.ID_CARD:
        known = find_by_paper(session, command.name, command.id_number, command.kind)
        if known is None:
            sentence = N_(
                "没有用这个姓名和证件登记的居民。请先在“凭证件登记”里看原件登记，再来签约。"
            )
            raise Invalid("not_registered", sentence, fields={"id_number": sentence})
        return people_by_id(session, {known.id})[known.id]
    return register_present(
        session,
        command.name,
        command.id_number,
        verdict,
        division_code=team.division_code,
        phone=command.phone,
    )


def _acting(session: Session, actor: Actor, team: TeamView, person: PersonView) -> Actor:
    """The actor as acting for this person, as the audit keeps it."""
    acting = replace(actor, acting_for=person.id)
    resource = replace(panel_resource(team), person_id=person.id)
    require(session, acting, WayAction.APPLY_PRESENT, resource)
    return acting

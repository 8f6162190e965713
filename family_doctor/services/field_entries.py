"""Entries that a tablet brings back: each is taken once, with its contract or the reason why there
is none, in one transaction.
"""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.public import count_try
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, PortalError
from core.messages import N_
from directory.schemas import TeamView
from family_doctor.agreement import Extra
from family_doctor.events import ContractAccepted
from family_doctor.models import (
    Contract,
    FieldEntry,
    FieldResident,
    FieldVisit,
    OwnSignature,
)
from family_doctor.queries.field import answer_of
from family_doctor.queries.rules import places
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import way_rule
from family_doctor.schemas import (
    Channel,
    EntryAnswer,
    EntryIn,
    FieldAction,
    FieldSigning,
    LoadVisit,
    Outcome,
    ProofMethod,
    Side,
    Signed,
    WayAction,
)
from family_doctor.services import notices
from family_doctor.services.acceptance import terms_of, write_down
from family_doctor.services.contracts import apply_by
from family_doctor.services.extras import carried_over
from family_doctor.services.field import OVER, held, may_still_be_taken, require_device
from family_doctor.services.field_signers import has_tail, signer_on_visit
from family_doctor.services.introductions import Way
from family_doctor.services.moves import announce
from family_doctor.services.places import shares_place, take_place
from family_doctor.services.signing import Signer, require_own_name, write_signature
from family_doctor.services.succession import come_into_force, next_day, renew_by
from family_doctor.services.texts import wording_for
from residents.public import (
    Person,
    Verdict,
    check_id_number,
    people_by_id,
    register_present,
)
from residents.schemas import PersonView
from service_packs.public import running_packs

# How far a tablet's clock may be wrong.
TOLERANCE = timedelta(minutes=10)
VERSION = 7
# What a refusal on the way to a contract means for the entry; any other one is a defect.
OUTCOMES = {
    "contract_exists": Outcome.ALREADY_SIGNED,
    "team_full": Outcome.OVER_CAPACITY,
    "team_closed": Outcome.TEAM_CLOSED,
    "identity_mismatch": Outcome.IDENTITY_MISMATCH,
    "bad_id_number": Outcome.IDENTITY_MISMATCH,
    "name_differs": Outcome.IDENTITY_MISMATCH,
    "text_withdrawn": Outcome.TEXT_WITHDRAWN,
    "no_text": Outcome.TEXT_WITHDRAWN,
    "unknown_pack": Outcome.TEXT_WITHDRAWN,
    "term_too_long": Outcome.TEXT_WITHDRAWN,
    "minor": Outcome.MINOR,
    "not_represented": Outcome.NOT_REPRESENTED,
    "renewal_changed": Outcome.RENEWAL_CHANGED,
    "contract_moved": Outcome.RENEWAL_CHANGED,
    "not_yet_renewable": Outcome.RENEWAL_CHANGED,
    "successor_exists": Outcome.RENEWAL_CHANGED,
    "no_basic_pack": Outcome.TEXT_WITHDRAWN,
    "clock_wrong": Outcome.CLOCK_WRONG,
}


def is_of_outsider(entry: EntryIn) -> bool:
    """Whether the entry is of somebody who is not on the list."""
    signing = _read(entry)
    return signing is not None and signing.person_id is None


def question_of(
    session: Session, actor: Actor, visit_id: UUID, device: LoadVisit, entry: EntryIn
) -> tuple[str, str] | None:
    """The name and number that the identity service is to be asked about before the entry is
    taken: of somebody who is not on the list. In a transaction of its own, where it is counted.

    Raises NotFound, Denied, Conflict ``other_device`` or TooMany.
    """
    visit, _ = held(session, actor, FieldAction.CARRY, visit_id)
    require_device(visit, device)
    signing = _read(entry)
    known = session.get(FieldEntry, entry.id) is not None
    if known or signing is None or not signing.id_number:
        return None
    try:
        check_id_number(signing.id_number)
    except Invalid:
        return None
    most = way_rule(session).checks_per_day
    count_try(session, "presence check", str(actor.account_id), most, timedelta(days=1))
    return signing.name, signing.id_number


def take_entry(
    session: Session,
    actor: Actor,
    visit_id: UUID,
    device: LoadVisit,
    entry: EntryIn,
    verdict: Verdict | None,
) -> EntryAnswer:
    """Take an entry of the actor's visit; one that was taken before gets the same answer.

    Raises NotFound, Denied, Conflict ``other_device``, ``visit_over`` or ``entry_changed``.
    """
    visit, team = held(session, actor, FieldAction.CARRY, visit_id)
    require_device(visit, device)
    known = session.get(FieldEntry, entry.id)
    if known is not None:
        if known.visit_id != visit.id or known.hash.hex() != entry.hash:
            raise Conflict("entry_changed", N_("这条记录已经收到过，内容却不一样，请联系管理员。"))
        return answer_of(known)
    now = clock.now()
    if not may_still_be_taken(visit, now):
        raise Conflict("visit_over", OVER)
    if not _follows(visit, entry):
        visit.broken_at = visit.broken_at or now
        return EntryAnswer(id=entry.id, number=entry.number, outcome=Outcome.CHAIN_BROKEN)
    signing = _read(entry)
    outcome, person_id = _outcome(session, actor, visit, team, entry.id, signing, verdict)
    row = FieldEntry(
        id=entry.id,
        visit_id=visit.id,
        team_id=visit.team_id,
        number=entry.number,
        hash=bytes.fromhex(entry.hash),
        payload=entry.payload,
        name=signing.name if signing else "",
        signed_at=signing.signed_at if signing else None,
        received_at=now,
        outcome=outcome,
        person_id=person_id,
        contract_id=entry.id if outcome is Outcome.SIGNED else None,
    )
    session.add(row)
    visit.last_hash, visit.entries = row.hash, visit.entries + 1
    session.flush()
    return answer_of(row)


def chain_hash(entry: EntryIn) -> str:
    """The hash that an entry must have."""
    return hashlib.sha256(f"{entry.previous}\n{entry.number}\n{entry.payload}".encode()).hexdigest()


def _follows(visit: FieldVisit, entry: EntryIn) -> bool:
    """Whether nothing before the entry is missing, and nothing in it was changed."""
    return (
        entry.number == visit.entries + 1
        and entry.previous == visit.last_hash.hex()
        and entry.hash == chain_hash(entry)
    )


def _read(entry: EntryIn) -> FieldSigning | None:
    try:
        return FieldSigning.model_validate_json(entry.payload)
    except ValidationError:
        return None


def _outcome(
    session: Session,
    actor: Actor,
    visit: FieldVisit,
    team: TeamView,
    contract_id: UUID,
    signing: FieldSigning | None,
    verdict: Verdict | None,
) -> tuple[Outcome, UUID | None]:
    """What becomes of the entry, and whose it is; of a refused one nothing else is left behind."""
    free = session.get(Contract, contract_id) is None
    if signing is None or contract_id.version != VERSION or not free:
        return Outcome.UNREADABLE, None
    try:
        with session.begin_nested():
            contract = _sign(session, actor, visit, team, contract_id, signing, verdict)
            return Outcome.SIGNED, contract.person_id
    except (Conflict, Invalid) as refused:
        return _reason(refused), _on_list(session, visit, signing)


def _reason(refused: PortalError) -> Outcome:
    if refused.code not in OUTCOMES:
        raise refused
    return OUTCOMES[refused.code]


def _sign(
    session: Session,
    actor: Actor,
    visit: FieldVisit,
    team: TeamView,
    contract_id: UUID,
    signing: FieldSigning,
    verdict: Verdict | None,
) -> Contract:
    """The contract, in force from the day on which it was signed."""
    at = _moment(visit, signing)
    person = _person(session, visit, team, signing, verdict)
    signer = signer_on_visit(session, person, signing.signed_by, clock.local(at).date())
    require_own_name(signing, signer.name)
    acting = replace(actor, acting_for=person.id)
    resource = replace(panel_resource(team), person_id=person.id)
    require(session, acting, WayAction.APPLY_PRESENT, resource)
    way = Way(
        Channel.ON_SITE,
        actor.account_id,
        actor.name,
        evidence=signing.evidence,
        evidence_number=signing.evidence_number,
        visit_id=visit.id,
    )
    begins_on = _apply(session, acting, contract_id, team, person, way, signing, at)
    contract = session.get_one(Contract, contract_id)
    wording = wording_for(session, person.groups)
    signed_on = clock.local(at).date()
    terms = replace(
        terms_of(session, contract, team, person.name, signed_on, begins_on),
        extras=_bought(session, visit, signing, begins_on or signed_on, at),
    )
    accepted = write_down(session, acting, contract, terms, wording, at)
    if accepted.agreement_digest != bytes.fromhex(signing.agreement_sha256):
        raise Conflict("text_withdrawn")
    if not shares_place(accepted):
        take_place(session, team.id, places(session, [team])[team.id].capacity)
    announce(session, ContractAccepted, accepted)
    _both_sign(session, actor, visit, accepted, signer, signing)
    signed = come_into_force(session, acting, accepted, at)
    notices.tell_signed_on_visit(session, signed, team.name, person.name, signer.id, signer.name)
    return signed


def _bought(
    session: Session, visit: FieldVisit, signing: FieldSigning, begins_on: date, at: datetime
) -> list[Extra]:
    """What the tablet knew that the resident has from before; of others than the list's nothing."""
    if signing.person_id is None:
        return []
    whose, loaded = signing.person_id, visit.loaded_at
    running = running_packs(session, {whose}, begins_on, paid_by=loaded, held_at=at)
    return carried_over(session, running).get(whose, [])


def _apply(
    session: Session,
    acting: Actor,
    contract_id: UUID,
    team: TeamView,
    person: PersonView,
    way: Way,
    signing: FieldSigning,
    at: datetime,
) -> date | None:
    """The application, and of a renewal its first day."""
    if signing.renews is None:
        apply_by(
            session,
            acting,
            contract_id,
            team,
            person,
            way,
            years=signing.years,
            pack_code=signing.pack_code,
            at=at,
        )
        return None
    renew_by(
        session,
        acting,
        signing.renews,
        person.id,
        team,
        way,
        contract_id=contract_id,
        years=signing.years,
        at=at,
    )
    return next_day(session.get_one(Contract, signing.renews))


def _both_sign(
    session: Session,
    actor: Actor,
    visit: FieldVisit,
    contract: Contract,
    person: PersonView,
    signing: FieldSigning,
) -> None:
    """The team's side by its leader's authority, the resident's, by themself or by ``person`` for
    them, before the member's eyes.
    """
    if visit.proof_method is None or visit.proved_at is None:
        raise ValueError("a visit that was loaded is authorised")
    at = contract.accepted_at or signing.signed_at
    kept = session.get_one(OwnSignature, visit.signature_id)
    leader = Signer(
        visit.authorised_by,
        None,
        visit.authorised_name,
        ProofMethod(visit.proof_method),
        visit.proved_at,
    )
    by_leader = Signed(strokes=kept.strokes, typed_name=kept.typed_name)
    write_signature(session, contract, Side.TEAM, by_leader, leader, at)
    resident = Signer(
        actor.account_id,
        person.id,
        person.name,
        ProofMethod.ON_SITE,
        signing.identified_at,
        visit.member_name,
    )
    write_signature(session, contract, Side.RESIDENT, signing, resident, at)


def _moment(visit: FieldVisit, signing: FieldSigning) -> datetime:
    """When it was signed: by the tablet, between the loading and now. Raises Conflict."""
    now, loaded = clock.now(), visit.loaded_at or visit.prepared_at
    at = signing.signed_at
    if not loaded - TOLERANCE <= at <= min(now, visit.expires_at) + TOLERANCE:
        raise Conflict("clock_wrong")
    return min(max(at, loaded), now)


def _person(
    session: Session,
    visit: FieldVisit,
    team: TeamView,
    signing: FieldSigning,
    verdict: Verdict | None,
) -> PersonView:
    """Who signed: of the list, or found or registered by name and number. Raises Invalid."""
    if signing.person_id is None:
        return register_present(
            session,
            signing.name,
            signing.id_number or "",
            verdict or Verdict.NOT_FOUND,
            division_code=team.division_code,
            phone=None,
        )
    person_id = _on_list(session, visit, signing)
    person = session.get(Person, person_id) if person_id else None
    same = person is not None and person.name == signing.name
    if person is None or not same:
        raise Invalid("identity_mismatch")
    # Whose paper was seen is asked where it is known who signs.
    if signing.signed_by is None and not has_tail(session, person, signing.id_tail):
        raise Invalid("identity_mismatch")
    return people_by_id(session, {person.id})[person.id]


def _on_list(session: Session, visit: FieldVisit, signing: FieldSigning) -> UUID | None:
    return session.scalar(
        select(FieldResident.person_id).where(
            FieldResident.visit_id == visit.id, FieldResident.person_id == signing.person_id
        )
    )

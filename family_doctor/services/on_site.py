"""Signing at the team's desk: a member of staff sees the papers, the resident reads and signs on
the tablet, and the member witnesses it. What comes of it is an application that its resident has
signed; the leader's signature brings it into force.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth.public import prove_to_sign
from core import clock
from core.access import Actor, decide, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.schemas import TeamView
from family_doctor import agreement
from family_doctor.models import Contract, Presence
from family_doctor.queries.contracts import contract_resource, contract_view
from family_doctor.queries.on_site import (
    get_presence,
    presence_resource,
    presence_view,
    standing_of,
)
from family_doctor.queries.rules import rule_for
from family_doctor.queries.signing import find_own_signature
from family_doctor.queries.ways import way_rule
from family_doctor.schemas import (
    Action,
    AgreementView,
    ApplyPresent,
    Channel,
    ContractView,
    Evidence,
    OnSiteAction,
    PrepareAgreement,
    PresenceView,
    ProofMethod,
    Side,
    Signed,
    SignOnSite,
    WitnessSigning,
)
from family_doctor.services import notices
from family_doctor.services.acceptance import items_of
from family_doctor.services.contracts import accept_contract, apply_by
from family_doctor.services.extras import chosen_codes, extras_of, stored
from family_doctor.services.field_signers import has_tail, who_signs
from family_doctor.services.introductions import Way
from family_doctor.services.on_site_text import (
    CHANGED,
    Offered,
    Reading,
    offer_of,
    shown_text,
    text_on_site,
)
from family_doctor.services.present import registered, staffed
from family_doctor.services.signing import Signer, proof_of, require_own_name, write_signature
from family_doctor.services.succession import next_day, pack_again, pack_of, renew_by, term_of
from family_doctor.services.texts import wording_for
from residents.public import Verdict, people_by_id
from residents.schemas import PersonView
from service_packs.public import get_pack
from service_packs.schemas import PackDetail


def begin_on_site(
    session: Session, actor: Actor, command: ApplyPresent, verdict: Verdict
) -> PresenceView:
    """Find or register the resident in front of the device.

    Raises NotFound, Denied, Invalid, or Conflict ``contract_exists`` where there is nothing to sign
    or renew.
    """
    team = staffed(session, actor, command.team_id)
    person = registered(session, team, command, verdict)
    now = clock.now()
    row = Presence(
        id=new_id(),
        team_id=team.id,
        person_id=person.id,
        account_id=actor.account_id,
        evidence=command.evidence or Evidence.ID_CARD,
        evidence_number=command.evidence_number,
        begun_at=now,
        expires_at=now + timedelta(minutes=way_rule(session).present_minutes),
    )
    require(session, actor, OnSiteAction.WITNESS, presence_resource(row, team))
    standing_of(session, team, rule_for(session, team.institution_id), person.id).renewed()
    session.add(row)
    session.flush()
    return presence_view(row)


def prepare_agreement(
    session: Session, actor: Actor, presence_id: UUID, command: PrepareAgreement
) -> PresenceView:
    """Settle who signs, the pack and the years, and with them the text that the tablet shows. Done
    again it is another text, and what was signed under the one before is void.

    Raises NotFound, Denied, Conflict ``presence_over``, ``contract_exists``, ``minor``,
    ``not_represented`` or ``no_text``, Invalid ``identity_mismatch``, ``unknown_pack`` or
    ``term_too_long``.
    """
    row, team, person = _open(session, actor, presence_id)
    signer = _signer_named(session, person, command)
    _require_witness(session, actor, row, team, signer.id)
    rule = rule_for(session, team.institution_id)
    old = standing_of(session, team, rule, person.id).renewed()
    usual = min(old.term_years, rule.term_years_max) if old else None
    pack = pack_again(session, old.pack_code) if old else pack_of(session, command.pack_code)
    begins_on = next_day(old) if old else None
    codes = chosen_codes(session, person, command.extra_codes, begins_on)
    offered = Offered(
        contract_id=row.id,
        extras=tuple(extras_of(session, person.id, codes, begins_on)),
        renews_id=old.id if old else None,
        pack_code=pack.code,
        years=term_of(rule, command.years or usual),
        text_id=wording_for(session, person.groups).id,
        prepared_at=clock.now(),
    )
    text = text_on_site(session, offered, team, person, get_pack(session, pack.code))
    row.renews_id, row.signer_id, row.pack_code = offered.renews_id, signer.id, offered.pack_code
    row.term_years, row.text_id = offered.years, offered.text_id
    row.extra_codes, row.agreement_extras = codes, stored(offered.extras)
    row.prepared_at, row.agreement_digest = offered.prepared_at, agreement.digest(text)
    row.strokes = row.typed_name = row.signed_at = None
    session.flush()
    return presence_view(row)


def read_on_site(session: Session, actor: Actor, presence_id: UUID) -> Reading:
    """What the tablet shows. Raises NotFound, Denied, Conflict ``presence_over``, ``not_prepared``
    or ``agreement_changed``.
    """
    row = get_presence(session, actor, presence_id)
    _require_time(row)
    team = staffed(session, actor, row.team_id)
    people = people_by_id(session, {row.person_id, row.signer_id or row.person_id})
    person = people[row.person_id]
    offered = offer_of(row)
    pack = get_pack(session, offered.pack_code)
    text = shown_text(session, row, offered, team, person, pack)
    return Reading(
        presence=presence_view(row),
        text=AgreementView(text=text, sha256=agreement.digest(text).hex()),
        team=team,
        person=person,
        signer=people[row.signer_id or row.person_id],
        pack=pack,
        extras=offered.extras,
    )


def sign_on_site(
    session: Session, actor: Actor, presence_id: UUID, command: SignOnSite
) -> PresenceView:
    """Keep what was drawn on the tablet until it is witnessed; drawn again it replaces the former.

    Raises NotFound, Denied, Conflict ``presence_over``, ``not_prepared`` or ``agreement_changed``,
    Invalid ``name_differs``.
    """
    row, team, person = _open(session, actor, presence_id)
    offered = offer_of(row)
    shown_text(session, row, offered, team, person, get_pack(session, offered.pack_code))
    if row.agreement_digest != bytes.fromhex(command.agreement_sha256):
        raise Conflict("agreement_changed", CHANGED)
    require_own_name(command, _signer_of(session, row, person).name)
    row.strokes, row.typed_name, row.signed_at = command.strokes, command.typed_name, clock.now()
    session.flush()
    return presence_view(row)


def witness_signing(
    session: Session, actor: Actor, presence_id: UUID, command: WitnessSigning
) -> ContractView:
    """The member of staff says, with a fresh proof of who they are, that they saw the papers and
    the signature. The application is made, signed by its resident; a leader who witnesses accepts
    it at once. Done twice it is one contract.

    Raises NotFound, Denied, StepUpRequired, Conflict ``presence_over``, ``not_signed_yet``,
    ``agreement_changed``, ``minor``, ``not_represented``, or as ``apply_by`` and ``renew_by`` do.
    """
    del command  # that it validates is the member's word
    row = get_presence(session, actor, presence_id)
    session.refresh(row, with_for_update=True)
    if row.contract_id is not None:
        return contract_view(session.get_one(Contract, row.contract_id))
    row, team, person = _open(session, actor, presence_id)
    if row.signed_at is None:
        raise Conflict("not_signed_yet", N_("居民还没有签名，请先把平板交给居民签名。"))
    signer = _signer_of(session, row, person)
    acting = _require_witness(session, actor, row, team, signer.id)
    proved = prove_to_sign(session, actor)
    # What was bought or is offered otherwise since is another text.
    begins_on = next_day(session.get_one(Contract, row.renews_id)) if row.renews_id else None
    fresh = tuple(extras_of(session, person.id, row.extra_codes, begins_on))
    offered = replace(offer_of(row), extras=fresh)
    pack = get_pack(session, offered.pack_code)
    text = shown_text(session, row, offered, team, person, pack)
    _apply(session, acting, row, offered, team, person)
    contract = session.get_one(Contract, row.id)
    _write_text(session, row, contract, text, pack)
    contract.agreement_extras = stored(offered.extras)
    kept = Signed(strokes=row.strokes, typed_name=row.typed_name)
    method, at = ProofMethod.ON_SITE, row.signed_at
    by = Signer(actor.account_id, signer.id, signer.name, method, row.begun_at, actor.name)
    write_signature(session, contract, Side.RESIDENT, kept, by, at)
    row.contract_id, row.witnessed_at = contract.id, clock.now()
    row.proof_method, row.proved_at = proof_of(actor, proved), proved.at
    row.strokes = row.typed_name = None
    session.flush()
    if _signs_at_once(session, actor, contract):
        return accept_contract(session, actor, contract.id)
    notices.tell_signed_on_site(session, contract, team.name, person.name, signer.id, signer.name)
    return contract_view(contract)


def forget_unwitnessed(session: Session) -> None:
    """What was drawn and never witnessed in time is nobody's signature, and kept no longer."""
    session.execute(
        update(Presence)
        .where(
            Presence.expires_at < clock.now(),
            Presence.contract_id.is_(None),
            Presence.signed_at.is_not(None),
        )
        .values(strokes=None, typed_name=None, signed_at=None)
        .execution_options(synchronize_session=False)
    )


def _open(
    session: Session, actor: Actor, presence_id: UUID
) -> tuple[Presence, TeamView, PersonView]:
    """The actor's resident at the device, held, while there is something to do."""
    row = get_presence(session, actor, presence_id)
    session.refresh(row, with_for_update=True)
    _require_time(row)
    team = staffed(session, actor, row.team_id)
    return row, team, people_by_id(session, {row.person_id})[row.person_id]


def _require_time(row: Presence) -> None:
    if row.contract_id is not None:
        raise Conflict("presence_over", N_("已经签好了，不用再签。"))
    if clock.now() >= row.expires_at:
        raise Conflict("presence_over", N_("离填写已经过了太久，请重新核对居民的证件再提交。"))


def _require_witness(
    session: Session, actor: Actor, row: Presence, team: TeamView, signer_id: UUID
) -> Actor:
    """The actor as acting for this person, as the audit keeps it. Raises Denied."""
    acting = replace(actor, acting_for=row.person_id)
    require(session, acting, OnSiteAction.WITNESS, presence_resource(row, team, {signer_id}))
    return acting


def _signer_named(session: Session, person: PersonView, command: PrepareAgreement) -> PersonView:
    """Who signs: the resident, or whom the staff chose and whose paper they saw."""
    stander = who_signs(session, person, command.signer_id, clock.today())
    if stander is None:
        return person
    if command.signer_tail is None:
        sentence = N_("请填写代签人证件号码的后四位。")
        raise Invalid("evidence_needed", sentence, fields={"signer_tail": sentence})
    if not has_tail(session, stander.person, command.signer_tail):
        sentence = N_("证件号码与登记的不符，请核对代签人的证件原件。")
        raise Invalid("identity_mismatch", sentence, fields={"signer_tail": sentence})
    return people_by_id(session, {stander.person.id})[stander.person.id]


def _signer_of(session: Session, row: Presence, person: PersonView) -> PersonView:
    """Who was to sign, if they still may. Raises Conflict ``minor`` or ``not_represented``."""
    other = row.signer_id if row.signer_id != person.id else None
    stander = who_signs(session, person, other, clock.today())
    if stander is None:
        return person
    return people_by_id(session, {stander.person.id})[stander.person.id]


def _apply(
    session: Session,
    acting: Actor,
    row: Presence,
    offered: Offered,
    team: TeamView,
    person: PersonView,
) -> None:
    """The application, or that of a renewal, with the presence's id."""
    evidence = Evidence(row.evidence)
    way = Way(
        Channel.ON_SITE,
        acting.account_id,
        acting.name,
        evidence=evidence,
        evidence_number=row.evidence_number,
    )
    if row.renews_id is not None:
        renew_by(
            session,
            acting,
            row.renews_id,
            person.id,
            team,
            way,
            contract_id=row.id,
            years=offered.years,
            extra_codes=row.extra_codes,
            at=clock.now(),
        )
        return
    apply_by(
        session,
        acting,
        row.id,
        team,
        person,
        way,
        years=offered.years,
        pack_code=offered.pack_code,
        extra_codes=row.extra_codes,
    )


def _write_text(
    session: Session, row: Presence, contract: Contract, text: str, pack: PackDetail
) -> None:
    """What the resident signed is the contract's text from the start; the leader signs the same."""
    contract.agreement_text = text
    contract.agreement_digest = row.agreement_digest
    contract.agreement_text_id = row.text_id
    contract.agreement_items = items_of(pack)
    session.flush()


def _signs_at_once(session: Session, actor: Actor, contract: Contract) -> bool:
    """Whether who witnessed leads the team and keeps a signature."""
    leads, _ = decide(actor, Action.DECIDE, contract_resource(contract))
    return leads and find_own_signature(session, actor.account_id) is not None

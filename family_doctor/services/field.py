"""A team's visit to a village: prepared, authorised by its leader, loaded to a tablet, closed."""

import hashlib
import hmac
from datetime import datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from sqlalchemy import and_, insert, select, update
from sqlalchemy.orm import Session

from auth.public import prove_to_sign
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.models import FieldEntry, FieldResident, FieldVisit
from family_doctor.queries.field import (
    entry_view,
    get_visit,
    has_contract,
    listed_of,
    may_renew,
    visit_resource,
    visit_state,
)
from family_doctor.queries.rules import rule_for
from family_doctor.queries.signing import find_own_signature
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import way_rule
from family_doctor.schemas import (
    CloseVisit,
    EntryView,
    FieldAction,
    FieldPackage,
    LoadVisit,
    PrepareVisit,
    SettleEntry,
    VisitState,
    VisitView,
)
from family_doctor.services.field_package import package_of
from family_doctor.services.signing import NO_SIGNATURE, proof_of
from family_doctor.services.succession import pack_of, require_in_service, term_of
from family_doctor.services.texts import wording_for
from residents.public import Household, Person, people_by_id

OVER = N_("这次下乡签约已经结束、作废或过期，请重新准备一次。")


def prepare_visit(session: Session, actor: Actor, command: PrepareVisit) -> VisitView:
    """Prepare a visit of the actor to a village: who can sign or renew stands first on its list.

    Raises NotFound, Denied, Invalid (``unknown_village``, the pack or the years), Conflict
    ``team_closed``, ``no_basic_pack`` or ``no_text``.
    """
    team = get_team(session, command.team_id)
    require(session, actor, FieldAction.PREPARE, panel_resource(team))
    require_in_service(team)
    rule, most = rule_for(session, team.institution_id), way_rule(session)
    residents = _residents(session, team, command.village_code, most.visit_residents)
    if not residents:
        sentence = N_("这个村没有可以签约的居民，请从列出的村里选择。")
        raise Invalid("unknown_village", sentence, fields={"village_code": sentence})
    now, seed = clock.now(), token_bytes(32)
    expires_at = now + timedelta(days=most.visit_days)
    visit = FieldVisit(
        id=new_id(),
        team_id=team.id,
        account_id=actor.account_id,
        member_name=actor.name,
        village_code=command.village_code,
        village_name=residents[0][1],
        pack_code=pack_of(session, command.pack_code).code,
        term_years=term_of(rule, command.years),
        prepared_at=now,
        expires_at=expires_at,
        sync_until=expires_at + timedelta(days=most.visit_sync_days),
        seed=seed,
        last_hash=seed,
        entries=0,
    )
    session.add(visit)
    session.flush()
    _list(session, visit, [person_id for person_id, _ in residents])
    return get_visit(session, actor, visit.id)


def authorise_visit(session: Session, actor: Actor, visit_id: UUID) -> VisitView:
    """The team's leader lets what is signed on the visit be signed with the signature they keep.
    Done twice it is done once.

    Raises NotFound, Denied, StepUpRequired, Conflict ``no_signature`` or ``visit_over``.
    """
    visit, _ = held(session, actor, FieldAction.AUTHORISE, visit_id)
    if visit.authorised_at is None:
        _require_open(visit)
        kept = find_own_signature(session, actor.account_id)
        if kept is None:
            raise Conflict("no_signature", NO_SIGNATURE)
        proved = prove_to_sign(session, actor)
        now = clock.now()
        visit.authorised_at, visit.authorised_by = now, actor.account_id
        visit.authorised_name, visit.signature_id = actor.name, kept.id
        visit.proof_method, visit.proved_at = proof_of(actor, proved), min(proved.at, now)
        session.flush()
    return get_visit(session, actor, visit_id)


def load_visit(session: Session, actor: Actor, visit_id: UUID, command: LoadVisit) -> FieldPackage:
    """The package, for one tablet of the member: the same one may ask again.

    Raises NotFound, Denied, Conflict ``visit_over``, ``not_authorised`` or ``other_device``.
    """
    visit, team = held(session, actor, FieldAction.CARRY, visit_id)
    _require_open(visit)
    if visit.authorised_at is None:
        raise Conflict("not_authorised", N_("这次下乡签约还没有团队长授权，请团队长授权后再载入。"))
    if visit.device is None:
        visit.device, visit.loaded_at = digest_of(command.device), clock.now()
        session.flush()
    require_device(visit, command)
    if clock.now() >= visit.expires_at:
        raise Conflict("visit_over", OVER)
    return package_of(session, visit, team)


def close_visit(session: Session, actor: Actor, visit_id: UUID, command: CloseVisit) -> VisitView:
    """The tablet has sent all it has. Done twice it is done once.

    Raises NotFound, Denied, Conflict ``other_device`` or ``entries_missing``.
    """
    visit, _ = held(session, actor, FieldAction.CARRY, visit_id)
    require_device(visit, command)
    same = hmac.compare_digest(visit.last_hash, bytes.fromhex(command.hash))
    if visit.entries != command.entries or not same:
        raise Conflict("entries_missing", N_("平板上的记录和服务器上的对不上，请再同步一次。"))
    visit.closed_at = visit.closed_at or clock.now()
    session.flush()
    return get_visit(session, actor, visit_id)


def cancel_visit(session: Session, actor: Actor, visit_id: UUID) -> VisitView:
    """Whoever may prepare visits of the team throws one away; a tablet that has it sends nothing
    more. Raises NotFound, Denied, Conflict ``visit_over``.
    """
    visit, team = _visit(session, visit_id)
    require(session, actor, FieldAction.PREPARE, panel_resource(team))
    if visit.cancelled_at is None:
        _require_open(visit)
        visit.cancelled_at = clock.now()
        session.flush()
    return get_visit(session, actor, visit_id)


def settle_entry(session: Session, actor: Actor, entry_id: UUID, command: SettleEntry) -> EntryView:
    """The team says what it did about an entry that made no contract; the first word stays.

    Raises NotFound, Denied.
    """
    entry = session.get(FieldEntry, entry_id)
    if entry is None or entry.contract_id is not None:
        raise NotFound()
    require(session, actor, FieldAction.PREPARE, panel_resource(get_team(session, entry.team_id)))
    session.execute(
        update(FieldEntry)
        .where(FieldEntry.id == entry_id, FieldEntry.settled_at.is_(None))
        .values(settled_at=clock.now(), settled_by=actor.account_id, settled_note=command.note)
        .execution_options(synchronize_session=False)
    )
    session.refresh(entry)
    return entry_view(entry)


def held(
    session: Session, actor: Actor, action: FieldAction, visit_id: UUID
) -> tuple[FieldVisit, TeamView]:
    """A visit and its team, for who may ``action`` it, held until the transaction ends.

    Raises NotFound or Denied.
    """
    visit, team = _visit(session, visit_id)
    require(session, actor, action, visit_resource(visit, team))
    return visit, team


def require_device(visit: FieldVisit, command: LoadVisit) -> None:
    """Raises Conflict ``other_device``."""
    if visit.device is None or not hmac.compare_digest(visit.device, digest_of(command.device)):
        raise Conflict(
            "other_device",
            N_("这次下乡签约已经载入另一台平板，请在那台平板上继续，或作废后重新准备。"),
        )


def digest_of(word: str) -> bytes:
    """What is kept of the word that a tablet made up."""
    return hashlib.sha256(bytes.fromhex(word)).digest()


def _visit(session: Session, visit_id: UUID) -> tuple[FieldVisit, TeamView]:
    visit = session.scalar(select(FieldVisit).where(FieldVisit.id == visit_id).with_for_update())
    if visit is None:
        raise NotFound()
    return visit, get_team(session, visit.team_id)


def _require_open(visit: FieldVisit) -> None:
    if visit_state(visit) in {VisitState.CANCELLED, VisitState.CLOSED, VisitState.EXPIRED}:
        raise Conflict("visit_over", OVER)


def _residents(session: Session, team: TeamView, village: str, most: int) -> list[tuple[UUID, str]]:
    """Who stands on the list, and the village's name; households together, who has nothing to sign
    at the end.
    """
    done = and_(has_contract(), ~may_renew(session, team))
    query = listed_of(team).with_only_columns(Person.id, Household.village_name)
    query = query.where(Household.village_code == village)
    query = query.order_by(done, Household.id, Person.birth_date, Person.id).limit(most)
    return [(row[0], row[1]) for row in session.execute(query)]


def _list(session: Session, visit: FieldVisit, person_ids: list[UUID]) -> None:
    """Write the list, each with the wording of their groups."""
    people = people_by_id(session, set(person_ids))
    texts: dict[tuple[str, ...], UUID] = {}
    rows = []
    for position, person_id in enumerate(person_ids, 1):
        groups = tuple(sorted(people[person_id].groups))
        if groups not in texts:
            texts[groups] = wording_for(session, groups).id
        rows.append(
            {
                "visit_id": visit.id,
                "person_id": person_id,
                "position": position,
                "text_id": texts[groups],
            }
        )
    session.execute(insert(FieldResident), rows)


def may_still_be_taken(visit: FieldVisit, at: datetime) -> bool:
    """Whether entries of a visit are still taken in."""
    return visit.cancelled_at is None and visit.closed_at is None and at < visit.sync_until

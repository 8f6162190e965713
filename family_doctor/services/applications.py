"""Writing an application down: for somebody new, or beside the contract that it is to succeed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from directory.schemas import TeamView
from family_doctor.events import ContractApplied
from family_doctor.models import LIVE_CONTRACT, SUCCESSOR, Contract
from family_doctor.schemas import Channel, Kind
from family_doctor.services.moves import announce, remember
from family_doctor.states import State
from service_packs.schemas import PackView


def insert_application(
    session: Session,
    actor: Actor,
    *,
    contract_id: UUID,
    team: TeamView,
    person_id: UUID,
    division_code: str,
    pack: PackView,
    years: int,
    answer_days: int,
    channel: Channel = Channel.PORTAL,
    kind: Kind = Kind.NEW,
    previous_id: UUID | None = None,
    extra_codes: Sequence[str] = (),
    at: datetime | None = None,
) -> Contract | None:
    """A new application with its history; None where the person has one already.

    With ``previous_id`` it stands beside the contract in force that it is to succeed.
    """
    succeeding = previous_id is not None
    now = at or clock.now()
    row = postgresql.insert(Contract).values(
        id=contract_id,
        person_id=person_id,
        team_id=team.id,
        institution_id=team.institution_id,
        division_code=division_code,
        channel=channel,
        state=State.APPLIED,
        pack_code=pack.code,
        pack_name=pack.name,
        pack_name_en=pack.name_en,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=pack.person_fen,
        applied_at=now,
        waits_until=now + timedelta(days=answer_days),
        kind=kind,
        previous_id=previous_id,
        succeeding=succeeding,
        term_years=years,
        extra_codes=list(extra_codes),
        version=1,
    )
    row = row.on_conflict_do_nothing(
        index_elements=[Contract.person_id],
        index_where=text(SUCCESSOR if succeeding else LIVE_CONTRACT),
    )
    contract = session.scalars(row.returning(Contract)).one_or_none()
    if contract is not None:
        remember(session, actor, contract.id, None, State.APPLIED)
        announce(session, ContractApplied, contract)
    return contract

"""Packs, contracts and obligations for tests."""

from datetime import date, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.queries.actors import actor_of_account
from core import clock
from core.access import Actor
from core.ids import new_id
from directory.models import Team
from family_doctor.models import Contract, TeamLoad
from family_doctor.obligations import term_end
from family_doctor.services.promises import promise
from family_doctor.states import ENDED, HOLDING_A_PLACE, IN_FORCE, State
from residents.models import Person
from service_packs.models import Item, Pack, PackItem, ServiceRecord
from service_packs.public import grant_entitlement
from service_packs.schemas import EntitlementView, Source
from tests.factories.directory import make_institution, make_staff

_numbers = count(1)
BASIC = "T-BASIC"
# Until when a contract waits for the team, and for the resident.
WAITS = {State.APPLIED: timedelta(days=7), State.PENDING_SIGNATURE: timedelta(days=3)}
# (code, times a year) of the basic pack.
ITEMS = (("T01", 1), ("T02", 4))


def make_basic_pack(session: Session) -> None:
    """The basic pack of a region that is not the demo's; safe to call again."""
    pack = insert(Pack).values(
        code=BASIC,
        name="试验基础包",
        name_en="Trial basic pack",
        tier="basic",
        list_price_fen=1500,
        price_fen=1500,
        public_health_fen=1000,
        insurance_fen=500,
        person_fen=0,
        example=True,
    )
    session.execute(pack.on_conflict_do_nothing())
    for code, times in ITEMS:
        item = insert(Item).values(
            code=code,
            name=f"服务{code}",
            name_en=f"Service {code}",
            unit="次",
            unit_price_fen=0,
            example=True,
            scheduled=True,
        )
        session.execute(item.on_conflict_do_nothing())
        content = insert(PackItem).values(pack_code=BASIC, item_code=code, times_per_year=times)
        session.execute(content.on_conflict_do_nothing())
    session.flush()


def make_contract(
    session: Session,
    person: Person,
    team: Team,
    *,
    state: State = State.ACTIVE,
    starts_on: date | None = None,
) -> Contract:
    """A contract in ``state`` with what such a contract has; in force it has its obligations."""
    make_basic_pack(session)
    now = clock.now()
    begun = starts_on or clock.today()
    in_force = state in IN_FORCE
    contract = Contract(
        id=new_id(),
        person_id=person.id,
        team_id=team.id,
        institution_id=team.institution_id,
        division_code=person.division_code,
        channel="portal",
        state=state,
        pack_code=BASIC,
        pack_name="试验基础包",
        pack_name_en="Trial basic pack",
        price_fen=1500,
        public_health_fen=1000,
        insurance_fen=500,
        person_fen=0,
        applied_at=now,
        accepted_at=now if state in HOLDING_A_PLACE else None,
        signed_at=now if in_force else None,
        starts_on=begun if in_force else None,
        ends_on=term_end(begun, 1) if in_force else None,
        waits_until=now + WAITS[state] if state in WAITS else None,
        ended_at=now if state in ENDED else None,
        end_reason="other" if state in ENDED else None,
    )
    session.add(contract)
    session.flush()
    if state in HOLDING_A_PLACE:
        load = insert(TeamLoad).values(team_id=team.id, taken=1)
        more = load.on_conflict_do_update(
            index_elements=[TeamLoad.team_id], set_={"taken": TeamLoad.taken + 1}
        )
        session.execute(more)
    if in_force:
        make_obligations(session, contract)
    return contract


def make_obligations(session: Session, contract: Contract) -> None:
    """The dated promises of a contract in force."""
    promise(session, contract, _granted(session, contract), years=1)
    session.flush()


def _granted(session: Session, contract: Contract) -> EntitlementView:
    """The entitlement that comes with the contract."""
    assert contract.starts_on
    assert contract.ends_on
    return grant_entitlement(
        session,
        person_id=contract.person_id,
        pack_code=BASIC,
        source=Source.CONTRACT,
        source_id=contract.id,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
    )


def make_service_record(session: Session, contract: Contract, item_code: str) -> UUID:
    """The id of a recorded service of the contract's pack."""
    granted = _granted(session, contract)
    record = ServiceRecord(
        id=new_id(),
        entitlement_item_id=next(i.id for i in granted.items if i.item_code == item_code),
        person_id=contract.person_id,
        division_code=contract.division_code,
        item_code=item_code,
        team_id=contract.team_id,
        staff_id=make_staff(session, make_institution(session)).id,
        staff_name="护士",
        performed_at=clock.now(),
        state="recorded",
    )
    session.add(record)
    session.flush()
    return record.id


def actor_of(session: Session, account_id: UUID) -> Actor:
    """The actor that an account is at the edge."""
    actor = actor_of_account(session, account_id)
    assert actor
    return actor


def taken(session: Session, team_id: UUID) -> int:
    """How many places of a team are taken."""
    return session.scalar(select(TeamLoad.taken).where(TeamLoad.team_id == team_id)) or 0


def days_ago(days: int) -> date:
    """A day in the past."""
    return clock.today() - timedelta(days=days)

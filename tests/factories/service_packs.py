"""Packs, entitlements and who serves whom, for tests."""

from datetime import date, timedelta
from itertools import count
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.ids import new_id
from directory.models import Team
from residents.models import Person
from service_packs.models import Group, Item, Order, Pack, PackItem
from service_packs.schemas import EntitlementView, OrderState, Source, Tier
from service_packs.services.entitlements import grant_entitlement
from tests.factories.directory import make_team
from tests.factories.residents import make_resident

_numbers = count(1)
GROUPS = {"04": ("高血压患者", "Hypertension"), "10": ("一般人群", "General population")}


class Served(NamedTuple):
    """A resident under contract with a team."""

    resident: Actor
    person: Person
    team: Team
    leader: Actor
    nurse: Actor


def make_groups(session: Session) -> None:
    """Two population groups; safe to call again."""
    for code, (name, name_en) in GROUPS.items():
        row = insert(Group).values(code=code, name=name, name_en=name_en)
        session.execute(row.on_conflict_do_nothing())


def make_item(session: Session, *, code: str | None = None, name: str = "血压随访") -> Item:
    """A kind of service."""
    item = Item(
        code=code or f"T{next(_numbers):03d}",
        name=name,
        name_en="Blood pressure visit",
        unit="次",
        unit_price_fen=600,
        example=True,
        scheduled=True,
    )
    session.add(item)
    session.flush()
    return item


def make_pack(
    session: Session,
    *,
    person_fen: int = 13_000,
    insurance_fen: int = 5_600,
    tier: Tier = Tier.INTERMEDIATE,
    group_code: str | None = "04",
    items: dict[str, int] | None = None,
    name: str = "高血压中级包",
) -> Pack:
    """A made-up pack; ``items`` maps item codes to times a year (one item, four times)."""
    make_groups(session)
    pack = Pack(
        code=f"PK-{next(_numbers)}",
        name=name,
        name_en="Hypertension intermediate pack",
        group_code=group_code,
        tier=tier,
        list_price_fen=person_fen + insurance_fen + 1_000,
        price_fen=person_fen + insurance_fen,
        public_health_fen=0,
        insurance_fen=insurance_fen,
        person_fen=person_fen,
        example=True,
    )
    session.add(pack)
    session.flush()
    for code, times in (items or {make_item(session).code: 4}).items():
        session.add(PackItem(pack_code=pack.code, item_code=code, times_per_year=times))
    session.flush()
    return pack


def make_served(session: Session, care: dict[UUID, tuple[str, ...]], **more: object) -> Served:
    """A resident whom a new team cares for, as ``care`` then says."""
    account, person = make_resident(session, **more)
    team, leader, nurse = make_team(session)
    care[person.id] = (str(team.id), str(team.institution_id), person.division_code)
    held = frozenset({str(team.id)})
    return Served(
        resident=Actor(account_id=account.id, person_id=person.id, verified=True),
        person=person,
        team=team,
        leader=Actor(account_id=leader, grants={Role.LEADER: held}),
        nurse=Actor(account_id=nurse, grants={Role.MEMBER: held}),
    )


def make_entitlement(
    session: Session,
    person_id: UUID,
    pack: Pack,
    *,
    starts_on: date | None = None,
    days: int = 365,
    source: Source = Source.CONTRACT,
) -> EntitlementView:
    """An entitlement from today unless said otherwise."""
    begin = starts_on or clock.today()
    return grant_entitlement(
        session,
        person_id=person_id,
        pack_code=pack.code,
        source=source,
        source_id=new_id(),
        starts_on=begin,
        ends_on=begin + timedelta(days=days - 1),
    )


def make_paid_order(session: Session, person: Person, pack: Pack) -> EntitlementView:
    """A pack that the person bought today, for a year."""
    order = Order(
        id=new_id(),
        person_id=person.id,
        division_code=person.division_code,
        pack_code=pack.code,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=pack.person_fen,
        state=OrderState.PAID,
        pay_by=clock.now(),
        paid_at=clock.now(),
    )
    session.add(order)
    session.flush()
    return grant_entitlement(
        session,
        person_id=person.id,
        pack_code=pack.code,
        source=Source.ORDER,
        source_id=order.id,
        starts_on=clock.today(),
        ends_on=clock.today() + timedelta(days=364),
    )

"""Personalised packs beside the basic one: chosen with an application, named in the agreement that
both sides sign, and ordered when it comes into force. What was bought before is carried over.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from core import clock
from core.errors import Invalid
from core.messages import N_
from family_doctor.agreement import Extra
from family_doctor.models import Contract
from residents.schemas import PersonView
from service_packs.public import (
    Running,
    get_packs,
    order_with_contract,
    packs_beside,
    running_packs,
)
from service_packs.schemas import PackDetail, PackView, Tier


@dataclass(frozen=True, slots=True)
class Choice:
    """The personalised packs on offer for a person, and those they bought that go on."""

    offered: list[PackView]
    running: list[Running]


def choices_for(
    session: Session, people: Collection[PersonView], begins_on: date | None = None
) -> tuple[list[PackView], dict[UUID, Choice]]:
    """All packs on offer, basic ones too, and what each of these people may choose of them with a
    contract that begins on a day, or now; with one statement.
    """
    ids = {each.id for each in people}
    packs, bought = packs_beside(session, ids, begins_on or clock.today())
    choices = {}
    for person in people:
        running = [each for each in bought if each.person_id == person.id]
        choices[person.id] = Choice(_offered_to(packs, person, running), running)
    return packs, choices


def _offered_to(
    packs: Sequence[PackView], person: PersonView, running: Sequence[Running]
) -> list[PackView]:
    """Of their groups or for everybody, without those that are theirs and ``running`` on."""
    groups, owned = {None, *person.groups}, {each.pack_code for each in running}
    return [
        each
        for each in packs
        if each.tier is not Tier.BASIC and each.group_code in groups and each.code not in owned
    ]


def chosen_codes(
    session: Session, person: PersonView, codes: Sequence[str], begins_on: date | None = None
) -> list[str]:
    """What was chosen for a contract that begins on a day, or now, each once. Raises Invalid
    ``unknown_pack`` for what is not on offer to the person, or theirs on that day.
    """
    if not codes:
        return []
    _, choices = choices_for(session, [person], begins_on)
    offered = {each.code for each in choices[person.id].offered}
    chosen = list(dict.fromkeys(codes))
    if not offered.issuperset(chosen):
        sentence = N_("所选的个性化服务包不在这位居民可选的范围内，或者已经购买，请重新选择。")
        raise Invalid("unknown_pack", sentence, fields={"extra_codes": sentence})
    return chosen


def extras_of(
    session: Session, person_id: UUID, codes: Sequence[str], begins_on: date | None = None
) -> list[Extra]:
    """What stands beside the basic pack in the agreement of a contract that begins on a day, or
    now: what the person still has then, and what is chosen, neither bought nor withdrawn meanwhile.
    """
    running = running_packs(session, {person_id}, begins_on or clock.today())
    owned = {each.pack_code for each in running}
    wanted = [code for code in codes if code not in owned]
    packs = get_packs(session, owned.union(wanted))
    new = [packs[code] for code in wanted if not packs[code].withdrawn]
    return _carried(running, packs) + [_extra(each, each.person_fen, None) for each in new]


def carried_over(session: Session, running: Sequence[Running]) -> dict[UUID, list[Extra]]:
    """What stands in the agreements of people of what they bought before, by person."""
    packs = get_packs(session, {each.pack_code for each in running})
    of: dict[UUID, list[Running]] = {}
    for each in running:
        of.setdefault(each.person_id, []).append(each)
    return {person_id: _carried(theirs, packs) for person_id, theirs in of.items()}


def stored(extras: Sequence[Extra]) -> list[dict[str, Any]]:
    """The same as it is kept with a contract, for the paper."""
    return [
        asdict(each) | {"until": each.until.isoformat() if each.until else None} for each in extras
    ]


def as_written(kept: Sequence[Mapping[str, Any]] | None) -> list[Extra]:
    """What ``stored`` kept."""
    return [
        Extra(**{**each, "until": date.fromisoformat(each["until"]) if each["until"] else None})
        for each in kept or ()
    ]


def order_chosen(session: Session, contract_id: UUID) -> None:
    """The contract came into force: an order for each pack that was chosen with it; done again it
    makes no second one. Who pays nothing has it at once; an unpaid one stays to be paid until the
    contract's end.
    """
    contract = session.get(Contract, contract_id)
    if contract is None or contract.ends_on is None or contract.ended_at is not None:
        return
    last = contract.ends_on + timedelta(days=1)
    pay_by = datetime.combine(last, time(), clock.zone())
    for code in contract.extra_codes:
        order_with_contract(
            session,
            order_id=uuid5(contract.id, code),
            person_id=contract.person_id,
            pack_code=code,
            pay_by=pay_by,
        )


def _carried(running: Sequence[Running], packs: Mapping[str, PackDetail]) -> list[Extra]:
    return [_extra(packs[each.pack_code], each.paid_fen, each.ends_on) for each in running]


def _extra(pack: PackDetail, paid_fen: int, until: date | None) -> Extra:
    return Extra(
        name=pack.name,
        name_en=pack.name_en,
        example=pack.example,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=paid_fen,
        items=[(item.name, item.times_per_year) for item in pack.items],
        until=until,
    )

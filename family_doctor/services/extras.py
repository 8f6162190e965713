"""Personalised packs beside the basic one: chosen with an application, named in the agreement that
both sides sign, and ordered when it comes into force. What was bought before is carried over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
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
from service_packs.public import get_pack, list_bought, list_packs, order_with_contract
from service_packs.schemas import PackDetail, PackView, Tier


def offered_to(packs: Sequence[PackView], person: PersonView) -> list[PackView]:
    """The personalised packs on offer for a person: of their groups, or for everybody."""
    groups = {None, *person.groups}
    return [each for each in packs if each.tier is not Tier.BASIC and each.group_code in groups]


def chosen_codes(session: Session, person: PersonView, codes: Sequence[str]) -> list[str]:
    """What was chosen, each once. Raises Invalid ``unknown_pack`` for what is not on offer to the
    person, or already theirs.
    """
    if not codes:
        return []
    owned = {each.granted.pack_code for each in list_bought(session, person.id)}
    offered = {each.code for each in offered_to(list_packs(session), person)} - owned
    chosen = list(dict.fromkeys(codes))
    if not offered.issuperset(chosen):
        sentence = N_("所选的个性化服务包不在这位居民可选的范围内，或者已经购买，请重新选择。")
        raise Invalid("unknown_pack", sentence, fields={"extra_codes": sentence})
    return chosen


def extras_of(session: Session, person_id: UUID, codes: Sequence[str]) -> list[Extra]:
    """What stands in an agreement beside the basic pack: what is carried over, then what is chosen,
    neither bought nor withdrawn meanwhile.
    """
    bought = list_bought(session, person_id)
    owned = {each.granted.pack_code for each in bought}
    carried = [
        _extra(get_pack(session, each.granted.pack_code), each.paid_fen, each.granted.ends_on)
        for each in bought
    ]
    chosen = [get_pack(session, code) for code in codes if code not in owned]
    new = [_extra(pack, pack.person_fen, None) for pack in chosen if not pack.withdrawn]
    return carried + new


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

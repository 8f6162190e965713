"""What the resident gets back when a contract ends: as it would be now, or as it was settled.

Who leaves a team gets back what it has not served of the packs bought beside the contract too; who
renews or changes keeps them.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import NotFound
from family_doctor.models import Contract
from family_doctor.queries.contracts import read_contract
from family_doctor.refunds import reckon
from family_doctor.schemas import Action, BoughtRefund, RefundItem, RefundRule, RefundView
from family_doctor.states import ENDED, IN_FORCE, State
from payments.public import RefundView as GivenBack
from payments.public import refunds_of
from service_packs.public import Bought, find_granted, get_pack, list_bought
from service_packs.schemas import EntitlementView, Source

# As the payments name what the contract's own part is paid for; its subject is the contract.
CONTRACT_PURPOSE = "family_doctor.contract"


def way_back(session: Session, refund: RefundView | None) -> list[GivenBack]:
    """How what is due comes back: each refund of it, the contract's own part first. The caller has
    asked the policy. Empty before it is due, and where the institution paid it without the portal.
    """
    if refund is None:
        return []
    if not refund.settled:
        return of_contract(session, refund.contract_id)
    subjects = [refund.contract_id, *(each.order_id for each in refund.bought)]
    found = refunds_of(session, subjects)
    return [each for subject in subjects for each in found.get(subject, [])]


def of_contract(session: Session, contract_id: UUID) -> list[GivenBack]:
    """The same of the contract's own part alone."""
    return refunds_of(session, [contract_id]).get(contract_id, [])


def get_refund(session: Session, actor: Actor, contract_id: UUID) -> RefundView:
    """What is due back, or would be if the contract ended now. Raises NotFound (before it was
    signed, and where it ran out or was never signed) or Denied.
    """
    contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    found = find_refund(session, contract)
    if found is None:
        raise NotFound()
    return found


def find_refund(session: Session, contract: Contract) -> RefundView | None:
    """The same for one who was asked; None where nothing can be due."""
    if contract.refund_basis is not None:
        ended = State(contract.state) in ENDED
        return RefundView.model_validate(contract.refund_basis | {"settled": ended})
    if State(contract.state) in IN_FORCE | {State.SIGNED}:
        leaves = State(contract.state) in IN_FORCE
        return reckon_refund(session, contract, rule_now(contract), with_bought=leaves)
    return None


def rule_now(contract: Contract) -> RefundRule:
    """The rule by which a refund would be due if the contract ended now; that of an upheld dispute
    stays.
    """
    if contract.refund_basis is not None:
        return RefundRule(contract.refund_basis["rule"])
    if contract.state == State.SIGNED:
        return RefundRule.NOT_BEGUN
    if contract.free_until is not None and clock.now() < contract.free_until:
        return RefundRule.COOLING_OFF
    return RefundRule.UNPERFORMED


def reckon_refund(
    session: Session, contract: Contract, rule: RefundRule, *, with_bought: bool
) -> RefundView:
    """What would be due now by ``rule``, of the contract and, where it is left for good, of what
    was bought beside it; what was left with it before stays due.
    """
    granted = find_granted(session, Source.CONTRACT, contract.id)
    items = _items(session, granted) if granted else ()
    paid = contract.person_fen * contract.term_years
    due = reckon(rule, paid, items)
    bought = _bought(session, contract, rule) if with_bought else _left_before(contract)
    return RefundView(
        contract_id=contract.id,
        rule=rule,
        refund_fen=due.refund_fen + sum(each.refund_fen for each in bought),
        contract_fen=due.refund_fen,
        paid_fen=paid,
        whole_fen=due.whole_fen,
        unperformed_fen=due.unperformed_fen,
        items=items,
        bought=bought,
        free_until=contract.free_until,
        settled=False,
    )


def stored(refund: RefundView) -> dict[str, Any]:
    """A refund as the contract keeps it: what it is, and from which items."""
    return {
        "refund_fen": refund.refund_fen,
        "refund_basis": refund.model_dump(mode="json", exclude={"settled"}),
    }


def _bought(session: Session, contract: Contract, rule: RefundRule) -> tuple[BoughtRefund, ...]:
    """The cooling-off is the contract's alone; where the team failed, all that was paid is due."""
    failed = rule is RefundRule.TEAM_FAILED
    by = RefundRule.TEAM_FAILED if failed else RefundRule.UNPERFORMED
    return tuple(
        bought_refund(session, each, by) for each in list_bought(session, contract.person_id)
    )


def _left_before(contract: Contract) -> tuple[BoughtRefund, ...]:
    if contract.refund_basis is None:
        return ()
    return RefundView.model_validate(contract.refund_basis | {"settled": True}).bought


def bought_refund(session: Session, bought: Bought, rule: RefundRule) -> BoughtRefund:
    """What is due back of a pack that was bought, by ``rule``."""
    granted, paid_fen = bought
    items = _items(session, granted)
    return BoughtRefund(
        order_id=granted.source_id,
        pack_name=granted.pack_name,
        pack_name_en=granted.pack_name_en,
        paid_fen=paid_fen,
        items=items,
        **reckon(rule, paid_fen, items)._asdict(),
    )


def _items(session: Session, granted: EntitlementView) -> tuple[RefundItem, ...]:
    prices = {item.code: item for item in get_pack(session, granted.pack_code).items}
    return tuple(
        RefundItem(
            code=held.item_code,
            name=held.name,
            name_en=prices[held.item_code].name_en if held.item_code in prices else held.name,
            unit_price_fen=(
                prices[held.item_code].unit_price_fen if held.item_code in prices else 0
            ),
            times=held.times_total,
            performed=held.times_used,
        )
        for held in granted.items
    )

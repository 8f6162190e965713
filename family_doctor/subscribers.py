"""Reactions to other rooms' facts."""

from sqlalchemy.orm import Session

from family_doctor.events import ContractActivated, ContractEnded
from family_doctor.services.extras import order_chosen
from family_doctor.services.handing_over import carry_on, release
from family_doctor.services.offers import note_begun, note_over
from family_doctor.services.planning import replan
from family_doctor.services.promises import keep_promise, promise_order
from family_doctor.services.proposals import propose_labels, void_held, withdraw_support
from family_doctor.services.sealing import seal_soon
from residents.events import GroupsChanged
from service_packs.events import OrderPaid, ServiceRecorded, ServiceWithdrawn
from service_packs.public import record_stands


def settle_promise(session: Session, event: ServiceRecorded) -> None:
    """A service was recorded: the promise it keeps is done, unless it was withdrawn since."""
    if not record_stands(session, event.record_id):
        return
    keep_promise(
        session,
        person_id=event.person_id,
        item_code=event.item_code,
        record_id=event.record_id,
        performed_at=event.performed_at,
    )
    replan(session, {event.person_id})


def propose_from_record(session: Session, event: ServiceRecorded) -> None:
    """A service was recorded: what the person's records speak for is proposed to their doctor."""
    if record_stands(session, event.record_id):
        propose_labels(session, event.person_id)


def propose_without_record(session: Session, event: ServiceWithdrawn) -> None:
    """A record was withdrawn: what rested on it is proposed no more."""
    withdraw_support(session, event.person_id, event.record_id)


def plan_contract(session: Session, event: ContractActivated) -> None:
    """A contract came into force: what the norms owe the resident gets its dates."""
    replan(session, {event.person_id})


def plan_for_groups(session: Session, event: GroupsChanged) -> None:
    """A label was set or ended: what its norm owes is planned, or owed no more. What had
    been proposed and holds now waits for nobody.
    """
    void_held(session, event.person_id)
    replan(session, {event.person_id})


def plan_after_withdrawal(session: Session, event: ServiceWithdrawn) -> None:
    """What was found is void: the follow-up that it asked for is owed no more."""
    replan(session, {event.person_id})


def date_order(session: Session, event: OrderPaid) -> None:
    """A pack was bought: the team owes its scheduled services by dates."""
    promise_order(session, event.order_id, event.person_id)
    replan(session, {event.person_id})


def seal_agreement(session: Session, event: ContractActivated) -> None:
    """Both sides signed: the sealed file is made."""
    seal_soon(session, event.contract_id)


def order_packs(session: Session, event: ContractActivated) -> None:
    """A contract came into force: the packs that were chosen with it are ordered."""
    order_chosen(session, event.contract_id)


def keep_carer(session: Session, event: ContractActivated) -> None:
    """A renewal with the same team: who looked after the resident goes on."""
    carry_on(session, event.contract_id)


def release_resident(session: Session, event: ContractEnded) -> None:
    """A contract ended: nobody looks after its resident by it any more."""
    release(session, event.contract_id)


def finish_transfer(session: Session, event: ContractActivated) -> None:
    """A contract came into force: if by a transfer to another team, that is done."""
    note_begun(session, event.contract_id)


def drop_offer(session: Session, event: ContractEnded) -> None:
    """A contract ended: a transfer to another team that was about it comes to nothing."""
    note_over(session, event.contract_id)

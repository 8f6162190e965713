"""A person's long-term medicines, and what stands in the way of renewing each."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, decide, require
from core.errors import NotFound
from family_doctor.models import Contract, FollowUp, Medicine, PrescriptionRule, Refill
from family_doctor.queries.follow_ups import find_contract
from family_doctor.refills import Seen, Standing, askable_on, hurdles
from family_doctor.schemas import (
    MedicineList,
    MedicineView,
    PrescriptionAction,
    PrescriptionRules,
)
from family_doctor.schemas.prescriptions import UNANSWERED
from family_doctor.states import IN_FORCE
from residents.public import acting, family_of, representatives_of
from residents.schemas import FamilyMember, Scope

COPIED = tuple(name for name in MedicineView.model_fields if name in Medicine.__table__.columns)


def find_prescription_rules(session: Session) -> PrescriptionRules | None:
    """The region's rule of renewing; none where the region has none."""
    document: dict[str, Any] | None = session.scalar(
        select(PrescriptionRule.document).order_by(PrescriptionRule.loaded_at.desc()).limit(1)
    )
    return PrescriptionRules.model_validate(document) if document else None


def medicines_resource(
    person_id: UUID, units: Collection[str] = (), kin: Collection[str] = ()
) -> Resource:
    """A person's medicines as the policy sees them, in the units of the team that serves them;
    ``kin`` may renew them.
    """
    more = {"kin": sorted(kin)}
    return Resource("Medicines", str(person_id), person_id, tuple(units), more)


def care_of(contract: Contract | None) -> tuple[str, ...]:
    """The units that care for a person: the team of the contract in force."""
    return (str(contract.team_id),) if contract else ()


def renewing_kin(session: Session, actor: Actor, person_id: UUID) -> tuple[str, ...]:
    """Who may renew medicines for this person; looked up only where it can matter."""
    if actor.person_id in (None, person_id):
        return ()
    return tuple(sorted(map(str, representatives_of(session, person_id, Scope.RENEW))))


def family_to_renew(session: Session, actor: Actor) -> list[FamilyMember]:
    """For whom the actor may renew medicines, the youngest last."""
    return family_of(session, actor, Scope.RENEW)


def allow_medicines(
    session: Session, actor: Actor, action: PrescriptionAction, person_id: UUID
) -> tuple[Actor, Contract | None]:
    """Let the actor do ``action`` with a person's medicines. Gives the actor, acting for another
    where they are, and the contract in force. Raises Denied.
    """
    contract = find_contract(session, person_id)
    kin = renewing_kin(session, actor, person_id)
    asking = acting(actor, person_id, kin)
    resource = medicines_resource(person_id, care_of(contract), kin)
    require(session, asking, action, resource)
    return asking, contract


def list_medicines(session: Session, actor: Actor, person_id: UUID | None) -> MedicineList:
    """A person's medicines, without one the actor's own; those in use first, then the newest.

    Raises Denied, and NotFound for an account that is no person's.
    """
    whose = person_id or actor.person_id
    if whose is None:
        raise NotFound()
    _, contract = allow_medicines(session, actor, PrescriptionAction.READ, whose)
    return MedicineList(
        items=medicines_of(session, whose, contract, find_prescription_rules(session)),
        institution_id=contract.institution_id if contract else None,
    )


def team_medicines(
    session: Session, actor: Actor, contract: Contract, rules: PrescriptionRules | None
) -> tuple[list[MedicineView], bool]:
    """The medicines of a resident by the region's rules, and whether the actor may keep the list.
    An ended contract lets its team read no more than anybody. Raises Denied.
    """
    held = contract if contract.state in IN_FORCE else None
    theirs = medicines_resource(contract.person_id, care_of(held))
    require(session, actor, PrescriptionAction.READ, theirs)
    found = medicines_of(session, contract.person_id, held, rules)
    return found, decide(actor, PrescriptionAction.KEEP, theirs)[0]


def get_medicine(
    session: Session,
    actor: Actor,
    medicine_id: UUID,
    action: PrescriptionAction,
    rules: PrescriptionRules | None,
) -> MedicineView:
    """One medicine by the region's rules, for what ``action`` says. Raises NotFound or Denied."""
    row = session.get(Medicine, medicine_id)
    if row is None:
        raise NotFound()
    _, contract = allow_medicines(session, actor, action, row.person_id)
    found = medicines_of(session, row.person_id, contract, rules)
    return next(each for each in found if each.id == row.id)


def medicines_of(
    session: Session,
    person_id: UUID,
    contract: Contract | None,
    rules: PrescriptionRules | None,
) -> list[MedicineView]:
    """All medicines of a person with how they stand today, with one statement. The caller has asked
    the policy.
    """
    waiting = (
        select(Refill.id)
        .where(Refill.medicine_id == Medicine.id, Refill.state.in_(UNANSWERED))
        .scalar_subquery()
    )
    query = (
        select(Medicine, waiting.label("waiting"), *_known_of(person_id))
        .where(Medicine.person_id == person_id)
        .order_by(Medicine.ended_at.desc().nulls_first(), Medicine.id.desc())
    )
    rows = session.execute(query).all()
    if not rows:
        return []
    standing = _standing(rows[0].seen, rows[0].urgent, contract)
    return [medicine_view(row.Medicine, row.waiting, rules, standing) for row in rows]


def standing_of(session: Session, person_id: UUID, contract: Contract | None) -> Standing:
    """What is known of a person today, for judging a request; with one statement. The caller has
    asked the policy.
    """
    seen, urgent = session.execute(select(*_known_of(person_id))).one()
    return _standing(seen, urgent, contract)


def _known_of(person_id: UUID) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    """The last follow-up of each service as one value, and whether an emergency is open."""
    last = (
        select(FollowUp.item_code, FollowUp.performed_at, FollowUp.result, FollowUp.emergency)
        .ext(distinct_on(FollowUp.item_code))
        .where(FollowUp.person_id == person_id)
        .order_by(FollowUp.item_code, FollowUp.performed_at.desc(), FollowUp.id.desc())
        .subquery()
    )
    entry = func.json_build_array(
        last.c.item_code, last.c.performed_at, last.c.result, last.c.emergency
    )
    seen = select(func.coalesce(func.json_agg(entry), text("'[]'::json"))).scalar_subquery()
    urgent = (
        select(FollowUp.id)
        .where(FollowUp.person_id == person_id, FollowUp.emergency, FollowUp.seen_at.is_(None))
        .exists()
    )
    return seen.label("seen"), urgent.label("urgent")


def _standing(seen: list[list[Any]], urgent: bool, contract: Contract | None) -> Standing:
    found = [
        Seen(item, clock.local(datetime.fromisoformat(at)).date(), result, emergency)
        for item, at, result, emergency in seen
    ]
    contracted = contract is not None and contract.state in IN_FORCE
    return Standing(clock.today(), contracted, urgent, found)


def medicine_view(
    row: Medicine, open_id: UUID | None, rules: PrescriptionRules | None, standing: Standing
) -> MedicineView:
    """A row as its parties may see it. One that is ended has nothing to ask for."""
    drug = rules.drug(row.class_code) if rules else None
    found = hurdles(rules, row.class_code, row.runs_out_on, standing, waiting=open_id is not None)
    return MedicineView(
        **{name: getattr(row, name) for name in COPIED},
        class_name=drug.name if drug else "",
        class_name_en=drug.name_en if drug else "",
        open_refill_id=open_id,
        hurdles=() if row.ended_at else found,
        askable_on=askable_on(rules, row.runs_out_on),
    )


def load_medicine(session: Session, medicine_id: UUID) -> Medicine:
    """The row, held until the transaction ends. Raises NotFound. The caller asks the policy."""
    row = session.scalar(
        select(Medicine)
        .where(Medicine.id == medicine_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound()
    return row

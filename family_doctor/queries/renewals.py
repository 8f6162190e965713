"""When a resident was last invited to renew."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from family_doctor.models import RenewalInvitation
from family_doctor.queries.ways import way_rule
from family_doctor.schemas import RenewalInvited
from family_doctor.states import State

# The calendar makes a contract expire as many days ahead as its institution's rule says.
RENEWABLE = (State.EXPIRING, State.EXPIRED)


def find_invited(session: Session, contract_id: UUID) -> RenewalInvited | None:
    """When and by whom the resident was last invited to renew a contract. The caller has asked the
    policy.
    """
    last = session.scalar(
        select(RenewalInvitation)
        .where(RenewalInvitation.contract_id == contract_id)
        .order_by(RenewalInvitation.sent_at.desc())
        .limit(1)
    )
    if last is None:
        return None
    again = timedelta(days=way_rule(session).invite_again_days)
    return RenewalInvited(
        contract_id=contract_id,
        sent_at=last.sent_at,
        by_name=last.by_name,
        again_at=last.sent_at + again,
    )

"""What an action demands of a session, as ``core.access.require`` asks."""

from sqlalchemy.orm import Session

from auth.assurance import OWN_ACTIONS, SENSITIVE_ACTIONS, STAFF, own_demand
from auth.queries.factors import means_of
from core.access import Actor, Demand
from core.errors import StepUpRequired


def demand(session: Session, actor: Actor, action: str) -> Demand | None:
    """What ``action`` demands of the actor. One without a session is the console's: its tokens are
    made by an operator (``flask token issue``).
    """
    if actor.session_id is None:
        return None
    if action in OWN_ACTIONS:
        return own_demand(means_of(session, actor.account_id))
    return SENSITIVE_ACTIONS.get(action, STAFF if actor.grants else None)


def prove_again(session: Session, actor: Actor) -> None:
    """Let pass who proved lately, as strongly as their account has means for, who they are.
    Raises StepUpRequired. The console's tokens have nobody who could be asked.
    """
    if actor.session_id is None:
        return
    wanted = own_demand(means_of(session, actor.account_id))
    if not wanted.met_by(actor):
        raise StepUpRequired(wanted.acr, wanted.fresh)

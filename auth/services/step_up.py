"""What an action demands of a session, as ``core.access.require`` asks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from auth.assurance import FRESH, OWN_ACTIONS, SENSITIVE_ACTIONS, SIGNING, STAFF, own_demand
from auth.claims import Assurance, Method
from auth.models import SignInSession
from auth.queries.factors import means_of
from core import clock
from core.access import Actor, Demand
from core.errors import StepUpRequired


@dataclass(frozen=True, slots=True)
class Proved:
    """By what in hand somebody proved who they are, and when; None is by two factors otherwise, or
    the console's token.
    """

    method: Method | None
    at: datetime


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


def prove_to_sign(session: Session, actor: Actor) -> Proved:
    """As ``prove_again``, for a signature: by something that the person has in hand, or by two
    factors that another portal vouches for; a password alone or a WeChat sign-in is not enough.
    Raises StepUpRequired.
    """
    if actor.session_id is None:
        return Proved(None, clock.now())
    prove_again(session, actor)
    record = session.get_one(SignInSession, actor.session_id)
    in_hand = next((method for method in SIGNING if method in record.methods), None)
    if in_hand is None and actor.assurance < Assurance.TWO_FACTORS:
        raise StepUpRequired(own_demand(means_of(session, actor.account_id)).acr, FRESH)
    return Proved(in_hand, record.authenticated_at)

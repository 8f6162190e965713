"""How surely somebody is known, and how surely and lately each action wants to know.

The one table: ``core.access.require`` asks it for every action that the policies allow, and
docs/security/assurance.md is made from it. Pure.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from auth.claims import Assurance, Method
from auth.schemas.administration import Action
from auth.schemas.applications import ApplicationAction
from auth.schemas.factors import SecurityAction
from auth.schemas.recovery import RecoveryAction
from auth.schemas.upstream import UpstreamAction
from auth.schemas.wechat import WeChatAction
from core.access import Demand

# As long as one sits at one piece of work; after it somebody else may sit there.
FRESH = timedelta(minutes=15)
# Of anybody who holds a role, for whatever they do.
STAFF = Demand(Assurance.TWO_FACTORS, Assurance.TWO_FACTORS.acr)
SENSITIVE = Demand(Assurance.TWO_FACTORS, Assurance.TWO_FACTORS.acr, FRESH)
# What changes other people's access, whoever does it.
SENSITIVE_ACTIONS: Mapping[str, Demand] = {
    Action.CREATE_ACCOUNT: SENSITIVE,
    Action.DISABLE_ACCOUNT: SENSITIVE,
    Action.RESET_PASSWORD: SENSITIVE,
    Action.RESET_FACTORS: SENSITIVE,
    Action.GRANT_ROLE: SENSITIVE,
    Action.END_ROLE: SENSITIVE,
    Action.GRANT_BY_ROSTER: SENSITIVE,
    ApplicationAction.REGISTER: SENSITIVE,
    ApplicationAction.CHANGE: SENSITIVE,
    ApplicationAction.DISABLE: SENSITIVE,
    UpstreamAction.ADMINISTER: SENSITIVE,
    RecoveryAction.BEGIN: SENSITIVE,
    RecoveryAction.CONFIRM: SENSITIVE,
    RecoveryAction.REVIEW: SENSITIVE,
}
# What changes the way into one's own account: as strong a proof as the account has means for, so
# that a resident who has nothing but a phone can still do it, and nobody who has more with less.
OWN_ACTIONS = frozenset(
    {
        SecurityAction.CHANGE_PASSWORD,
        SecurityAction.CHANGE_PHONE,
        SecurityAction.ADD_FACTOR,
        SecurityAction.REMOVE_FACTOR,
        WeChatAction.BIND,
        UpstreamAction.LINK,
    }
)
# What proves a signature, the strongest first: what the person has in hand at that moment. (The
# session's latest proof is one of them or a fresh sign-in: nothing else renews it.)
SIGNING = (Method.PASSKEY, Method.ONE_TIME_CODE, Method.SMS)


def assurance_of(methods: Iterable[Method]) -> Assurance:
    """What these proofs of one person are worth together: a passkey cannot be phished, any two
    different ones are two factors. WeChat is no further one: a code to the phone opens it too.
    """
    proved = set(methods) - {Method.WECHAT}
    if Method.PASSKEY in proved:
        return Assurance.PHISHING_RESISTANT
    return Assurance.TWO_FACTORS if len(proved) > 1 else Assurance.ONE_FACTOR


def own_demand(means: Collection[Method]) -> Demand:
    """For an action on one's own account, by what it could be proved with."""
    strongest = min(assurance_of(means), Assurance.TWO_FACTORS)
    return Demand(strongest, strongest.acr, FRESH)

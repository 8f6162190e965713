"""WeChat users and other institutions' accounts that an account is joined to: how it is parted
from them. Each is a way in that outlives the phone, the password and every factor.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, any_, delete, exists, literal, select
from sqlalchemy.orm import Session

from auth.claims import Method
from auth.models import (
    RefreshFamily,
    SignInSession,
    Upstream,
    UpstreamGrant,
    UpstreamIdentity,
    WeChatIdentity,
    WeChatSession,
)
from auth.queries.factors import standing_of
from auth.services.logout import end_families, end_on_the_way, end_sessions
from auth.services.upstream_roles import end_mapped, grants_of_identity


def part_wechat(session: Session, identity: WeChatIdentity) -> None:
    """Take a WeChat user off; what it opened ends, also what applications hold offline by it.

    The caller has locked the row: a sign-in through it that is under way ends too, or finds it
    gone.
    """
    opened = select(WeChatSession.session_id).where(WeChatSession.identity_id == identity.id)
    mine = SignInSession.account_id == identity.account_id
    end_sessions(session, mine & SignInSession.id.in_(opened))
    end_families(session, RefreshFamily.session_id.in_(opened))
    session.delete(identity)
    session.flush()


def part_upstream(session: Session, identity: UpstreamIdentity) -> None:
    """Part a provider's account: the roles that it gave end, and whatever a provider's word opened
    (a session does not keep which one's).
    """
    end_on_the_way(session, [identity.account_id])
    came = came_by_a_provider(SignInSession.account_id == identity.account_id)
    end_sessions(session, came)
    end_families(session, RefreshFamily.session_id.in_(select(SignInSession.id).where(came)))
    _forget(session, identity)


def has_another_way(session: Session, identity: UpstreamIdentity) -> bool:
    """Whether its account can be signed in to without it. WeChat opens none that two factors
    guard.
    """
    standing = standing_of(session, identity.account_id)
    if standing.means & {Method.SMS, Method.PASSWORD, Method.PASSKEY}:
        return True
    others = exists().where(
        UpstreamIdentity.account_id == identity.account_id, UpstreamIdentity.id != identity.id
    )
    wechat = exists().where(WeChatIdentity.account_id == identity.account_id)
    ways = others if standing.needs_two else others | wechat
    return bool(session.scalar(select(ways)))


def part_all(session: Session, account_id: UUID) -> bool:
    """Part the account from all of them, as its phone is another now: whoever held the old one may
    have joined their own. Tells whether there were any. The caller ends the sessions.
    """
    wechat = select(WeChatIdentity).where(WeChatIdentity.account_id == account_id)
    upstream = select(UpstreamIdentity).where(UpstreamIdentity.account_id == account_id)
    users = session.scalars(wechat.with_for_update()).all()
    providers = session.scalars(upstream.with_for_update()).all()
    for identity in providers:
        _forget(session, identity)
    for user in users:
        session.delete(user)
    session.flush()
    return bool(users or providers)


def came_by_a_provider(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Those of these sessions that a provider's word opened."""
    return which & (literal(Method.UPSTREAM.value) == any_(SignInSession.methods))


def _forget(session: Session, identity: UpstreamIdentity) -> None:
    upstream = session.get_one(Upstream, identity.upstream_id)
    end_mapped(session, upstream, grants_of_identity(session, identity.id))
    session.execute(delete(UpstreamGrant).where(UpstreamGrant.identity_id == identity.id))
    session.delete(identity)
    session.flush()

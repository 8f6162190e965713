"""WeChat users and other institutions' accounts, joined to accounts."""

from uuid import UUID

from sqlalchemy.orm import Session

from auth.models import RoleGrant, Upstream, UpstreamGrant, UpstreamIdentity, WeChatIdentity
from auth.queries.wechat import openid_index, unionid_index
from core import clock
from core.access import Role
from core.ids import new_id
from wechat.schemas import WeChatUser


def join_wechat(session: Session, account_id: UUID, user: WeChatUser) -> WeChatIdentity:
    """Join a WeChat user."""
    identity = WeChatIdentity(
        id=new_id(),
        account_id=account_id,
        app=user.app,
        openid=user.openid,
        openid_index=openid_index(user),
        unionid=user.unionid,
        unionid_index=unionid_index(user),
    )
    session.add(identity)
    session.flush()
    return identity


def join_provider(session: Session, account_id: UUID, unit: str) -> UUID:
    """Join an account at a provider of its own, whose claim makes it a registrar on ``unit``; gives
    the id of that role.
    """
    upstream = Upstream(
        id=new_id(),
        issuer=f"https://{new_id()}.example",
        name="示例医院",
        icon="building-hospital",
        client_id="portal",
        scopes=["openid"],
        linking=True,
        just_in_time=False,
        two_factor_values=[],
        phishing_resistant_values=[],
    )
    now = clock.now()
    identity = UpstreamIdentity(
        id=new_id(),
        upstream_id=upstream.id,
        subject="somebody",
        account_id=account_id,
        linked_at=now,
        used_at=now,
    )
    role = RoleGrant(
        id=new_id(), account_id=account_id, role=Role.REGISTRAR, unit=unit, unit_name="示例机构"
    )
    session.add_all([upstream, role])
    session.flush()
    session.add(identity)
    session.flush()
    session.add(UpstreamGrant(grant_id=role.id, identity_id=identity.id))
    session.flush()
    return role.id

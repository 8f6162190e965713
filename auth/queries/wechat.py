"""WeChat users and the accounts they are joined to."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import WeChatIdentity
from auth.queries.accounts import holder
from auth.schemas.wechat import WeChatAction, WeChatIdentityView
from core.access import Actor, Resource, require
from core.crypto import blind_index
from wechat.schemas import App, WeChatUser


def openid_index(user: WeChatUser) -> bytes:
    """The blind index by which a WeChat user is found within one application."""
    return blind_index(f"{user.app_id} {user.openid}", "wechat openid")


def unionid_index(user: WeChatUser) -> bytes | None:
    """The blind index that is the same in all our applications; None where WeChat told none."""
    return blind_index(user.unionid, "wechat unionid") if user.unionid else None


def find_identity(session: Session, user: WeChatUser) -> WeChatIdentity | None:
    """The very user of this application, who is not taken off before the transaction ends."""
    query = select(WeChatIdentity).where(WeChatIdentity.openid_index == openid_index(user))
    return session.scalar(query.with_for_update(read=True, key_share=True))


def account_by_union(session: Session, user: WeChatUser) -> UUID | None:
    """The account that the same person is joined to through any application."""
    index = unionid_index(user)
    if index is None:
        return None
    query = select(WeChatIdentity.account_id).where(WeChatIdentity.unionid_index == index)
    return session.scalar(query.limit(1))


def has_identity(session: Session, account_id: UUID, app: App) -> bool:
    """Whether the account is joined to a WeChat user of the application."""
    query = select(WeChatIdentity.id).where(
        WeChatIdentity.account_id == account_id, WeChatIdentity.app == app
    )
    return session.scalar(query) is not None


def list_identities(session: Session, actor: Actor) -> list[WeChatIdentityView]:
    """The WeChat users that the actor's account is joined to, oldest first."""
    require(session, actor, WeChatAction.LIST, wechat_of(actor))
    query = (
        select(WeChatIdentity)
        .where(WeChatIdentity.account_id == actor.account_id)
        .order_by(WeChatIdentity.created_at, WeChatIdentity.id)
    )
    return [WeChatIdentityView.model_validate(row) for row in session.scalars(query)]


def wechat_of(actor: Actor) -> Resource:
    """The WeChat users of the actor's own account, as the policy sees them."""
    more = {"holder": holder(actor.account_id)}
    return Resource("WeChatBinding", str(actor.account_id), actor.person_id, more=more)

"""Signing in by WeChat, and joining accounts to WeChat users.

WeChat itself is asked before, outside any transaction (``wechat.public``); what it said of somebody
comes in here as a WeChatUser.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.claims import Method
from auth.models import (
    Account,
    WeChatIdentity,
    WeChatSession,
    WeChatTicket,
    WeChatVisit,
)
from auth.queries.actors import actor_of_account
from auth.queries.factors import standing_of
from auth.queries.wechat import (
    account_by_union,
    find_identity,
    has_identity,
    openid_index,
    unionid_index,
    wechat_of,
)
from auth.schemas import NoticeKind, SignedIn
from auth.schemas.wechat import BindByCode, BindingTicket, WeChatAction, WeChatSignIn
from auth.services import limits
from auth.services.door import account_of_phone, prove_phone
from auth.services.identities import part_wechat
from auth.services.notices import notify_owner
from auth.services.sign_in import SIGN_IN, Origin, open_session, origin_of, session_id_of
from core import audit, clock
from core.access import Actor, require
from core.crypto import token_hash
from core.errors import Conflict, Denied, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from wechat.schemas import WeChatUser

TICKET_LIFETIME = timedelta(minutes=10)
VISIT_LIFETIME = timedelta(minutes=10)
TRIES_PER_ADDRESS_HOUR = 60
BINDS_PER_USER_HOUR = 20
HOUR = timedelta(hours=1)
FROM = "wechat from"
EXPIRED = N_("这次微信登录已失效，请重新登录。")


def count_try(session: Session, origin: Origin) -> None:
    """Count a try before WeChat is asked; in a transaction of its own. Raises TooMany."""
    limits.count_try(session, FROM, origin.network, TRIES_PER_ADDRESS_HOUR, HOUR)


def sign_in(session: Session, user: WeChatUser, origin: Origin) -> WeChatSignIn:
    """Sign in the account that ``user`` is joined to, here or through our other application; where
    there is none, a ticket to prove a phone with.

    Raises Denied where the account may not sign in so, Conflict where the two applications are
    joined to two accounts: those are never merged here.
    """
    limits.forgive_last(session, FROM, origin.network)
    identity = find_identity(session, user)
    if identity:
        _learn_union(session, identity, user)
    elif account_id := account_by_union(session, user):
        identity = _join(session, account_id, user)
        _note_binding(session, account_id, origin)
    else:
        return WeChatSignIn(binding=_issue_ticket(session, user))
    return WeChatSignIn(signed_in=_open(session, identity, [Method.WECHAT], origin))


def count_binding(session: Session, ticket: str) -> None:
    """Count a try by the ticket's user, before their phone is proved; in a transaction of its own.

    Raises Invalid ``wechat_ticket`` or TooMany.
    """
    known = session.scalar(select(WeChatTicket.user).where(*_live(ticket)))
    user = _user(known)
    limits.count_try(session, "wechat bind", user.openid, BINDS_PER_USER_HOUR, HOUR)


def bind_by_phone(session: Session, ticket: str, phone: str, origin: Origin) -> SignedIn:
    """Join the ticket's user to the account of the phone that WeChat has verified, and sign in; a
    first sign-in makes the account.

    Raises Invalid ``wechat_ticket``, Conflict or Denied.
    """
    user = _use_ticket(session, ticket)
    account = account_of_phone(session, phone)
    return _bind(session, account, user, [Method.WECHAT], origin)


def bind_by_code(session: Session, command: BindByCode, origin: Origin) -> SignedIn:
    """As ``bind_by_phone``, by the code that was sent to the phone. Raises Invalid ``wrong_code``
    too.
    """
    user = _use_ticket(session, command.ticket)
    account = prove_phone(session, command, origin)
    return _bind(session, account, user, [Method.WECHAT, Method.SMS], origin)


def may_bind(session: Session, actor: Actor) -> None:
    """Ask before the browser leaves for WeChat. Raises Denied, or StepUpRequired."""
    require(session, actor, WeChatAction.BIND, wechat_of(actor))


def bind_own(session: Session, actor: Actor, user: WeChatUser) -> None:
    """Join the actor's account to ``user``. Raises Conflict, Denied, or StepUpRequired."""
    require(session, actor, WeChatAction.BIND, wechat_of(actor))
    origin = origin_of(actor)
    limits.forgive_last(session, FROM, origin.network)
    _require_resident(session, actor.account_id, origin)
    _join(session, actor.account_id, user)


def unbind(session: Session, actor: Actor, identity_id: UUID) -> None:
    """Take a WeChat user off the actor's account; what was opened through it ends at once, the
    applications are told, and the owner.

    Raises NotFound.
    """
    require(session, actor, WeChatAction.UNBIND, wechat_of(actor))
    # Locked first: a sign-in through it that is under way ends too, or finds it gone.
    own = select(WeChatIdentity).where(
        WeChatIdentity.id == identity_id, WeChatIdentity.account_id == actor.account_id
    )
    identity = session.scalar(own.with_for_update())
    if identity is None:
        raise NotFound()
    part_wechat(session, identity)
    notify_owner(session, session.get_one(Account, actor.account_id), NoticeKind.WECHAT_PARTED)


def begin_visit(
    session: Session, browser: str, next_path: str, account_id: UUID | None = None
) -> str:
    """The ``state`` for sending ``browser`` (a secret of its cookie) to WeChat's page."""
    state = secrets.token_hex(32)  # WeChat takes letters and digits only
    session.add(
        WeChatVisit(
            state_hash=token_hash(state),
            browser_hash=token_hash(browser),
            account_id=account_id,
            next_path=next_path,
            expires_at=clock.now() + VISIT_LIFETIME,
        )
    )
    return state


def end_visit(session: Session, browser: str, state: str) -> WeChatVisit:
    """Use up the ``state`` that came back. Raises Invalid ``wechat_state`` for one that is forged,
    used, late, or of another browser.
    """
    visit = session.scalars(
        update(WeChatVisit)
        .where(
            WeChatVisit.state_hash == token_hash(state),
            WeChatVisit.browser_hash == token_hash(browser),
            WeChatVisit.used_at.is_(None),
            WeChatVisit.expires_at > clock.now(),
        )
        .values(used_at=clock.now())
        .returning(WeChatVisit)
    ).one_or_none()
    if visit is None:
        raise Invalid("wechat_state", EXPIRED)
    return visit


def _bind(
    session: Session,
    account: Account,
    user: WeChatUser,
    methods: Sequence[Method],
    origin: Origin,
) -> SignedIn:
    identity = _join(session, account.id, user)
    _note_binding(session, account.id, origin)
    return _open(session, identity, methods, origin)


def _open(
    session: Session, identity: WeChatIdentity, methods: Sequence[Method], origin: Origin
) -> SignedIn:
    _require_resident(session, identity.account_id, origin)
    account = session.get_one(Account, identity.account_id)
    # WeChat's application keeps no cookie: the WeChat user is known again, not the phone.
    known = origin if origin.device else replace(origin, device=f"wechat {identity.id}")
    signed_in = open_session(session, account, methods, known)
    opened = session_id_of(session, signed_in.token)
    session.add(WeChatSession(session_id=opened, identity_id=identity.id))
    return signed_in


def _join(session: Session, account_id: UUID, user: WeChatUser) -> WeChatIdentity:
    """Join them once and tell the account's owner; the constraints of the table decide between two
    at once.
    """
    row = insert(WeChatIdentity).values(
        id=new_id(),
        account_id=account_id,
        app=user.app,
        openid=user.openid,
        openid_index=openid_index(user),
        unionid=user.unionid,
        unionid_index=unionid_index(user),
    )
    joined = session.scalars(row.on_conflict_do_nothing().returning(WeChatIdentity)).one_or_none()
    if joined:
        notify_owner(session, session.get_one(Account, account_id), NoticeKind.WECHAT_BOUND)
        return joined
    known = find_identity(session, user)
    if known and known.account_id == account_id:
        return known
    if known is None and has_identity(session, account_id, user.app):
        raise Conflict(
            "wechat_other_bound",
            N_("这个账号已绑定另一个微信。请先用手机号登录，在“微信绑定”里解除后再绑定。"),
        )
    raise Conflict(
        "wechat_taken",
        N_("这个微信已绑定另一个账号。请先登录那个账号，在“微信绑定”里解除后再绑定。"),
    )


def _learn_union(session: Session, identity: WeChatIdentity, user: WeChatUser) -> None:
    """Keep the union id that WeChat did not tell before."""
    if user.unionid is None or identity.unionid_index == unionid_index(user):
        return
    try:
        with session.begin_nested():
            identity.unionid = user.unionid
            identity.unionid_index = unionid_index(user)
    except IntegrityError:
        raise Conflict(
            "wechat_two_accounts",
            N_(
                "您的微信在小程序和公众号里绑定了两个不同的账号，不会自动合并。"
                "请用手机号登录其中一个，在“微信绑定”里解除。"
            ),
        ) from None


def _issue_ticket(session: Session, user: WeChatUser) -> BindingTicket:
    ticket = secrets.token_urlsafe(32)
    expires_at = clock.now() + TICKET_LIFETIME
    session.add(
        WeChatTicket(
            token_hash=token_hash(ticket), user=user.model_dump_json(), expires_at=expires_at
        )
    )
    return BindingTicket(ticket=ticket, expires_at=expires_at)


def _use_ticket(session: Session, ticket: str) -> WeChatUser:
    """Of two at once one wins."""
    used = update(WeChatTicket).where(*_live(ticket)).values(used_at=clock.now())
    return _user(session.scalar(used.returning(WeChatTicket.user)))


def _live(ticket: str) -> tuple[ColumnElement[bool], ...]:
    return (
        WeChatTicket.token_hash == token_hash(ticket),
        WeChatTicket.used_at.is_(None),
        WeChatTicket.expires_at > clock.now(),
    )


def _user(kept: str | None) -> WeChatUser:
    if kept is None:
        raise Invalid("wechat_ticket", N_("绑定已超时或已完成，请重新用微信登录。"))
    return WeChatUser.model_validate_json(kept)


def _require_resident(session: Session, account_id: UUID, origin: Origin) -> None:
    """WeChat alone opens no account that two factors guard. Raises Denied."""
    actor = actor_of_account(session, account_id)
    if actor is None:
        raise _denied(account_id, origin, "account_disabled", N_("这个账号已停用，不能登录。"))
    standing = standing_of(session, account_id)
    if standing.staff:
        sentence = N_("担任工作角色的账号不能用微信登录，请用用户名和密码登录。")
        raise _denied(account_id, origin, "wechat_staff", sentence)
    if standing.needs_two:
        sentence = N_("这个账号开启了两步验证，不能只用微信登录，请用手机号登录。")
        raise _denied(account_id, origin, "wechat_second_factor", sentence)


def _denied(account_id: UUID, origin: Origin, code: str, sentence: str) -> Denied:
    refusal = Denied(code, sentence)
    refusal.audit_row = _event(account_id, SIGN_IN, "Account", origin, "denied")
    return refusal


def _note_binding(session: Session, account_id: UUID, origin: Origin) -> None:
    event = _event(account_id, WeChatAction.BIND, "WeChatBinding", origin, "allowed")
    audit.note(session, event)


def _event(
    account_id: UUID, action: str, resource_type: str, origin: Origin, outcome: str
) -> audit.Row:
    return audit.row(
        account_id,
        action,
        resource_type,
        str(account_id),
        outcome=outcome,
        channel=origin.channel,
        address=origin.address,
        request_id=origin.request_id,
    )

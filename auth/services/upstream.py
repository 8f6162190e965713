"""Signing in with another institution's account, and joining it to one of ours.

A provider's word opens only the account that was joined to it, by somebody who proved both; a
phone or a mail address that two accounts share joins nothing.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.claims import Assurance, Method
from auth.models import (
    Account,
    SignInSession,
    Upstream,
    UpstreamArrival,
    UpstreamAttempt,
    UpstreamIdentity,
)
from auth.queries.accounts import SUBJECT as ACCOUNT
from auth.queries.accounts import load_account
from auth.queries.upstream import find_arrival, open_upstream, own_identities
from auth.schemas import NoticeKind, Pending, SignedIn
from auth.schemas.applications import Icon
from auth.schemas.upstream import Door, UnlinkIdentity, UpstreamAction
from auth.services import limits
from auth.services.accounts import create_account
from auth.services.identities import has_another_way, part_upstream
from auth.services.notices import notify_owner
from auth.services.second_factor import begin
from auth.services.sign_in import Origin
from auth.services.upstream_moves import let_go, may_let_go
from auth.services.upstream_roles import follow_claim
from auth.upstream.exchange import Proof, Way
from auth.upstream.failures import Flaw, Untrusted
from auth.upstream.id_token import LEEWAY_SECONDS
from core import clock, history
from core.access import NOBODY, Actor, require
from core.crypto import token_hash
from core.errors import Conflict, Denied, NotFound
from core.ids import new_id
from core.messages import N_

WAY_LIFETIME = timedelta(minutes=10)
# Time to sign in to an account of ours, perhaps with two factors, and come back.
ARRIVAL_LIFETIME = timedelta(minutes=20)
DEPARTURES_PER_ADDRESS = 100
LONGEST_NAME = 60
ONLY_WAY = N_(
    "这是您登录的唯一方式。请先绑定手机号、通行密钥或另一个账号，再取消连接。"
    "您已有另一个账号的，请登录那个账号，在“连接的账号”里连接，就会改为登录那个账号。"
)
NOBODY_KNOWS_WHEN = datetime.fromtimestamp(0, UTC)


def set_out(
    session: Session,
    upstream_id: UUID,
    browser: str,
    next_path: str,
    joining: UUID | None,
    *,
    anew: bool = False,
) -> Way:
    """Begin a way to a provider, bound to ``browser``; ``joining`` is the account that is to be
    joined or proved, ``anew`` that a fresh proof is wanted. Raises NotFound.
    """
    open_upstream(session, upstream_id)
    way = Way(*(secrets.token_urlsafe(32) for _ in range(3)))
    now = clock.now()
    session.add(
        UpstreamAttempt(
            state_hash=token_hash(way.state),
            browser_hash=token_hash(browser),
            upstream_id=upstream_id,
            nonce_hash=token_hash(way.nonce),
            code_verifier=way.code_verifier,
            next_path=next_path,
            joining=joining,
            anew=anew,
            created_at=now,
            expires_at=now + WAY_LIFETIME,
        )
    )
    return way


def count_departure(session: Session, origin: Origin) -> None:
    """Each asks an outside party; in a transaction of its own. Raises TooMany."""
    quarter = timedelta(minutes=15)
    limits.count_try(session, "upstream from", origin.network, DEPARTURES_PER_ADDRESS, quarter)


def come_back(session: Session, upstream_id: UUID, state: str, browser: str) -> UpstreamAttempt:
    """Use a way up: it is this browser's, to this provider, and used once. Raises Conflict."""
    attempt = session.scalars(
        update(UpstreamAttempt)
        .where(
            UpstreamAttempt.state_hash == token_hash(state),
            UpstreamAttempt.browser_hash == token_hash(browser),
            UpstreamAttempt.upstream_id == upstream_id,
            UpstreamAttempt.redeemed_at.is_(None),
            UpstreamAttempt.expires_at > clock.now(),
        )
        .values(redeemed_at=clock.now())
        .returning(UpstreamAttempt)
    ).one_or_none()
    if attempt is None:
        raise way_lost()
    return attempt


def find_next(session: Session, state: str, browser: str) -> str | None:
    """Where a way of this browser was to lead, even a used one."""
    query = select(UpstreamAttempt.next_path).where(
        UpstreamAttempt.state_hash == token_hash(state),
        UpstreamAttempt.browser_hash == token_hash(browser),
    )
    return session.scalar(query)


def arrive(
    session: Session, attempt: UpstreamAttempt, proof: Proof, origin: Origin
) -> SignedIn | Pending | None:
    """Sign in to the account that was joined. None where none was, or where another was that can
    let go: who it is waits in this browser for ``join`` or ``open_account``. Raises Denied (account
    disabled), Conflict or NotFound; or Untrusted where who is signed in wanted to prove it anew and
    the provider did not ask.
    """
    upstream = open_upstream(session, attempt.upstream_id)
    arrival = _arrival(upstream, attempt, proof)
    if attempt.anew and attempt.joining and arrival.authenticated_at < attempt.created_at:
        raise Untrusted(Flaw.NOT_ASKED_ANEW)
    identity = _identity_of(session, upstream.id, proof.subject)
    if identity is None:
        session.add(arrival)
        return None
    if attempt.joining not in (None, identity.account_id):
        # Somebody else's proves nothing of who is signed in, and takes nothing from them.
        if attempt.anew or not may_let_go(session, identity, Assurance(arrival.assurance)):
            raise _taken()
        session.add(arrival)
        return None
    return _sign_in(session, upstream, identity, arrival, origin)


def may_join(session: Session, actor: Actor) -> None:
    """Ask before the browser leaves for the provider. Raises Denied, or StepUpRequired."""
    require(session, actor, UpstreamAction.LINK, own_identities(actor.account_id))


def join(session: Session, actor: Actor, browser: str) -> Door:
    """Join who arrived in this browser to the actor's account, and tell its owner. Another account
    that was joined lets go: who proved both in one sitting is the owner of both.

    Raises Conflict, Denied, or StepUpRequired.
    """
    require(session, actor, UpstreamAction.LINK, own_identities(actor.account_id))
    arrival, upstream = _settle(session, browser)
    if not upstream.linking:
        raise _closed()
    held = _identity_of(session, upstream.id, arrival.subject)
    if held is not None and held.account_id != actor.account_id:
        # Who arrived before it was joined was not told of the other account.
        told = held.linked_at < arrival.created_at
        if not told or not may_let_go(session, held, Assurance(arrival.assurance)):
            raise _taken()
        let_go(session, actor, held)
    identity = _add_identity(session, upstream, arrival, actor.account_id)
    account = session.get_one(Account, actor.account_id)
    notify_owner(session, account, NoticeKind.PROVIDER_JOINED)
    follow_claim(session, upstream, identity, arrival.roles)
    return Door(id=upstream.id, name=upstream.name, icon=Icon(upstream.icon))


def open_account(session: Session, browser: str, origin: Origin) -> SignedIn | Pending:
    """A new account for who arrived in this browser. Raises Conflict or Denied."""
    arrival, upstream = _settle(session, browser)
    if not upstream.just_in_time:
        raise _closed()
    name = arrival.name or upstream.name
    # It has no password: the name is only how administrators find it.
    account = create_account(session, username=f"up-{secrets.token_hex(8)}", display_name=name)
    source = Actor(NOBODY, name=upstream.name, channel="upstream")
    history.note_creation(session, source, ACCOUNT, account, {"display_name": name})
    identity = _add_identity(session, upstream, arrival, account.id)
    return _sign_in(session, upstream, identity, arrival, origin)


def unlink(session: Session, actor: Actor, command: UnlinkIdentity) -> UnlinkIdentity:
    """Part an identity from the actor's account; the roles it gave end, and so do the sessions that
    a provider opened, this one too where it is one.

    Raises NotFound, or Conflict where it is the account's only way in.
    """
    require(session, actor, UpstreamAction.UNLINK, own_identities(actor.account_id))
    identity = session.get(UpstreamIdentity, command.identity_id)
    if identity is None or identity.account_id != actor.account_id:
        raise NotFound()
    if not has_another_way(session, identity):
        raise Conflict("only_way_in", ONLY_WAY)
    part_upstream(session, identity)
    notify_owner(session, session.get_one(Account, actor.account_id), NoticeKind.PROVIDER_PARTED)
    return command


def way_lost() -> Conflict:
    """The refusal of a way that is used, too old, forged, or of another browser."""
    return Conflict(
        "upstream_way_lost",
        N_("这次登录已失效，可能等得太久，或在另一个窗口里登录过。请重新登录。"),
    )


def _settle(session: Session, browser: str) -> tuple[UpstreamArrival, Upstream]:
    """Use the browser's arrival up. Raises Conflict."""
    found = find_arrival(session, browser)
    if found is None:
        raise way_lost()
    settled = session.execute(
        update(UpstreamArrival)
        .where(UpstreamArrival.id == found[0].id, UpstreamArrival.settled_at.is_(None))
        .values(settled_at=clock.now())
        .returning(UpstreamArrival.id)
    )
    if settled.first() is None:
        raise way_lost()
    return found


def _arrival(upstream: Upstream, attempt: UpstreamAttempt, proof: Proof) -> UpstreamArrival:
    now = clock.now()
    return UpstreamArrival(
        browser_hash=attempt.browser_hash,
        upstream_id=upstream.id,
        subject=proof.subject,
        name=_name(proof.profile),
        roles=_texts(proof.profile.get(upstream.role_claim)) if upstream.role_claim else [],
        assurance=_assurance(upstream, proof.claims),
        authenticated_at=_authenticated_at(proof.claims, attempt, now),
        created_at=now,
        expires_at=now + ARRIVAL_LIFETIME,
    )


def _sign_in(
    session: Session,
    upstream: Upstream,
    identity: UpstreamIdentity,
    arrival: UpstreamArrival,
    origin: Origin,
) -> SignedIn | Pending:
    """A session as sure as the provider vouches for; where that is too little for the account, a
    sign-in that waits for a second factor here.
    """
    account = load_account(session, identity.account_id)
    if account.disabled_at is not None:
        raise Denied("account_disabled", N_("这个账号已停用。如有疑问，请联系本单位管理员。"))
    follow_claim(session, upstream, identity, arrival.roles)
    session.execute(
        update(UpstreamIdentity)
        .where(UpstreamIdentity.id == identity.id)
        .values(used_at=clock.now(), name=arrival.name)
    )
    assurance = Assurance(arrival.assurance)
    outcome = begin(session, account, [Method.UPSTREAM], origin, assurance)
    if isinstance(outcome, Pending):
        return outcome
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_hash == token_hash(outcome.token))
        .values(authenticated_at=arrival.authenticated_at)
    )
    return outcome


def _add_identity(
    session: Session, upstream: Upstream, arrival: UpstreamArrival, account_id: UUID
) -> UpstreamIdentity:
    """Raises Conflict where either is joined already; of two at once one wins."""
    now = clock.now()
    row = insert(UpstreamIdentity).values(
        id=new_id(),
        upstream_id=upstream.id,
        subject=arrival.subject,
        account_id=account_id,
        name=arrival.name,
        linked_at=now,
        used_at=now,
    )
    added = row.on_conflict_do_nothing().returning(UpstreamIdentity)
    identity = session.scalars(added).one_or_none()
    if identity is None:
        raise _taken()
    return identity


def _identity_of(session: Session, upstream_id: UUID, subject: str) -> UpstreamIdentity | None:
    query = select(UpstreamIdentity).where(
        UpstreamIdentity.upstream_id == upstream_id, UpstreamIdentity.subject == subject
    )
    # Locked: one who leaves its account meanwhile is not joined to two.
    return session.scalar(query.with_for_update())


def _assurance(upstream: Upstream, claims: Mapping[str, Any]) -> Assurance:
    """What the provider says of how it was sure, in our levels; nothing known is one factor."""
    said = {*_texts(claims.get("acr")), *_texts(claims.get("amr"))}
    if said & set(upstream.phishing_resistant_values):
        return Assurance.PHISHING_RESISTANT
    if said & set(upstream.two_factor_values):
        return Assurance.TWO_FACTORS
    return Assurance.ONE_FACTOR


def _authenticated_at(
    claims: Mapping[str, Any], attempt: UpstreamAttempt, now: datetime
) -> datetime:
    """When the person proved it there: perhaps hours before they came here, and long ago where the
    provider does not say.
    """
    told = claims.get("auth_time")
    if isinstance(told, bool) or not isinstance(told, int | float):
        return NOBODY_KNOWS_WHEN
    # Their clock may be behind ours; what they were asked anew was proved on the way.
    if attempt.anew and told >= attempt.created_at.timestamp() - LEEWAY_SECONDS:
        return now
    return datetime.fromtimestamp(max(0, min(told, now.timestamp())), UTC)


def _name(profile: Mapping[str, Any]) -> str | None:
    told = profile.get("name")
    if not isinstance(told, str):
        return None
    return "".join(letter for letter in told if letter.isprintable())[:LONGEST_NAME].strip() or None


def _texts(told: object) -> Sequence[str]:
    """A claim that is a text or a list of them."""
    texts = told if isinstance(told, list) else [told]
    return [text for text in texts if isinstance(text, str) and text.isprintable()]


def _taken() -> Conflict:
    return Conflict(
        "upstream_taken",
        N_("对方的账号已连接另一个账号，或您的账号已连接对方的另一个账号。请先取消原来的连接。"),
    )


def _closed() -> Denied:
    return Denied(
        "upstream_closed", N_("这个登录来源不允许这样做。请用其他方式登录，或联系本单位管理员。")
    )

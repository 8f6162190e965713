"""Sessions and tokens: opened for who proved who they are, and ended."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.claims import Assurance, Method
from auth.models import Account, Device, RoleGrant, SignInSession, Token, WeChatSession
from auth.queries.grants import in_force
from auth.schemas import NoticeKind, SignedIn
from auth.services.logout import end_sessions
from auth.services.notices import notify_owner
from core import audit, clock
from core.access import Actor, Role
from core.crypto import blind_index, token_hash
from core.errors import Denied, Invalid
from core.ids import new_id
from core.networks import network_of
from core.roles import DUTIES
from core.statements import Statement

# With the idle limit of staff, NIST SP 800-63B, 4.2.3: 12 hours, whatever the activity.
SESSION_LIFETIME = timedelta(hours=12)
LONGEST_USER_AGENT = 300
# How exactly the last use of a session is known.
SEEN_EVERY = timedelta(minutes=5)
# The scope of our own clients; a token without it is no key to our API.
PORTAL_SCOPE = "portal"
SIGN_IN = "auth:sign-in"
# What a new sign-in proves, of a session that goes on.
PROOF = (
    "token_hash", "methods", "assurance", "authenticated_at", "active_role", "address", "channel",
    "user_agent", "last_seen_at", "expires_at",
)  # fmt: skip
# As the account of an event: a name, phone or passkey that nobody has.
UNKNOWN = "unknown"
# Which role a person with several begins in: the one with the most work waiting.
FIRST_ROLES = (*DUTIES, Role.LEADER, Role.MEMBER, Role.REGISTRAR, Role.ANALYST)
SESSION, DEVICE = cast(Table, SignInSession.__table__), cast(Table, Device.__table__)
GRANT = cast(Table, RoleGrant.__table__)
BY_USERNAME = select(Account).where(Account.username == bindparam("username"))
OPEN = Statement(
    insert(SESSION),
    ["id", "token_hash", "account_id", "methods", "assurance", "authenticated_at", "active_role",
     "address", "channel", "user_agent", "created_at", "last_seen_at", "expires_at"],
)  # fmt: skip
ROLES = Statement(
    select(GRANT.c.role).where(
        GRANT.c.account_id == bindparam("account"), in_force(bindparam("now"), GRANT.c)
    )
)
SEEN = (
    insert(DEVICE)
    .values(
        id=bindparam("made"),
        account_id=bindparam("account"),
        token_hash=bindparam("hash"),
        created_at=bindparam("now"),
        last_seen_at=bindparam("now"),
    )
    .on_conflict_do_update(
        index_elements=[DEVICE.c.account_id, DEVICE.c.token_hash],
        set_={"last_seen_at": bindparam("now")},
    )
    .returning(DEVICE.c.id)
    .cte("seen")
)
# What the statement itself has made is not among those that were there before.
SEE_DEVICE = Statement(
    select(
        SEEN.c.id,
        exists()
        .where(DEVICE.c.account_id == bindparam("account"))
        .correlate(None)
        .label("beside_others"),
    )
)
# Whether the account signed in before the session that was ``opened`` just now.
BEFORE = Statement(
    select(
        or_(
            exists().where(DEVICE.c.account_id == bindparam("account")),
            exists().where(
                SESSION.c.account_id == bindparam("account"), SESSION.c.id != bindparam("opened")
            ),
        ).label("before")
    )
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from; ``device`` is the browser's own long-lived random token."""

    address: str
    request_id: str = ""
    channel: str = "web"
    user_agent: str = ""
    device: str = ""

    @property
    def network(self) -> str:
        """What limits by address count by."""
        return network_of(self.address)


def phone_index(phone: str) -> bytes:
    """The blind index by which an account is found from its phone."""
    return blind_index(phone, "phone")


def find_by_username(session: Session, username: str) -> Account | None:
    """The account of that name, whether or not it may sign in."""
    return session.scalar(BY_USERNAME, {"username": username})


def open_session(
    session: Session,
    account: Account,
    methods: Sequence[Method],
    origin: Origin,
    assurance: Assurance = Assurance.ONE_FACTOR,
) -> SignedIn:
    """Begin a session for an account that has just proved who it is; audited."""
    session.flush()  # an account that was made just now
    token = secrets.token_urlsafe(32)
    now = clock.now()
    opened = new_id()
    row = {
        "id": opened,
        "token_hash": token_hash(token),
        "account_id": account.id,
        "methods": [str(method) for method in methods],
        "assurance": int(assurance),
        "authenticated_at": now,
        "active_role": str(_first_role(session, account)),
        "address": origin.address,
        "channel": origin.channel,
        "user_agent": origin.user_agent[:LONGEST_USER_AGENT],
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + SESSION_LIFETIME,
    }
    OPEN.send(session, row)
    _look_at_device(session, account, origin, opened)
    note(session, account.id, SIGN_IN, origin)
    return SignedIn(account_id=account.id, token=token, expires_at=now + SESSION_LIFETIME)


def session_id_of(session: Session, token: str) -> UUID:
    """The id of the session that ``token`` opened."""
    query = select(SignInSession.id).where(SignInSession.token_hash == token_hash(token))
    return session.execute(query).scalar_one()


def replace_session(session: Session, former: str, token: str, origin: Origin) -> None:
    """A browser that was signed in by ``former`` is now by ``token`` (ASVS 7.2.4). The former
    session of somebody else ends. One of the same account goes on under the new token, with the
    new proof: applications that asked for a fresh sign-in keep what they have in it.
    """
    by_token = select(SignInSession).where(SignInSession.ended_at.is_(None)).with_for_update()
    old = session.scalar(by_token.where(SignInSession.token_hash == token_hash(former)))
    new = session.scalar(by_token.where(SignInSession.token_hash == token_hash(token)))
    if old is None or new is None:
        return
    if old.account_id != new.account_id:
        end_sessions(session, SignInSession.id == old.id)
        note(session, old.account_id, "auth:sign-out", origin)
        return
    proof = {name: getattr(new, name) for name in PROOF}
    by = session.scalar(select(WeChatSession.identity_id).where(WeChatSession.session_id == new.id))
    session.execute(delete(WeChatSession).where(WeChatSession.session_id.in_((old.id, new.id))))
    session.delete(new)
    session.flush()
    for name, value in proof.items():
        setattr(old, name, value)
    if by is not None:
        session.add(WeChatSession(session_id=old.id, identity_id=by))


def end_session(session: Session, actor: Actor) -> None:
    """Sign out: the session and the tokens that applications got in it end together, or the tokens
    made at the console, which have no session.
    """
    if actor.session_id is not None:
        end_sessions(session, SignInSession.id == actor.session_id)
    else:
        end_tokens_of(session, actor)
    note(session, actor.account_id, "auth:sign-out", origin_of(actor))


def end_tokens_of(session: Session, actor: Actor, *, own_only: bool = False) -> None:
    """End the tokens of the actor's session; ``own_only`` leaves those of other applications."""
    which = [Token.client_id.is_(None)] if own_only else []
    session.execute(
        update(Token)
        .where(
            Token.account_id == actor.account_id,
            Token.session_id == actor.session_id,
            Token.ended_at.is_(None),
            *which,
        )
        .values(ended_at=clock.now())
    )


def note_use(session: Session, actor: Actor) -> None:
    """Keep that the actor's session is in use; of several requests at once one does."""
    session.execute(
        update(SignInSession)
        .where(
            SignInSession.id == actor.session_id,
            SignInSession.last_seen_at == actor.last_seen_at,
        )
        .values(last_seen_at=clock.now())
    )


def use_is_due(actor: Actor) -> bool:
    """Whether it is long enough ago that the session's use was kept: not every page writes."""
    return actor.last_seen_at is not None and clock.now() - actor.last_seen_at > SEEN_EVERY


def switch_role(session: Session, actor: Actor, role: Role) -> None:
    """Choose which of the actor's roles the shell shows. Raises Denied for one not held."""
    if role not in actor.roles:
        raise Denied()
    session.execute(
        update(SignInSession).where(SignInSession.id == actor.session_id).values(active_role=role)
    )


def issue_token(
    session: Session,
    account_id: UUID,
    *,
    scope: str,
    lifetime: timedelta,
    client_id: str | None = None,
    session_id: UUID | None = None,
) -> str:
    """A new bearer token; only its hash is kept. One of PORTAL_SCOPE without ``session_id`` is the
    console's and meets every demand: whoever signs in has a session.
    """
    token = secrets.token_urlsafe(32)
    session.add(
        Token(
            token_hash=token_hash(token),
            account_id=account_id,
            session_id=session_id,
            client_id=client_id,
            scope=scope,
            expires_at=clock.now() + lifetime,
        )
    )
    return token


def origin_of(actor: Actor) -> Origin:
    """Where the actor asks from."""
    return Origin(actor.address, actor.request_id, actor.channel)


def note(
    session: Session, account_id: UUID, action: str, origin: Origin, *, outcome: str = "allowed"
) -> None:
    """An event of somebody who has no session to be asked about yet, or no longer."""
    audit.note(session, _event(account_id, action, origin, outcome))


def failed(
    refusal: Invalid, account_id: UUID | None, origin: Origin, action: str = SIGN_IN
) -> Invalid:
    """The refusal of a wrong proof, with its event: of the account that was named, or of none.

    One is written either way, so that the answer takes as long.
    """
    refusal.audit_row = _event(account_id, action, origin, "denied")
    return refusal


def _event(account_id: UUID | None, action: str, origin: Origin, outcome: str) -> audit.Row:
    return audit.row(
        account_id,
        action,
        "Account",
        str(account_id or UNKNOWN),
        outcome=outcome,
        channel=origin.channel,
        address=origin.address,
        request_id=origin.request_id,
    )


def _look_at_device(session: Session, account: Account, origin: Origin, opened: UUID) -> None:
    """Know the browser again; a new one beside others is news to the account's owner. So is what
    names none, where the account signed in before: nothing tells it from a stranger's.
    """
    if origin.device:
        made = new_id()
        hashed = token_hash(origin.device)
        given = {"made": made, "account": account.id, "hash": hashed, "now": clock.now()}
        seen = SEE_DEVICE.first(session, given)
        news = seen.beside_others and seen.id == made
    else:
        news = BEFORE.first(session, {"account": account.id, "opened": opened}).before
    if news:
        notify_owner(session, account, NoticeKind.NEW_DEVICE)


def _first_role(session: Session, account: Account) -> Role:
    given = {"account": account.id, "now": clock.now()}
    held = {row.role for row in ROLES.rows(session, given)}
    return next((role for role in FIRST_ROLES if role in held), Role.RESIDENT)

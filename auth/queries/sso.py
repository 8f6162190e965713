"""Applications and what they were given."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.claims import Holder, Method
from auth.models import Account, Client, Consent, SignInSession, Token
from auth.queries.accounts import holder
from auth.queries.actors import actor_of_account
from auth.schemas.sso import AuthorizedApplication, Scope
from core import clock
from core.access import Actor, Resource
from core.crypto import token_hash


@dataclass(frozen=True, slots=True)
class Access:
    """A live access token: whose it is, which application's, and from which sign-in."""

    client: Client
    account: Account
    sign_in: SignInSession
    scopes: frozenset[str]


def find_client(session: Session, client_id: str) -> Client | None:
    """The registered application, unless it is disabled."""
    client = session.get(Client, client_id)
    return client if client and client.disabled_at is None else None


def find_access(session: Session, token: str) -> Access | None:
    """What a token that an application presents stands for; ends with its session."""
    query = (
        select(Client, Account, SignInSession, Token.scope)
        .select_from(Token)
        .join(Client, Client.client_id == Token.client_id)
        .join(Account, Account.id == Token.account_id)
        .join(SignInSession, SignInSession.id == Token.session_id)
        .where(
            Token.token_hash == token_hash(token),
            Token.ended_at.is_(None),
            Token.expires_at > clock.now(),
            SignInSession.ended_at.is_(None),
            Account.disabled_at.is_(None),
            Client.disabled_at.is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    return Access(row[0], row[1], row[2], frozenset(row[3].split())) if row else None


def current_sign_in(session: Session, actor: Actor) -> SignInSession:
    """How and when the actor signed in. Raises NoResultFound for one without a session."""
    return session.get_one(SignInSession, actor.session_id)


def has_consent(session: Session, actor: Actor, client: Client, scopes: Collection[str]) -> bool:
    """Whether the actor lets the application have all of ``scopes``."""
    query = select(Consent.scope).where(
        Consent.account_id == actor.account_id, Consent.client_id == client.client_id
    )
    return set(scopes) <= set(session.scalars(query))


def list_applications(session: Session, actor: Actor) -> list[AuthorizedApplication]:
    """The applications that the actor lets know who they are, by name."""
    query = (
        select(
            Client.client_id,
            Client.name,
            func.array_agg(Consent.scope).label("scopes"),
            func.min(Consent.created_at).label("since"),
        )
        .join(Consent, Consent.client_id == Client.client_id)
        .where(Consent.account_id == actor.account_id)
        .group_by(Client.client_id)
        .order_by(Client.name, Client.client_id)
    )
    return [
        AuthorizedApplication(
            client_id=row.client_id,
            name=row.name,
            scopes=[scope for scope in Scope if scope in row.scopes],
            since=row.since,
        )
        for row in session.execute(query)
    ]


def claims_holder(session: Session, account: Account, sign_in: SignInSession) -> Holder:
    """The account as claims tell of it. The caller has asked the policy."""
    actor = actor_of_account(session, account.id)
    # The name of an account that is neither a proved person's nor a member of staff's is a phone.
    known = account.person_id is not None or account.username is not None
    return Holder(
        account_id=account.id,
        name=account.display_name if known else None,
        phone=account.phone,
        phone_proved=Method.SMS in sign_in.methods,
        roles=actor.roles if actor else (),
    )


def application(client_id: str, actor: Actor) -> Resource:
    """What the actor shares with an application, as the policy sees it."""
    more = {"holder": holder(actor.account_id)}
    return Resource("Application", client_id, actor.person_id, more=more)


def account_of(session: Session, account_id: UUID) -> Account:
    """The row of an account that is signed in."""
    return session.get_one(Account, account_id)

"""People let applications know who they are, and take it back."""

from collections.abc import Collection

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import (
    AuthorizationCode,
    Consent,
    DeviceRequest,
    RefreshFamily,
    SignInSession,
    Token,
)
from auth.queries.sso import application
from auth.schemas.sso import SsoAction
from core import clock
from core.access import Actor, require
from core.errors import NotFound


def give_consent(session: Session, actor: Actor, client_id: str, scopes: Collection[str]) -> None:
    """Remember that the actor lets the application have ``scopes``, besides what it had."""
    require(session, actor, SsoAction.CONSENT, application(client_id, actor))
    rows = [
        {"account_id": actor.account_id, "client_id": client_id, "scope": scope} for scope in scopes
    ]
    session.execute(insert(Consent).on_conflict_do_nothing(), rows)


def withdraw_consent(session: Session, actor: Actor, client_id: str) -> None:
    """Forget the consent and end what the application holds by it. Raises NotFound."""
    require(session, actor, SsoAction.WITHDRAW, application(client_id, actor))
    mine = (Consent.account_id == actor.account_id, Consent.client_id == client_id)
    if not session.execute(delete(Consent).where(*mine).returning(Consent.scope)).all():
        raise NotFound()
    now = clock.now()
    sign_ins = select(SignInSession.id).where(SignInSession.account_id == actor.account_id)
    for asked in (AuthorizationCode, DeviceRequest):
        session.execute(
            update(asked)
            .where(
                asked.client_id == client_id,
                asked.session_id.in_(sign_ins),
                asked.expires_at > now,
            )
            .values(expires_at=now)
        )
    for held in (RefreshFamily, Token):
        session.execute(
            update(held)
            .where(
                held.account_id == actor.account_id,
                held.client_id == client_id,
                held.ended_at.is_(None),
            )
            .values(ended_at=now)
        )

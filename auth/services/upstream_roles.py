"""Roles that a provider's claim gives: they come with the claim and end with it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant, Upstream, UpstreamGrant, UpstreamIdentity
from auth.queries.accounts import SUBJECT, load_account
from auth.queries.upstream import rules_for
from core import clock, history
from core.access import NOBODY, Actor
from core.ids import new_id


def follow_claim(
    session: Session, upstream: Upstream, identity: UpstreamIdentity, values: Sequence[str]
) -> None:
    """Give what ``values`` of the role claim stand for, and end what they stand for no longer.

    A role that somebody gave by hand stays theirs to end, and one that somebody took back theirs
    to give again.
    """
    wanted = {(rule.role, rule.unit): rule for rule in rules_for(session, upstream, values)}
    held = list(session.scalars(_held().where(UpstreamGrant.identity_id == identity.id)))
    end_mapped(session, upstream, [g for g in held if (g.role, g.unit) not in wanted])
    account = load_account(session, identity.account_id)
    kept = {(grant.role, grant.unit) for grant in held} | _withheld(session, identity.account_id)
    for place in wanted.keys() - kept:
        rule = wanted[place]
        if _give(session, identity, rule.role, rule.unit, rule.unit_name):
            _note(session, upstream, account, rule.role, None, rule.unit_name)


def grants_of_identity(session: Session, identity_id: UUID) -> list[RoleGrant]:
    """What an identity gives its account now."""
    return list(session.scalars(_held().where(UpstreamGrant.identity_id == identity_id)))


def grants_of_upstream(session: Session, upstream_id: UUID) -> list[RoleGrant]:
    """What a provider's claims give to all accounts now."""
    query = _held().join(UpstreamIdentity, UpstreamIdentity.id == UpstreamGrant.identity_id)
    return list(session.scalars(query.where(UpstreamIdentity.upstream_id == upstream_id)))


def end_mapped(session: Session, upstream: Upstream, grants: Iterable[RoleGrant]) -> None:
    """End these grants, each with an entry in its account's history."""
    for grant in grants:
        session.execute(
            update(RoleGrant).where(RoleGrant.id == grant.id).values(ended_at=clock.now())
        )
        account = load_account(session, grant.account_id)
        _note(session, upstream, account, grant.role, grant.unit_name, None)


def _withheld(session: Session, account_id: UUID) -> set[tuple[str, str]]:
    """By account, not by identity: parting and joining anew brings nothing back."""
    query = select(RoleGrant.role, RoleGrant.unit).where(
        RoleGrant.account_id == account_id, RoleGrant.withheld
    )
    return {(row.role, row.unit) for row in session.execute(query)}


def _held() -> Select[RoleGrant]:
    return (
        select(RoleGrant)
        .join(UpstreamGrant, UpstreamGrant.grant_id == RoleGrant.id)
        .where(RoleGrant.ended_at.is_(None))
    )


def _give(
    session: Session, identity: UpstreamIdentity, role: str, unit: str, unit_name: str
) -> bool:
    """Whether the role was not held before."""
    row = insert(RoleGrant).values(
        id=new_id(), account_id=identity.account_id, role=role, unit=unit, unit_name=unit_name
    )
    given = session.scalar(row.on_conflict_do_nothing().returning(RoleGrant.id))
    if given is None:
        return False
    session.add(UpstreamGrant(grant_id=given, identity_id=identity.id))
    return True


def _note(
    session: Session,
    upstream: Upstream,
    account: Account,
    role: str,
    before: str | None,
    after: str | None,
) -> None:
    source = Actor(NOBODY, name=upstream.name, channel="upstream")
    history.note(session, source, SUBJECT, account, {f"role_{role}": [before, after]})

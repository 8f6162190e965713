"""Somebody's account at a provider goes from one account of theirs here to another.

Who pressed for a new account where they had one is so brought back to the one they had.
"""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from auth.claims import Assurance, Method
from auth.models import Account, RoleGrant, UpstreamGrant, UpstreamIdentity
from auth.queries.factors import Standing, standing_of
from auth.queries.grants import not_over
from auth.schemas import NoticeKind
from auth.schemas.upstream import UpstreamAction
from auth.services.accounts import end_sign_ins
from auth.services.administration import set_disabled
from auth.services.identities import has_another_way, part_upstream
from auth.services.notices import notify_owner
from auth.services.sign_in import note, origin_of
from core.access import Actor


def may_let_go(session: Session, identity: UpstreamIdentity, assurance: Assurance) -> bool:
    """Whether who proved the identity as surely may take it from its account: they could sign in
    there by it, and nothing would be left behind that nobody can reach.
    """
    standing = standing_of(session, identity.account_id)
    if standing.account.disabled_at is not None or not _opens(standing, assurance):
        return False
    return has_another_way(session, identity) or _holds_nothing(session, identity)


def let_go(session: Session, actor: Actor, identity: UpstreamIdentity) -> None:
    """Part the identity from its account, whose owner ``actor`` is too, for another; audited, and
    its owner is told. An account that is left empty ends. The caller has asked ``may_let_go``.
    """
    account = session.get_one(Account, identity.account_id)
    stays = has_another_way(session, identity)
    part_upstream(session, identity)
    note(session, account.id, UpstreamAction.UNLINK, origin_of(actor))
    if stays:
        notify_owner(session, account, NoticeKind.PROVIDER_PARTED)
        return
    set_disabled(session, actor, account, account.version, disabled=True)
    end_sign_ins(session, account.id)


def _opens(standing: Standing, assurance: Assurance) -> bool:
    return assurance >= Assurance.TWO_FACTORS or standing.step([Method.UPSTREAM]) is None


def _holds_nothing(session: Session, identity: UpstreamIdentity) -> bool:
    """No record of a person, and no role but those that the identity itself gave."""
    by_claim = select(UpstreamGrant.grant_id).where(UpstreamGrant.identity_id == identity.id)
    given = exists().where(
        RoleGrant.account_id == Account.id, not_over(), RoleGrant.id.not_in(by_claim)
    )
    empty = select(Account.id).where(
        Account.id == identity.account_id, Account.person_id.is_(None), ~given
    )
    return session.scalar(empty) is not None

"""The agreement's wording: drafts written, published and thrown away by the region's administrator.

Published versions never change (the database refuses it); a contract keeps which one it has.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from auth.public import prove_again
from core import clock
from core.access import Actor
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from family_doctor.models import AgreementText
from family_doctor.queries.signing import find_text_in_force, require_text_administrator
from family_doctor.schemas import AgreementTextView, WriteAgreementText
from service_packs.public import list_groups

PUBLISHED = N_("这一版已经发布，不能再改。请以它为底稿写新的一版。")
# Two drafts written at once get different numbers.
NUMBERING = text("LOCK TABLE family_doctor_agreement_text IN SHARE ROW EXCLUSIVE MODE")


def wording_for(session: Session, groups: Collection[str]) -> AgreementText:
    """The wording for a new agreement with one of these groups. Raises Conflict ``no_text``."""
    found = find_text_in_force(session, groups, clock.today())
    if found is None:
        raise Conflict("no_text", N_("本地还没有发布签约协议文本，暂时不能受理。"))
    return found


def write_text(
    session: Session, actor: Actor, command: WriteAgreementText, text_id: UUID | None = None
) -> AgreementTextView:
    """Write a new draft, or ``text_id`` anew. Raises Denied, NotFound, Invalid ``unknown_group``,
    Conflict ``text_published``.
    """
    require_text_administrator(session, actor)
    groups = {group.code for group in list_groups(session)}
    if command.group_code is not None and command.group_code not in groups:
        sentence = N_("没有这个人群，请从列表里选择。")
        raise Invalid("unknown_group", sentence, fields={"group_code": sentence})
    if text_id is None:
        return _new_draft(session, actor, command)
    values = command.model_dump(exclude={"group_code"})
    return _change_draft(session, text_id, **values)


def publish_text(session: Session, actor: Actor, text_id: UUID) -> AgreementTextView:
    """Publish a draft: agreements are written by it from its first day on. Once published, again is
    no mistake. Raises Denied, StepUpRequired, NotFound, Conflict ``day_past``.
    """
    require_text_administrator(session, actor)
    prove_again(session, actor)
    row = session.get(AgreementText, text_id)
    if row is None:
        raise NotFound()
    if row.published_at is not None:
        return AgreementTextView.model_validate(row)
    if row.valid_from < clock.today():
        raise Conflict("day_past", N_("生效日期已经过去，请改成今天或以后的日期再发布。"))
    return _change_draft(
        session,
        text_id,
        published_at=clock.now(),
        published_by=actor.account_id,
        published_by_name=actor.name,
    )


def discard_text(session: Session, actor: Actor, text_id: UUID) -> AgreementTextView:
    """Throw a draft away. Raises Denied, NotFound, Conflict ``text_published``."""
    require_text_administrator(session, actor)
    row = session.get(AgreementText, text_id)
    if row is None:
        raise NotFound()
    gone = session.execute(
        delete(AgreementText)
        .where(AgreementText.id == text_id, AgreementText.published_at.is_(None))
        .returning(AgreementText.id)
    ).first()
    if gone is None:
        raise Conflict("text_published", PUBLISHED)
    return AgreementTextView.model_validate(row)


def _new_draft(session: Session, actor: Actor, command: WriteAgreementText) -> AgreementTextView:
    session.execute(NUMBERING)
    last = select(func.max(AgreementText.version)).where(
        AgreementText.group_code.is_not_distinct_from(command.group_code)
    )
    draft = AgreementText(
        id=new_id(),
        version=(session.scalar(last) or 0) + 1,
        created_by=actor.account_id,
        **command.model_dump(),
    )
    session.add(draft)
    session.flush()
    return AgreementTextView.model_validate(draft)


def _change_draft(session: Session, text_id: UUID, **values: object) -> AgreementTextView:
    changed = session.scalars(
        update(AgreementText)
        .where(AgreementText.id == text_id, AgreementText.published_at.is_(None))
        .values(**values)
        .returning(AgreementText),
        execution_options={"populate_existing": True, "synchronize_session": False},
    ).one_or_none()
    if changed is not None:
        return AgreementTextView.model_validate(changed)
    if session.get(AgreementText, text_id) is None:
        raise NotFound()
    raise Conflict("text_published", PUBLISHED)

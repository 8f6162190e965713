"""Writes that are safe to retry: the same key and body get the stored answer."""

import hashlib
from collections.abc import Callable
from typing import TypeVar, cast
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.errors import Conflict, Invalid
from core.messages import N_
from core.models import StoredAnswer

LONGEST_KEY = 200
# Built once: every write passes here, and building them would cost more than they do.
STORED = cast(Table, StoredAnswer.__table__)
THIS = (STORED.c.account_id == bindparam("account"), STORED.c.key == bindparam("its_key"))
CLAIM = insert(STORED).on_conflict_do_nothing().returning(STORED.c.key)
FIND = select(STORED.c.fingerprint, STORED.c.answer).where(*THIS)
KEEP = update(STORED).where(*THIS).values(answer=bindparam("given"))
M = TypeVar("M", bound=BaseModel)


def run_once(
    session: Session,
    account_id: UUID,
    key: str,
    request: bytes,
    answer_type: type[M],
    work: Callable[[], M],
) -> M:
    """Do ``work`` once for this account and key, and give its answer to every retry.

    The key is claimed by an INSERT in the caller's transaction: a concurrent retry waits for it,
    and a refusal rolls the claim back so that a later try starts afresh.
    Raises Conflict ``idempotency_mismatch`` where the key was used for another request.
    """
    if len(key) > LONGEST_KEY:
        raise Invalid("idempotency_key_too_long", N_("重试标识过长，请控制在 200 个字符以内。"))
    fingerprint = hashlib.sha256(request).digest()
    claim = {"account_id": account_id, "key": key, "fingerprint": fingerprint}
    mine = session.execute(CLAIM, {**claim, "answer": None, "created_at": clock.now()}).first()
    this = {"account": account_id, "its_key": key}
    if mine is None:
        stored = session.execute(FIND, this).one()
        if stored.fingerprint != fingerprint:
            raise Conflict(
                "idempotency_mismatch", N_("这个重试标识已用于另一项内容，请换一个再提交。")
            )
        return answer_type.model_validate_json(stored.answer)
    answer = work()
    session.execute(KEEP, {**this, "given": answer.model_dump_json()})
    return answer

"""core: the answers kept for retries are encrypted."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.crypto import decrypt, encrypt

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CONTEXT = "core_stored_answer.answer"
SEALED = sa.Column("sealed", sa.LargeBinary(), nullable=True)
OPEN = sa.Column("opened", JSONB(astext_type=sa.Text()), nullable=True)


def upgrade() -> None:
    """Apply."""
    _rewrite(SEALED, lambda answer: encrypt(json.dumps(answer), CONTEXT))


def downgrade() -> None:
    """Undo."""
    _rewrite(OPEN, lambda answer: json.loads(decrypt(bytes(answer), CONTEXT)))


def _rewrite(column: sa.Column[Any], convert: Callable[[Any], object]) -> None:
    """Put ``column`` in the place of ``answer``, with every answer converted."""
    op.add_column("core_stored_answer", column)
    table = sa.Table("core_stored_answer", sa.MetaData(), autoload_with=op.get_bind())
    kept = sa.select(table.c.account_id, table.c.key, table.c.answer)
    change = (
        sa.update(table)
        .where(table.c.account_id == sa.bindparam("whose"), table.c.key == sa.bindparam("which"))
        .values({column.name: sa.bindparam("converted")})
    )
    rows = [
        {"whose": row.account_id, "which": row.key, "converted": convert(row.answer)}
        for row in op.get_bind().execute(kept.where(table.c.answer.is_not(None)))
    ]
    if rows:
        op.get_bind().execute(change, rows)
    op.drop_column("core_stored_answer", "answer")
    op.alter_column("core_stored_answer", column.name, new_column_name="answer")

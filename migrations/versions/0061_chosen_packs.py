"""Personalised packs chosen with a contract, and as they stand in its agreement."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

CONTRACT, PRESENCE = "family_doctor_contract", "family_doctor_presence"


def upgrade() -> None:
    """Apply. Contracts from before chose none."""
    for table in (CONTRACT, PRESENCE):
        chosen = sa.Column(
            "extra_codes", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False
        )
        op.add_column(table, chosen)
        op.add_column(table, sa.Column("agreement_extras", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    """Undo. The texts still name what was chosen."""
    for table in (CONTRACT, PRESENCE):
        op.drop_column(table, "agreement_extras")
        op.drop_column(table, "extra_codes")

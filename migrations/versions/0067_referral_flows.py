"""Referrals between institutions as their events leave them, and what is shown of each institution."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

FLOW, HOUSE = "gov_stats_referral_flow", "gov_stats_house"
PERIOD = "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'"


def upgrade() -> None:
    """Apply. The months before are counted by ``flask statistics referrals --year``."""
    op.create_table(
        FLOW,
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("from_institution_id", sa.Uuid(), nullable=False),
        sa.Column("to_institution_id", sa.Uuid(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("direction", "from_division", "to_division")
        ),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("sent", "accepted", "declined", "lapsed", "completed")
        ),
        sa.Column("minutes", sa.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint(PERIOD, name=op.f(f"ck_{FLOW}_period")),
        *(
            sa.ForeignKeyConstraint(
                [name], ["directory_institution.id"], name=op.f(f"fk_{FLOW}_{name}")
            )
            for name in ("from_institution_id", "to_institution_id")
        ),
        sa.PrimaryKeyConstraint(
            "period",
            "from_institution_id",
            "to_institution_id",
            "direction",
            "from_division",
            "to_division",
            name=op.f(f"pk_{FLOW}"),
        ),
    )
    op.create_table(
        HOUSE,
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=True)
            for name in ("sent", "sent_up", "sent_down", "received", "in_time", "completed")
        ),
        sa.Column("median_hours", sa.Numeric(8, 1), nullable=True),
        sa.CheckConstraint(PERIOD, name=op.f(f"ck_{HOUSE}_period")),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f(f"fk_{HOUSE}_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["division_code"], ["directory_division.code"], name=op.f(f"fk_{HOUSE}_division_code")
        ),
        sa.PrimaryKeyConstraint(
            "institution_id", "period", "division_code", name=op.f(f"pk_{HOUSE}")
        ),
    )
    op.create_index(f"ix_{HOUSE}_period", HOUSE, ["period", "division_code"])


def downgrade() -> None:
    """Undo. All of it can be counted again."""
    op.drop_table(HOUSE)
    op.drop_table(FLOW)

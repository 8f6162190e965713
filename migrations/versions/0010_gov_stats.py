"""gov_stats."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "gov_stats_indicator",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("analysis", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("formula_en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_en", sa.Text(), nullable=False),
        sa.Column("scale", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("yardstick", sa.Numeric(precision=20, scale=4), nullable=True),
        sa.Column("yardstick_year", sa.SmallInteger(), nullable=True),
        sa.Column("yardstick_estimate", sa.Boolean(), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_gov_stats_indicator")),
    )
    op.create_table(
        "gov_stats_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sources", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unplaced", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_gov_stats_run_period")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gov_stats_run")),
    )
    op.create_index(
        "ix_gov_stats_run_period", "gov_stats_run", ["period", "started_at"], unique=False
    )
    op.create_table(
        "gov_stats_value",
        sa.Column("indicator_code", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=True),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("suppressed", sa.Boolean(), nullable=False),
        sa.Column("denominator_suppressed", sa.Boolean(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_gov_stats_value_period")
        ),
        sa.CheckConstraint(
            "NOT denominator_suppressed OR (suppressed AND denominator IS NULL)",
            name=op.f("ck_gov_stats_value_denominator_suppressed"),
        ),
        sa.CheckConstraint(
            "NOT suppressed OR (numerator IS NULL AND value IS NULL)",
            name=op.f("ck_gov_stats_value_suppressed"),
        ),
        sa.ForeignKeyConstraint(
            ["division_code"],
            ["directory_division.code"],
            name=op.f("fk_gov_stats_value_division_code"),
        ),
        sa.ForeignKeyConstraint(
            ["indicator_code"],
            ["gov_stats_indicator.code"],
            name=op.f("fk_gov_stats_value_indicator_code"),
        ),
        sa.PrimaryKeyConstraint(
            "indicator_code", "division_code", "period", name=op.f("pk_gov_stats_value")
        ),
    )
    op.create_index("ix_gov_stats_value_period", "gov_stats_value", ["period"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_gov_stats_value_period", table_name="gov_stats_value")
    op.drop_table("gov_stats_value")
    op.drop_index("ix_gov_stats_run_period", table_name="gov_stats_run")
    op.drop_table("gov_stats_run")
    op.drop_table("gov_stats_indicator")

"""How satisfied residents are with what they confirmed, and a figure of the reports that counts it."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

RATING, ROWS = "service_packs_rating", "family_doctor_report_rows"
CODES = (
    "answered", "confirmed", "disputed", "disputes_answered", "due", "emergencies", "ended",
    "follow_ups", "in_time", "kept", "kept_confirmed", "late", "renewed", "services", "signed",
)  # fmt: skip


def _codes(*codes: str) -> None:
    listed = ", ".join(f"'{code}'" for code in sorted(codes))
    op.drop_constraint(op.f(f"ck_{ROWS}_code"), ROWS)
    op.create_check_constraint(op.f(f"ck_{ROWS}_code"), ROWS, f"code IN ({listed})")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        RATING,
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f(f"ck_{RATING}_stars")),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["service_packs_service_record.id"],
            name=op.f(f"fk_{RATING}_record_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f(f"fk_{RATING}_team_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["directory_staff.id"], name=op.f(f"fk_{RATING}_staff_id")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f(f"pk_{RATING}")),
    )
    op.create_index(f"ix_{RATING}_team_id", RATING, ["team_id", "rated_at"])
    _codes(*CODES, "rated")


def downgrade() -> None:
    """Undo. Reports keep their figures, but not the rows behind this one."""
    op.execute("DELETE FROM family_doctor_report_rows WHERE code = 'rated'")
    _codes(*CODES)
    op.drop_table(RATING)
